import Causality
import Codec
import Merge

/// When the desk is there: hours by day of the week in a time zone, and days on which it is closed.
public struct BusinessHours: Sendable, Hashable {
  /// For each day from Monday on, from and to in minutes behind midnight, in order. Days that are missing are closed; what lies
  /// outside of a day, and an eighth day, does not count.
  public let week: [[Range<Int>]]
  /// Days on which nobody is there, since 1970.
  public let closed: Set<Int>
  /// The time zone in which they are meant.
  public let zone: TimeZoneRule
  /// What the zone is called.
  public let zoneName: String

  /// Monday to Friday from 8 to 18, UTC.
  public static let standard = BusinessHours(
    week: Array(repeating: [480..<1080], count: 5) + [[], []], closed: [], zone: .utc, zoneName: "UTC")

  /// Hours of a week: for each day from Monday the ranges in minutes since midnight; and closed days since 1970.
  public init(week: [[Range<Int>]], closed: Set<Int>, zone: TimeZoneRule, zoneName: String) {
    self.week = week
    self.closed = closed
    self.zone = zone
    self.zoneName = zoneName
  }

  /// The days of dates with years of four digits, since 1970.
  private static let days = 0..<Int(HybridTime.maximumMilliseconds / 86_400_000) + 1

  /// Why these hours cannot be a setting that every device reads; nil where they can.
  var obstacle: String? {
    guard week.count == 7 else { return "hours are those of seven days from Monday on, not of \(week.count)" }
    for spans in week {
      var last = 0
      for span in spans {
        guard last <= span.lowerBound, !span.isEmpty, span.upperBound <= 1440 else {
          return "the hours of a day lie between 0 and 1440 minutes behind midnight, in order and apart"
        }
        last = span.upperBound
      }
    }
    guard closed.allSatisfy(Self.days.contains) else {
      return "a closed day is a number of days since 1970-01-01, up to 9999-12-31"
    }
    return nil
  }

  /// Reads the setting; nil where it is not as it should be.
  init?(_ value: JSONText) {
    guard let days = value["week"]?.elements, days.count == 7,
      let zone = TimeZoneRule(value["rule"]?.string ?? "UTC0")
    else { return nil }
    var week: [[Range<Int>]] = []
    for day in days {
      guard let texts = day.elements, let spans = Self.spans(texts.compactMap(\.string)) else { return nil }
      week.append(spans)
    }
    let closed = (value["closed"]?.elements ?? []).compactMap { $0.string.flatMap(Self.day) }
    self.init(
      week: week, closed: Set(closed), zone: zone, zoneName: value["zone"]?.string ?? zone.text)
  }

  /// Parses `08:00-12:00`, in order and apart; nil where they are not.
  public static func spans(_ texts: [String]) -> [Range<Int>]? {
    var spans: [Range<Int>] = []
    for text in texts {
      let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(minutes)
      guard ends.count == 2, let start = ends[0], let end = ends[1], start < end,
        spans.last.map({ $0.upperBound <= start }) ?? true
      else { return nil }
      spans.append(start..<end)
    }
    return spans
  }

  /// `08:30` in minutes behind midnight; `24:00` is the end of the day.
  private static func minutes(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hour = Int(parts[0]),
      let minute = Int(parts[1]), 0..<60 ~= minute, 0...24 ~= hour, hour < 24 || minute == 0
    else { return nil }
    return hour * 60 + minute
  }

  /// `2026-12-24` as a day since 1970; nil where there is none of that name.
  public static func day(_ text: String) -> Int? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, text.count == 10, let year = parts[0], let month = parts[1], let day = parts[2],
      1970...9999 ~= year, 1...12 ~= month, 1...31 ~= day
    else { return nil }
    let number = CivilDate.day(year: year, month: month, day: day)
    return CivilDate.date(ofDay: number) == (year, month, day) ? number : nil
  }

  private static func text(_ minutes: Int) -> String {
    let (hour, minute) = (minutes / 60, minutes % 60)
    return (hour < 10 ? "0" : "") + "\(hour):" + (minute < 10 ? "0" : "") + "\(minute)"
  }

  /// A day's hours as the setting has them.
  public static func texts(_ spans: [Range<Int>]) -> [String] {
    spans.map { "\(text($0.lowerBound))-\(text($0.upperBound))" }
  }

  /// The setting.
  public var value: JSONText {
    let days = closed.filter(Self.days.contains).sorted().map { number -> JSONText in
      let (year, month, day) = CivilDate.date(ofDay: number)
      return JSONText("\(year)-" + (month < 10 ? "0" : "") + "\(month)-" + (day < 10 ? "0" : "") + "\(day)")
    }
    return JSONText(object: [
      ("zone", JSONText(zoneName)), ("rule", JSONText(zone.text)),
      (
        "week",
        JSONText(array: week.map { spans in JSONText(array: Self.texts(spans).map { JSONText($0) }) })
      ),
      ("closed", JSONText(array: days)),
    ])
  }

  /// The business time between two times, in milliseconds; 0 where the second is not later. What lies more than ten years (3,660
  /// days) behind the first is not counted.
  ///
  /// Cost: per day between them.
  public func between(_ start: UInt64, _ end: UInt64) -> UInt64 {
    guard start < end else { return 0 }
    var sum: UInt64 = 0
    eachSpan(from: start) { from, to in
      if from >= end { return false }
      sum += min(to, end) - max(from, start)
      return true
    }
    return sum
  }

  /// The time by which so much business time has gone by; nil where the desk is never there, and where that takes more than ten
  /// years (3,660 days).
  ///
  /// Cost: per day until then.
  public func time(_ length: UInt64, after start: UInt64) -> UInt64? {
    var left = length
    var found: UInt64?
    eachSpan(from: start) { from, to in
      let begin = max(from, start)
      if to - begin >= left {
        found = begin + left
        return false
      }
      left -= to - begin
      return true
    }
    return found
  }

  /// Calls `visit` with the hours that end behind a time, in milliseconds since 1970, until it says no; at most ten years.
  private func eachSpan(from start: UInt64, _ visit: (UInt64, UInt64) -> Bool) {
    // No change counts as made later.
    guard start <= HybridTime.maximumMilliseconds, week.contains(where: { !$0.isEmpty }) else { return }
    let seconds = Int(start / 1000)
    let local = seconds + zone.offset(at: seconds)
    let first = local >= 0 ? local / 86_400 : 0
    for day in first..<first + 3660 where !closed.contains(day) {
      let weekday = (CivilDate.weekday(day) + 6) % 7
      for span in week.indices.contains(weekday) ? week[weekday] : [] {
        let span = span.clamped(to: 0..<1440)
        let from = zone.time(day: day, secondOfDay: span.lowerBound * 60)
        let to = zone.time(day: day, secondOfDay: span.upperBound * 60)
        guard from >= 0, to > from, UInt64(to) * 1000 > start else { continue }
        if !visit(UInt64(from) * 1000, UInt64(to) * 1000) { return }
      }
    }
  }
}
