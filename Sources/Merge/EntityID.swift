import Causality
import Codec

/// The name of one customer, ticket or other thing: its type and the change that created it, written
/// `ticket/b2x9m1c0aa.64`.
///
/// Unique without asking anyone. Entities order by type, then by the creating change; runs are sorted so.
public struct EntityID: Hashable, Comparable, Sendable {
  /// 1 to 32 characters of `a-z 0-9 _ -`, a letter first.
  public let type: String
  /// The change that created the entity.
  public let origin: ChangeID

  /// nil where the type is malformed.
  public init?(type: String, origin: ChangeID) {
    let bytes = Array(type.utf8)
    guard Self.isType(bytes.span, 0..<bytes.count) else { return nil }
    self.type = type
    self.origin = origin
  }

  /// An entity that is known by its id, with a type that is spelt right in the program's text.
  package init(constant type: StaticString, _ origin: ChangeID) {
    self.type = type.description
    self.origin = origin
  }

  /// Parses `type/replica.sequence`.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    self.init(bytes.span, 0..<bytes.count)
  }

  /// Parses `bytes[range]`.
  package init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    var slash = range.lowerBound
    while slash < range.upperBound, bytes[slash] != UInt8(ascii: "/") { slash += 1 }
    guard slash < range.upperBound, Self.isType(bytes, range.lowerBound..<slash),
      let origin = ChangeID(bytes, slash + 1, range.upperBound)
    else { return nil }
    var type = ""
    type.append(contentsOf: String(copying: bytes, range.lowerBound..<slash))
    self.type = type
    self.origin = origin
  }

  private static func isType(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard 1...32 ~= range.count, UInt8(ascii: "a")...UInt8(ascii: "z") ~= bytes[range.lowerBound] else {
      return false
    }
    for index in range {
      switch bytes[index] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        continue
      default: return false
      }
    }
    return true
  }

  public static func < (left: EntityID, right: EntityID) -> Bool {
    left.type == right.type ? left.origin < right.origin : left.type < right.type
  }

  /// Appends the id's text.
  package func write(to output: inout [UInt8]) {
    output += type.utf8
    output.append(UInt8(ascii: "/"))
    origin.write(to: &output)
  }
}

extension EntityID: CustomStringConvertible, LosslessStringConvertible {
  /// `type/replica.sequence`, as it stands in change lines.
  public var description: String { "\(type)/\(origin)" }

  /// Reads `type/replica.sequence`; nil for anything else.
  public init?(_ description: String) {
    self.init(description[...])
  }
}
