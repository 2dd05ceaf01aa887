import Causality

/// A time zone as a POSIX TZ rule, `CET-1CEST,M3.5.0,M10.5.0/3`: what the workspace keeps, so that every device reckons the
/// same hours, whatever tables of time zones it has.
///
/// Understood is what the footers of TZif files hold for zones of today (IEEE Std 1003.1, section 8.3; RFC 8536, section
/// 3.3): a name and offset, and for summer time its name, offset and two rules of the form `Mm.w.d/time` or `Jn/time`.
public struct TimeZoneRule: Sendable, Hashable {
  /// A day and time of the year at which the offset changes.
  struct Turn: Sendable, Hashable {
    enum Day: Sendable, Hashable {
      /// The w-th (5: last) weekday d (0: Sunday) of month m.
      case week(month: Int, week: Int, day: Int)
      /// The n-th day of the year, February 29 never counted.
      case ordinal(Int)
    }

    let day: Day
    /// Seconds behind midnight by the clock before the turn.
    let time: Int
  }

  /// The POSIX TZ rule, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
  public let text: String
  /// Seconds that the clock is ahead of UTC.
  let standard: Int
  let summer: Int
  /// When summer time begins and ends; nil where there is none.
  let turns: (begin: Turn, end: Turn)?

  /// Universal time.
  public static let utc = TimeZoneRule(text: "UTC0", standard: 0, summer: 0, turns: nil)

  private init(text: String, standard: Int, summer: Int, turns: (begin: Turn, end: Turn)?) {
    self.text = text
    self.standard = standard
    self.summer = summer
    self.turns = turns
  }

  /// Parses a rule; nil where it is none.
  public init?(_ text: String) {
    var scanner = Scanner(text)
    guard scanner.name(), let west = scanner.offset() else { return nil }
    standard = -west
    self.text = text
    guard !scanner.isAtEnd else {
      summer = standard
      turns = nil
      return
    }
    guard scanner.name() else { return nil }
    var ahead = standard + 3600
    if scanner.peek != ",", !scanner.isAtEnd {
      guard let west = scanner.offset() else { return nil }
      ahead = -west
    }
    summer = ahead
    guard let begin = scanner.turn(), let end = scanner.turn(), scanner.isAtEnd else { return nil }
    turns = (begin, end)
  }

  /// Rules are equal that are written alike.
  public static func == (left: TimeZoneRule, right: TimeZoneRule) -> Bool { left.text == right.text }
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }

  /// How many seconds the clock is ahead of UTC at a time. Cost: some arithmetic.
  ///
  /// - Parameter seconds: since 1970, UTC; beyond the year 9999 what counts then.
  public func offset(at seconds: Int) -> Int {
    guard let turns else { return standard }
    let last = Int(HybridTime.maximumMilliseconds / 1000) + 20 * 366 * 86_400
    let seconds = min(max(seconds, -last), last)
    let year = CivilDate.date(ofDay: Self.day(seconds + standard)).year
    let begin = Self.moment(turns.begin, year) - standard
    let end = Self.moment(turns.end, year) - summer
    // South of the equator summer time goes over the turn of the year.
    let isSummer = begin < end ? begin <= seconds && seconds < end : !(end <= seconds && seconds < begin)
    return isSummer ? summer : standard
  }

  /// The time, seconds since 1970 UTC, at which a clock there shows a day's time; where it shows it twice, the first;
  /// where never, the time behind the gap.
  func time(day: Int, secondOfDay: Int) -> Int {
    let local = day * 86_400 + secondOfDay
    let guess = local - offset(at: local - max(standard, summer))
    return local - offset(at: guess) == guess ? guess : local - min(standard, summer)
  }

  private static func day(_ seconds: Int) -> Int {
    seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
  }

  /// When a turn is in a year, seconds since 1970 by the clock before the turn.
  private static func moment(_ turn: Turn, _ year: Int) -> Int {
    switch turn.day {
    case .ordinal(let number):
      let isLate = number >= 60 && CivilDate.isLeap(year)
      return (CivilDate.day(year: year, month: 1, day: 1) + number - 1 + (isLate ? 1 : 0)) * 86_400
        + turn.time
    case .week(let month, let week, let day):
      let first = CivilDate.day(year: year, month: month, day: 1)
      var found = first + (day - CivilDate.weekday(first) + 7) % 7 + (week - 1) * 7
      let next =
        month == 12
        ? CivilDate.day(year: year + 1, month: 1, day: 1)
        : CivilDate.day(year: year, month: month + 1, day: 1)
      while found >= next { found -= 7 }
      return found * 86_400 + turn.time
    }
  }

  private struct Scanner {
    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    var isAtEnd: Bool { rest.isEmpty }
    var peek: Character? { rest.first }

    /// A zone's name: three or more letters, or anything in angle brackets.
    mutating func name() -> Bool {
      if rest.first == "<" {
        guard let end = rest.firstIndex(of: ">") else { return false }
        rest = rest[rest.index(after: end)...]
        return true
      }
      let letters = rest.prefix(while: \.isLetter)
      rest = rest.dropFirst(letters.count)
      return letters.count >= 3
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func offset() -> Int? {
      var sign = 1
      if let first = rest.first, first == "-" || first == "+" {
        sign = first == "-" ? -1 : 1
        rest.removeFirst()
      }
      guard let hours = number(), hours <= 167 else { return nil }
      var seconds = hours * 3600
      for unit in [60, 1] where rest.first == ":" {
        rest.removeFirst()
        guard let part = number(), part < 60 else { return nil }
        seconds += part * unit
      }
      return sign * seconds
    }

    mutating func turn() -> Turn? {
      guard rest.popFirst() == ",", let first = rest.first else { return nil }
      let day: Turn.Day
      if first == "M" {
        rest.removeFirst()
        guard let month = number(), 1...12 ~= month, rest.popFirst() == ".", let week = number(),
          1...5 ~= week,
          rest.popFirst() == ".", let weekday = number(), 0...6 ~= weekday
        else { return nil }
        day = .week(month: month, week: week, day: weekday)
      } else {
        guard rest.popFirst() == "J", let number = number(), 1...365 ~= number else { return nil }
        day = .ordinal(number)
      }
      guard rest.first == "/" else { return Turn(day: day, time: 7200) }
      rest.removeFirst()
      return offset().map { Turn(day: day, time: $0) }
    }

    private mutating func number() -> Int? {
      let digits = rest.prefix { "0"..."9" ~= $0 }
      rest = rest.dropFirst(digits.count)
      return digits.count <= 3 ? Int(digits) : nil
    }
  }
}
