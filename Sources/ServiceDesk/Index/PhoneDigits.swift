/// A phone number as digits, however it was written.
enum PhoneDigits {
  /// A number needs this many digits to be looked for. The last ones are what its national and its international
  /// form have in common, and the shortest national numbers in use by people have six.
  static let significant = 6

  /// The digits of a text that can be a phone number: in any script, with spaces and marks between them, an
  /// international prefix in front; nil for anything else.
  static func parse(_ text: String) -> String? {
    var digits = ""
    for scalar in text.unicodeScalars {
      if scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue {
        digits.append(String(Int(value)))
      } else if !" +-–()./\u{A0}".unicodeScalars.contains(scalar) {
        return nil
      }
    }
    return digits.utf8.count >= significant ? digits : nil
  }

  /// Whether two numbers, as digits, can be the same line: less an international prefix and a trunk zero, one is the
  /// end of the other.
  static func canBeSame(_ left: String, _ right: String) -> Bool {
    let (left, right) = (left.drop { $0 == "0" }, right.drop { $0 == "0" })
    return min(left.utf8.count, right.utf8.count) >= significant
      && (left.hasSuffix(right) || right.hasSuffix(left))
  }
}
