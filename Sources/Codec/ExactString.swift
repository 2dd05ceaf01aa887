/// A string that is equal to another only when their bytes are.
///
/// Swift's `String` takes `é` as one character and as `e` with an accent for equal. Field names and set
/// elements must not: every replica, in whatever language it is written, has to tell the same ones apart.
public struct ExactString: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible
{
  /// The text as it was written.
  public let text: String

  /// The text, without any normalisation.
  public init(_ text: String) {
    self.text = text
  }

  /// A text that stands in the program.
  public init(stringLiteral text: String) {
    self.text = text
  }

  /// The text itself.
  public var description: String { text }

  public static func == (left: ExactString, right: ExactString) -> Bool {
    let (left, right) = (left.text.utf8, right.text.utf8)
    guard left.count == right.count else { return false }
    // Nearly every string is contiguous, where whole words compare at once.
    let isEqual = left.withContiguousStorageIfAvailable { left in
      right.withContiguousStorageIfAvailable { right in left.elementsEqual(right) }
    }
    return isEqual.flatMap(\.self) ?? left.elementsEqual(right)
  }

  public static func < (left: ExactString, right: ExactString) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    let isContiguous: Void? = text.utf8.withContiguousStorageIfAvailable {
      hasher.combine(bytes: UnsafeRawBufferPointer($0))
    }
    if isContiguous == nil { Array(text.utf8).withUnsafeBytes { hasher.combine(bytes: $0) } }
  }
}
