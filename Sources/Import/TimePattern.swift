import Causality

/// How a column writes times. Times without an offset are taken as UTC.
///
/// - `iso`: `2016-02-29`, `2016-02-29T01:16`, `2016-02-29 01:16:05.250`, with or without `Z` or `+02:00`.
/// - `epoch`, `epoch-ms`: seconds (a fraction may follow) or milliseconds since 1970.
/// - A pattern of the letters below; everything else stands for itself: `d/M/yyyy HH:mm`.
///
/// | letters | meaning |
/// |---|---|
/// | `yyyy` | year |
/// | `M` `d` `H` `h` | month, day, hour of 24, hour of 12: one or two digits |
/// | `MM` `dd` `HH` `hh` `mm` `ss` | exactly two digits; `mm` minutes, `ss` seconds |
/// | `S` `SS` `SSS` | tenths, hundredths, thousandths of a second |
/// | `a` | `AM` or `PM`, in upper or lower case |
package struct TimePattern: Hashable, Sendable, CustomStringConvertible {
  private enum Part: Hashable {
    case literal(UInt8)
    case year
    case month(exact: Bool)
    case day(exact: Bool)
    case hour(exact: Bool)
    case halfDayHour(exact: Bool)
    case minute
    case second
    case fraction(digits: Int)
    case halfDay
  }

  private enum Form: Hashable {
    case iso
    case epoch(milliseconds: Bool)
    case parts([Part])
  }

  private let form: Form
  package let description: String

  /// nil where the text is no pattern or names no day.
  package init?(_ text: String) {
    description = text
    switch text {
    case "iso": form = .iso
    case "epoch": form = .epoch(milliseconds: false)
    case "epoch-ms": form = .epoch(milliseconds: true)
    default:
      guard let parts = Self.parts(Array(text.utf8)), parts.contains(.year) else { return nil }
      form = .parts(parts)
    }
  }

  private static func parts(_ text: [UInt8]) -> [Part]? {
    var parts: [Part] = []
    var index = 0
    while index < text.count {
      let letter = text[index]
      let count = text[index...].prefix { $0 == letter }.count
      switch (letter, count) {
      case (UInt8(ascii: "y"), 4): parts.append(.year)
      case (UInt8(ascii: "M"), 1...2): parts.append(.month(exact: count == 2))
      case (UInt8(ascii: "d"), 1...2): parts.append(.day(exact: count == 2))
      case (UInt8(ascii: "H"), 1...2): parts.append(.hour(exact: count == 2))
      case (UInt8(ascii: "h"), 1...2): parts.append(.halfDayHour(exact: count == 2))
      case (UInt8(ascii: "m"), 2): parts.append(.minute)
      case (UInt8(ascii: "s"), 2): parts.append(.second)
      case (UInt8(ascii: "S"), 1...3): parts.append(.fraction(digits: count))
      case (UInt8(ascii: "a"), 1): parts.append(.halfDay)
      case (UInt8(ascii: "A")...UInt8(ascii: "S"), _), (UInt8(ascii: "U")...UInt8(ascii: "Z"), _),
        (UInt8(ascii: "a")...UInt8(ascii: "z"), _):
        return nil
      default: parts += Array(repeating: .literal(letter), count: count)
      }
      index += count
    }
    return parts
  }

  /// The time that a cell names; nil where it does not fit, names no real day or lies before 1970.
  package func time(_ cell: ArraySlice<UInt8>) -> HybridTime? {
    var reader = DigitReader(cell)
    switch form {
    case .iso: return Self.iso(&reader)
    case .epoch(let milliseconds): return Self.epoch(&reader, milliseconds: milliseconds)
    case .parts(let parts):
      var time = CivilTime()
      for part in parts {
        guard time.read(part, &reader) else { return nil }
      }
      return reader.isAtEnd ? time.instant() : nil
    }
  }

  private static func iso(_ reader: inout DigitReader) -> HybridTime? {
    var time = CivilTime()
    guard time.read(.year, &reader), reader.skip("-"), time.read(.month(exact: true), &reader),
      reader.skip("-"), time.read(.day(exact: true), &reader)
    else { return nil }
    if reader.isAtEnd { return time.instant() }
    guard reader.skip("T") || reader.skip(" "), time.read(.hour(exact: true), &reader), reader.skip(":"),
      time.read(.minute, &reader)
    else { return nil }
    if reader.skip(":") {
      guard time.read(.second, &reader) else { return nil }
      if reader.skip(".") {
        guard let fraction = reader.fraction() else { return nil }
        time.milliseconds = fraction
      }
    }
    var offset = 0
    if !reader.skip("Z"), !reader.isAtEnd {
      let isBehind = reader.skip("-")
      guard isBehind || reader.skip("+"), let hours = reader.number(2, 2), hours < 24 else { return nil }
      _ = reader.skip(":")
      let minutes = reader.isAtEnd ? 0 : reader.number(2, 2)
      guard let minutes, minutes < 60 else { return nil }
      offset = (hours * 60 + minutes) * (isBehind ? -60_000 : 60_000)
    }
    return reader.isAtEnd ? time.instant(offset: offset) : nil
  }

  private static func epoch(_ reader: inout DigitReader, milliseconds: Bool) -> HybridTime? {
    guard var value = reader.number(1, 15) else { return nil }
    if !milliseconds {
      var fraction = 0
      if reader.skip(".") {
        guard let digits = reader.fraction() else { return nil }
        fraction = digits
      }
      value = value * 1000 + fraction
    }
    guard reader.isAtEnd, value <= HybridTime.maximumMilliseconds else { return nil }
    return HybridTime(milliseconds: UInt64(value))
  }

  /// A day and a time of day as read so far.
  private struct CivilTime {
    var year = 1970
    var month = 1
    var day = 1
    var hour = 0
    var minute = 0
    var second = 0
    var milliseconds = 0
    var isHalfDay = false
    var isAfternoon = false

    /// Reads one part; false where the text does not fit.
    mutating func read(_ part: Part, _ reader: inout DigitReader) -> Bool {
      switch part {
      case .literal(let byte): return reader.skip(byte)
      case .year: return Self.take(reader.number(4, 4), 1970...9999, &year)
      case .month(let exact): return Self.take(reader.number(exact ? 2 : 1, 2), 1...12, &month)
      case .day(let exact): return Self.take(reader.number(exact ? 2 : 1, 2), 1...31, &day)
      case .hour(let exact): return Self.take(reader.number(exact ? 2 : 1, 2), 0...23, &hour)
      case .halfDayHour(let exact):
        isHalfDay = true
        return Self.take(reader.number(exact ? 2 : 1, 2), 1...12, &hour)
      case .minute: return Self.take(reader.number(2, 2), 0...59, &minute)
      case .second: return Self.take(reader.number(2, 2), 0...59, &second)
      case .fraction(let digits):
        guard let value = reader.number(digits, digits) else { return false }
        milliseconds = digits == 1 ? value * 100 : digits == 2 ? value * 10 : value
        return true
      case .halfDay:
        isAfternoon = reader.skip("P") || reader.skip("p")
        guard isAfternoon || reader.skip("A") || reader.skip("a") else { return false }
        return reader.skip("M") || reader.skip("m")
      }
    }

    private static func take(_ value: Int?, _ range: ClosedRange<Int>, _ target: inout Int) -> Bool {
      guard let value, range.contains(value) else { return false }
      target = value
      return true
    }

    /// - Parameter offset: milliseconds that the clock that wrote it is ahead of UTC.
    func instant(offset: Int = 0) -> HybridTime? {
      guard day <= CivilDate.days(inMonth: month, ofYear: year) else { return nil }
      let hour = isHalfDay ? hour % 12 + (isAfternoon ? 12 : 0) : hour
      let days = CivilDate.day(year: year, month: month, day: day)
      let value = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + milliseconds - offset
      guard value >= 0, value <= HybridTime.maximumMilliseconds else { return nil }
      return HybridTime(milliseconds: UInt64(value))
    }
  }
}

/// Reads digits and single characters from a cell.
private struct DigitReader {
  private let text: ArraySlice<UInt8>
  private var index: Int

  init(_ text: ArraySlice<UInt8>) {
    self.text = text
    index = text.startIndex
  }

  var isAtEnd: Bool { index == text.endIndex }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard index < text.endIndex, text[index] == byte else { return false }
    index += 1
    return true
  }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skip(UInt8(ascii: character))
  }

  /// A number of so many digits; takes as many as there are, up to the maximum.
  mutating func number(_ minimum: Int, _ maximum: Int) -> Int? {
    var value = 0
    var count = 0
    while count < maximum, index < text.endIndex, text[index] &- UInt8(ascii: "0") < 10 {
      value = value * 10 + Int(text[index] - UInt8(ascii: "0"))
      index += 1
      count += 1
    }
    return count >= minimum ? value : nil
  }

  /// The digits behind a decimal point as milliseconds; what is finer is cut off.
  mutating func fraction() -> Int? {
    let start = index
    guard let value = number(1, 3) else { return nil }
    let digits = index - start
    while index < text.endIndex, text[index] &- UInt8(ascii: "0") < 10 { index += 1 }
    return digits == 1 ? value * 100 : digits == 2 ? value * 10 : value
  }
}
