/// The identity of one change, `replica.sequence`: the *dot* of the version-vector literature.
///
/// A replica numbers its changes 1, 2, 3 ... without gaps. Ids order by replica, then by sequence.
public struct ChangeID: Hashable, Comparable, Sendable {
  /// The replica that made the change.
  public let replica: ReplicaID
  /// From 1 to `maximumSequence`.
  public let sequence: UInt64

  /// 2^53 - 1, so that every JSON reader keeps a sequence exactly.
  public static let maximumSequence: UInt64 = 1 << 53 - 1

  /// The id of a replica's change; `sequence` counts from 1.
  public init(_ replica: ReplicaID, _ sequence: UInt64) {
    self.replica = replica
    self.sequence = sequence
  }

  /// Parses `replica.sequence`; nil where either part is malformed, a leading zero included.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    self.init(bytes.span, 0, bytes.count)
  }

  /// Parses `bytes[start..<end]`.
  package init?(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
    let dot = start + ReplicaID.length
    guard dot < end, bytes[dot] == UInt8(ascii: "."),
      let replica = ReplicaID(bytes, start, dot),
      let sequence = Decimal.parse(bytes, dot + 1, end), sequence > 0, sequence <= Self.maximumSequence
    else { return nil }
    self.init(replica, sequence)
  }

  public static func < (left: ChangeID, right: ChangeID) -> Bool {
    left.replica == right.replica ? left.sequence < right.sequence : left.replica < right.replica
  }

  /// Appends the id's text.
  package func write(to output: inout [UInt8]) {
    replica.write(to: &output)
    output.append(UInt8(ascii: "."))
    Decimal.write(sequence, to: &output)
  }
}

extension ChangeID: CustomStringConvertible, LosslessStringConvertible {
  /// `replica.sequence`, as it stands in change lines.
  public var description: String { "\(replica).\(sequence)" }

  /// Reads `replica.sequence`; nil for anything else.
  public init?(_ description: String) {
    self.init(description[...])
  }
}

/// Unsigned decimal numbers as bytes.
package enum Decimal {
  /// Parses `bytes[start..<end]`; nil when empty, over 19 digits, with a leading zero or another character.
  package static func parse(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt64? {
    var index = start
    guard let value = scan(bytes, &index, end), index == end else { return nil }
    return value
  }

  /// Reads the digits at an index, which moves behind them; nil where there are none or over 19, or where they begin with a
  /// needless zero.
  @inline(__always)
  package static func scan(_ bytes: Span<UInt8>, _ index: inout Int, _ end: Int) -> UInt64? {
    let start = index
    var value: UInt64 = 0
    while index < end {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      value = value &* 10 &+ UInt64(digit)
      index += 1
    }
    guard 1...19 ~= index - start, index - start == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
    return value
  }

  /// Appends a number's digits.
  package static func write(_ value: UInt64, to output: inout [UInt8]) {
    if value < 10 {
      output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value))
      return
    }
    var digits: InlineArray<20, UInt8> = .init(repeating: 0)
    var count = 0
    var rest = value
    while rest > 0 {
      digits[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      count += 1
    }
    while count > 0 {
      count -= 1
      output.append(digits[count])
    }
  }
}
