/// A phone number as digits, however it was written: what the index knows, which does not know the country. `PhoneNumber`
/// then tells whether it is the one.
enum PhoneDigits {
  /// Numbers are looked for by their last digits, so many: what the national and the international form have in common,
  /// also of the shortest numbers that are dialled with a calling code, such as Norway's `02000`.
  static let significant = 5

  /// The digits of a text that can be a phone number: in any script, with spaces and marks between them, an
  /// international prefix in front; nil for anything else.
  static func parse(_ text: String) -> String? { PhoneNumber(text)?.digits }

  /// A digit of any script as a Western one.
  static func digit(_ scalar: Unicode.Scalar) -> Character? {
    if case "0"..."9" = scalar { return Character(scalar) }
    guard scalar.value >= 0x80, scalar.properties.numericType == .decimal,
      let value = scalar.properties.numericValue, 0..<10 ~= value
    else { return nil }
    return Character(Unicode.Scalar(UInt8(ascii: "0") + UInt8(value)))
  }

  /// What people write between digits.
  static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case " ", "-", "(", ")", ".", "/", "\u{A0}", "\u{202F}", "\u{2009}", "\u{AD}", "\u{2060}": true
    case "\u{2010}"..."\u{2015}", "\u{2212}", "\u{FF0D}", "\u{200E}", "\u{200F}", "\u{202A}"..."\u{202E}":
      true
    default: false
    }
  }

  /// Whether two numbers, as digits, can be the same line: less an international prefix and a trunk zero, one is the
  /// end of the other.
  static func canBeSame(_ left: String, _ right: String) -> Bool {
    let (left, right) = (left.drop { $0 == "0" }, right.drop { $0 == "0" })
    return min(left.utf8.count, right.utf8.count) >= PhoneNumber.looseDigits
      && (left.hasSuffix(right) || right.hasSuffix(left))
  }
}
