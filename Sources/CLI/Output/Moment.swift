import Causality
import Codec
import Glibc
import ServiceDesk

/// Times as a person reads them. JSON has them as `HybridTime` writes them.
package enum Moment {
  /// `2026-11-21 18:21` in the device's time zone.
  package static func local(_ time: HybridTime) -> String { local(time.milliseconds) }

  package static func local(_ milliseconds: UInt64) -> String {
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return "" }
    func pad(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)-\(pad(parts.tm_mon + 1))-\(pad(parts.tm_mday)) "
      + "\(pad(parts.tm_hour)):\(pad(parts.tm_min))"
  }

  /// A value that is a time in the device's time zone; any other as it is.
  static func local(_ value: JSONText) -> String {
    value.string.flatMap { HybridTime($0) }.map { local($0) } ?? value.told
  }

  /// How long ago: `3 minutes ago`; `in 2 days` for what lies ahead.
  package static func ago(_ milliseconds: UInt64, now: UInt64) -> String {
    milliseconds > now + 60_000
      ? "in \(span(milliseconds - now))"
      : now < milliseconds + 10_000 ? "just now" : "\(span(now - milliseconds)) ago"
  }

  /// A length of time in its largest whole unit: `3 minutes`.
  package static func span(_ milliseconds: UInt64) -> String {
    let (count, unit) = Phrase.measure(milliseconds)
    return Words.count(count, unit)
  }
}

/// Numbers with their words.
package enum Words {
  /// `1 change`, `1,234 changes`.
  package static func count(_ number: Int, _ word: String, _ plural: String? = nil) -> String {
    "\(grouped(number)) \(number == 1 ? word : plural ?? word + "s")"
  }

  /// `1,234,567`.
  package static func grouped(_ number: Int) -> String {
    var digits = String(number.magnitude)
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits = String(digits.dropLast(3))
    }
    return (number < 0 ? "-" : "") + ([digits[...]] + groups).joined(separator: ",")
  }

  /// `17 bytes`, `1.2 kB`, `3.4 MB`: powers of ten.
  package static func bytes(_ count: Int) -> String {
    guard count >= 1000 else { return self.count(count, "byte") }
    var value = Double(count)
    var unit = 0
    while value >= 999.95, unit < 4 {
      value /= 1000
      unit += 1
    }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(["bytes", "kB", "MB", "GB", "TB"][unit])"
  }
}

extension Moment {
  /// A length of time as a person types it, `30m`, `2h`, `3d`, `2w`, in milliseconds; nil for anything else.
  package static func length(_ text: String) -> UInt64? {
    let units: [Character: UInt64] = ["m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000]
    guard let unit = text.last.flatMap({ units[$0] }), let count = UInt64(text.dropLast()), count < 100_000
    else { return nil }
    return count * unit
  }

  /// A time as a person types it: `2026-11-21`, `2026-11-21 14:05`, `2026-11-21T14:05:00.000Z`, or how long ago:
  /// `30m`, `2h`, `3d`, `2w`. Days and times without a `Z` are the device's.
  ///
  /// - Parameters:
  ///   - now: milliseconds since 1970.
  ///   - isAhead: whether a time to come is wanted, so that who mistypes it is not told of lengths of time that go back.
  package static func parse(
    _ text: String, now: UInt64, isAhead: Bool = false
  ) throws(Failure) -> UInt64 {
    if let time = HybridTime(text) { return time.milliseconds }
    if let length = length(text) { return now > length ? now - length : 0 }
    let parts = text.split { $0 == "-" || $0 == " " || $0 == "T" || $0 == ":" }.map { Int32($0) }
    let shape = text.map { $0.isASCII && $0.isNumber ? "0" : $0 == "T" ? " " : $0 }
    let numbers = parts.compactMap(\.self)
    guard numbers.count == parts.count, ["0000-00-00", "0000-00-00 00:00"].contains(String(shape)),
      1970...9999 ~= numbers[0], 1...12 ~= numbers[1],
      1...CivilDate.days(inMonth: Int(numbers[1]), ofYear: Int(numbers[0])) ~= Int(numbers[2]),
      numbers.count == 3 || 0..<24 ~= numbers[3] && 0..<60 ~= numbers[4]
    else {
      throw .usage(
        "'\(text)' is no time; write 2026-11-21, '2026-11-21 14:05' or how long \(isAhead ? "from now" : "ago"), such as 3d or 2h"
      )
    }
    var day = tm()
    day.tm_year = numbers[0] - 1900
    day.tm_mon = numbers[1] - 1
    day.tm_mday = numbers[2]
    if numbers.count == 5 { (day.tm_hour, day.tm_min) = (numbers[3], numbers[4]) }
    day.tm_isdst = -1
    return UInt64(max(0, mktime(&day))) * 1000
  }
}

extension Moment {
  /// A time to come as a person types it: as `parse` takes it, a length of time counting from now on.
  static func end(_ text: String, now: UInt64) throws(Failure) -> UInt64 {
    if let length = length(text) { return now + length }
    return try parse(text, now: now, isAhead: true)
  }

  /// A time until which something goes, as a person types it: as `end`, and a day alone means its end, so that what is
  /// to be done today is not late all day.
  package static func due(_ text: String, now: UInt64) throws(Failure) -> UInt64 {
    guard length(text) == nil else { return try end(text, now: now) }
    return try until(text, now: now, isAhead: true)
  }

  /// The end of a stretch of time as a person types it: as `parse`, and a day alone means its end.
  package static func until(
    _ text: String, now: UInt64, isAhead: Bool = false
  ) throws(Failure) -> UInt64 {
    let start = try parse(text, now: now, isAhead: isAhead)
    let isDay = text.utf8.count == 10 && length(text) == nil
    return try isDay ? parse(text + " 23:59", now: now) + 59_999 : start
  }
}
