/// The random identity of one store on one device.
///
/// Ten characters of lower-case Crockford base 32 (`0-9 a-z` without `i l o u`), so 50 random bits: among
/// a million replicas of one workspace two share an id with a chance of one in two thousand, and the
/// server refuses the second one. The ids order as their texts do.
public struct ReplicaID: Hashable, Comparable, Sendable {
  /// The 50 bits, most significant character first.
  public let bits: UInt64

  /// The number of characters of every replica id.
  public static let length = 10

  /// Takes the lower 50 bits.
  public init(bits: UInt64) {
    self.bits = bits & ((1 << 50) - 1)
  }

  /// Draws a new id.
  public static func random(using generator: inout some RandomNumberGenerator) -> ReplicaID {
    ReplicaID(bits: generator.next())
  }

  /// Parses exactly ten base-32 characters; nil for anything else, upper case included.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    self.init(bytes.span, 0, bytes.count)
  }

  /// Parses `bytes[start..<end]`.
  package init?(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
    guard end - start == Self.length else { return nil }
    var bits: UInt64 = 0
    for index in start..<end {
      let digit = Base32.value(of: bytes[index])
      guard digit < 32 else { return nil }
      bits = bits << 5 | UInt64(digit)
    }
    self.bits = bits
  }

  public static func < (left: ReplicaID, right: ReplicaID) -> Bool { left.bits < right.bits }

  /// Appends the ten characters.
  package func write(to output: inout [UInt8]) {
    var shift: UInt64 = 45
    for _ in 0..<Self.length {
      output.append(Base32.digit(UInt8(truncatingIfNeeded: bits >> shift & 31)))
      shift &-= 5
    }
  }
}

extension ReplicaID: CustomStringConvertible, LosslessStringConvertible {
  /// Ten characters of base 32.
  public var description: String {
    var output: [UInt8] = []
    write(to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Reads ten characters of base 32; nil for anything else.
  public init?(_ description: String) {
    self.init(description[...])
  }
}

extension ReplicaID: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let id = ReplicaID(text) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "\"\(text)\" is not a replica id: ten characters of 0-9 a-z without i l o u")
    }
    self = id
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Crockford's base 32 in lower case.
package enum Base32 {
  /// The character of a value from 0 to 31.
  package static func digit(_ value: UInt8) -> UInt8 {
    switch value {
    case 0...9: UInt8(ascii: "0") + value
    case 10...17: UInt8(ascii: "a") + (value - 10)  // a-h
    case 18...19: UInt8(ascii: "j") + (value - 18)  // j k
    case 20...21: UInt8(ascii: "m") + (value - 20)  // m n
    case 22...26: UInt8(ascii: "p") + (value - 22)  // p-t
    default: UInt8(ascii: "v") + (value - 27)  // v-z
    }
  }

  /// The value of a character, 255 for one that is not of the alphabet.
  package static func value(of character: UInt8) -> UInt8 {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "h"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "j")...UInt8(ascii: "k"): character - UInt8(ascii: "j") + 18
    case UInt8(ascii: "m")...UInt8(ascii: "n"): character - UInt8(ascii: "m") + 20
    case UInt8(ascii: "p")...UInt8(ascii: "t"): character - UInt8(ascii: "p") + 22
    case UInt8(ascii: "v")...UInt8(ascii: "z"): character - UInt8(ascii: "v") + 27
    default: 255
    }
  }
}
