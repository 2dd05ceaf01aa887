import Codec

/// Keeps long texts apart from the members around them, because both compress better so.
///
/// The *last text* of a body is the string that ends it, behind which only brackets close. When it is
/// empty or at least 16 bytes long as written, blocks and runs put `""` in its place and the string on a line
/// of its own behind the changes. Purely mechanical: the inverse gives the same bytes.
enum LastText {
  /// The least length of a text that is kept apart, in bytes between the quotes.
  static let minimum = 16

  /// The range of the last text in a body, its quotes included; nil where there is none to keep apart.
  static func range(in body: Span<UInt8>) -> Range<Int>? {
    guard let end = stringEnd(body) else { return nil }
    var start = end - 2
    while start >= 0 {
      if body[start] == UInt8(ascii: "\"") {
        // A quote is the opening one unless an odd number of backslashes stands before it.
        var slash = start
        while slash > 0, body[slash - 1] == UInt8(ascii: "\\") { slash -= 1 }
        if (start - slash) % 2 == 0 {
          let length = end - start - 2
          return length == 0 || length >= minimum ? start..<end : nil
        }
        start = slash
      }
      start -= 1
    }
    return nil
  }

  /// Where a text that was kept apart goes back: the index behind the `""` that ends a body; nil where there is none.
  static func gap(in body: Span<UInt8>) -> Int? {
    guard let end = stringEnd(body), end >= 2, body[end - 2] == UInt8(ascii: "\"") else { return nil }
    // A value stands behind one of these; `\""` is the end of a text that ends in a quote.
    guard end >= 3 else { return nil }
    switch body[end - 3] {
    case UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "["): return end
    default: return nil
    }
  }

  /// The index behind the closing quote of the string that ends a body; nil when something else ends it.
  private static func stringEnd(_ body: Span<UInt8>) -> Int? {
    var end = body.count
    while end > 0, body[end - 1] == UInt8(ascii: "}") || body[end - 1] == UInt8(ascii: "]") { end -= 1 }
    return end > 1 && body[end - 1] == UInt8(ascii: "\"") ? end : nil
  }
}
