/// A reading of a hybrid logical clock: wall milliseconds since 1970 (UTC) and a counter that orders
/// events within one millisecond.
///
/// Source: Kulkarni, Demirbas et al., *Logical Physical Clocks and Consistent Snapshots in Globally
/// Distributed Databases* (2014). As text: `2026-11-21T17:21:03.306Z`, with `~3` behind it where the
/// counter is 3.
public struct HybridTime: Hashable, Comparable, Sendable {
  /// Milliseconds in the upper 48 bits, the counter in the lower 16: readings compare as these do.
  public let bits: UInt64

  /// The last millisecond of the year 9999, the latest that the text can say.
  public static let maximumMilliseconds: UInt64 = 253_402_300_799_999
  /// The greatest counter within a millisecond.
  public static let maximumCounter: UInt64 = 0xFFFF

  /// The start of 1970.
  public static let zero = HybridTime(milliseconds: 0)

  /// Values beyond the limits are cut to them.
  public init(milliseconds: UInt64, counter: UInt64 = 0) {
    bits = min(milliseconds, Self.maximumMilliseconds) << 16 | min(counter, Self.maximumCounter)
  }

  /// Takes back what `bits` gave; values beyond the limits are cut to them.
  package init(bits: UInt64) {
    self.init(milliseconds: bits >> 16, counter: bits & 0xFFFF)
  }

  /// Wall milliseconds since 1970 (UTC).
  public var milliseconds: UInt64 { bits >> 16 }
  /// Which of several within a millisecond, from 0.
  public var counter: UInt64 { bits & 0xFFFF }

  /// Seconds since 1970, for Foundation's `Date(timeIntervalSince1970:)`.
  public var seconds: Double { Double(milliseconds) / 1000 }

  public static func < (left: HybridTime, right: HybridTime) -> Bool { left.bits < right.bits }
}

extension HybridTime: CustomStringConvertible, LosslessStringConvertible {
  /// `2026-11-21T17:21:03.306Z`, with `~counter` behind where that is not 0.
  public var description: String {
    var output: [UInt8] = []
    write(to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Parses the text form only: `YYYY-MM-DDTHH:MM:SS.mmmZ`, then nothing or `~` and a counter from 1.
  public init?(_ description: String) {
    let bytes = Array(description.utf8)
    self.init(bytes.span, 0, bytes.count)
  }

  /// Appends the text form.
  package func write(to output: inout [UInt8]) {
    let milliseconds = self.milliseconds
    let (year, month, day) = CivilDate.date(ofDay: Int(milliseconds / 86_400_000))
    let ofDay = Int(milliseconds % 86_400_000)
    var text = Self.pattern
    // Division by constants, which is a multiplication: this is written for every change that is checked.
    Self.put(year / 100, at: 0, &text)
    Self.put(year % 100, at: 2, &text)
    Self.put(month, at: 5, &text)
    Self.put(day, at: 8, &text)
    Self.put(ofDay / 3_600_000, at: 11, &text)
    Self.put(ofDay / 60_000 % 60, at: 14, &text)
    Self.put(ofDay / 1000 % 60, at: 17, &text)
    Self.put(ofDay / 10 % 100, at: 20, &text)
    text[22] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: ofDay % 10)
    text.span.withUnsafeBufferPointer { output.append(contentsOf: $0) }
    if counter > 0 {
      output.append(UInt8(ascii: "~"))
      Decimal.write(counter, to: &output)
    }
  }

  /// `0000-00-00T00:00:00.000Z`
  private static let pattern: InlineArray<24, UInt8> = [
    0x30, 0x30, 0x30, 0x30, 0x2D, 0x30, 0x30, 0x2D, 0x30, 0x30, 0x54, 0x30, 0x30, 0x3A, 0x30, 0x30, 0x3A,
    0x30,
    0x30, 0x2E, 0x30, 0x30, 0x30, 0x5A,
  ]

  /// Writes a number below 100 as two digits.
  @inline(__always)
  private static func put(_ value: Int, at index: Int, _ text: inout InlineArray<24, UInt8>) {
    text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10)
    text[index + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
  }

  /// Parses `bytes[start..<end]`.
  package init?(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
    guard end - start >= 24, bytes[start + 4] == UInt8(ascii: "-"), bytes[start + 7] == UInt8(ascii: "-"),
      bytes[start + 10] == UInt8(ascii: "T"), bytes[start + 13] == UInt8(ascii: ":"),
      bytes[start + 16] == UInt8(ascii: ":"), bytes[start + 19] == UInt8(ascii: "."),
      bytes[start + 23] == UInt8(ascii: "Z")
    else { return nil }
    func number(_ offset: Int, _ width: Int) -> Int? {
      var value = 0
      for index in start + offset..<start + offset + width {
        let digit = bytes[index] &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        value = value * 10 + Int(digit)
      }
      return value
    }
    guard let year = number(0, 4), year >= 1970, let month = number(5, 2), 1...12 ~= month,
      let day = number(8, 2), day >= 1, day <= CivilDate.days(inMonth: month, ofYear: year),
      let hour = number(11, 2), hour < 24, let minute = number(14, 2), minute < 60,
      let second = number(17, 2), second < 60, let milli = number(20, 3)
    else { return nil }
    var counter: UInt64 = 0
    if end > start + 24 {
      guard bytes[start + 24] == UInt8(ascii: "~"),
        let value = Decimal.parse(bytes, start + 25, end), 1...Self.maximumCounter ~= value
      else { return nil }
      counter = value
    }
    let seconds =
      CivilDate.day(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
    self.init(milliseconds: UInt64(seconds * 1000 + milli), counter: counter)
  }
}
