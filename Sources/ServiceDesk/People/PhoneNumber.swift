/// A telephone number as far as it can be told from how it was written.
///
/// `+46 70 123 45 67`, `0046701234567` and, in Sweden, `070-123 45 67` and `70 123 45 67` are one number. A number in
/// national form without a country is compared by its last digits, as before.
public struct PhoneNumber: Hashable, Sendable {
  /// The digits as written, in Western numerals, without an extension.
  public let digits: String
  /// The number as `+` and a calling code would have it, without the `+`; nil where the country is not known.
  public let international: String?
  /// Whether it was written with its calling code.
  public let isInternational: Bool

  /// The countries whose national form is known, as two letters each.
  public static var countries: Set<String> { DiallingPlan.countries }

  /// The fewest digits of a number that is looked for.
  static let minimumDigits = 5
  /// How many digits two numbers without a country have to share.
  static let looseDigits = 6

  /// Reads a number: digits of any script with spaces and marks between them, `+` or an international prefix in front,
  /// `(0)` behind the calling code, `ext. 12` or `x12` or a second number behind a slash left out. Nil for anything else.
  ///
  /// - Parameter country: two letters; whose national numbers the text may have. Nil where that is not known.
  public init?(_ text: String, country: String? = nil) {
    guard let (written, hasPlus) = Self.digits(of: text), written.utf8.count >= Self.minimumDigits else {
      return nil
    }
    let plan = country.flatMap { DiallingPlan.of($0) }
    digits = written
    if hasPlus {
      international = Self.normal(written)
      isInternational = true
      return
    }
    let prefix = (plan?.international ?? ["00"]).first { prefix in
      written.hasPrefix(prefix) && DiallingPlan.code(of: String(written.dropFirst(prefix.utf8.count))) != nil
    }
    if let prefix, written.utf8.count >= prefix.utf8.count + 7 {
      international = Self.normal(String(written.dropFirst(prefix.utf8.count)))
      isInternational = true
    } else if let plan {
      let hasTrunk = !plan.trunk.isEmpty && written.hasPrefix(plan.trunk)
      international = plan.code + (hasTrunk ? String(written.dropFirst(plan.trunk.utf8.count)) : written)
      isInternational = false
    } else {
      international = nil
      isInternational = false
    }
  }

  /// Whether two numbers are, or can be, the same line.
  ///
  /// Where the country of both is known they are compared whole. Otherwise one has to be the end of the other, less its
  /// national prefix.
  public func canBeSame(as other: PhoneNumber) -> Bool {
    if let international, let their = other.international {
      if international == their { return true }
      // Who leaves out the plus writes the calling code as if it were a national number.
      return !isInternational && digits == their || !other.isInternational && other.digits == international
    }
    return PhoneDigits.canBeSame(digits, other.digits)
  }

  /// Whether this is the number that a text means to people of one of some countries.
  ///
  /// - Parameter countries: those whose national numbers the text may have; nil for one that is not known.
  func isSame(as text: String, in countries: [String?]) -> Bool {
    countries.contains { country in
      PhoneNumber(text, country: country).map { canBeSame(as: $0) } ?? false
    }
  }

  /// International digits, without the national prefix that some write behind the calling code: `+46 (0)70`.
  private static func normal(_ digits: String) -> String {
    guard let code = DiallingPlan.code(of: digits) else { return digits }
    let rest = digits.dropFirst(code.utf8.count)
    // Only a zero is no national number's beginning; Italy and others without a prefix keep theirs.
    guard rest.first == "0", DiallingPlan.trunks(ofCode: code).contains("0") else { return digits }
    return code + rest.dropFirst()
  }

  private static func digits(of text: String) -> (String, hasPlus: Bool)? {
    var digits = ""
    var hasPlus = false
    for scalar in text.unicodeScalars {
      if let digit = PhoneDigits.digit(scalar) {
        digits.append(digit)
        continue
      }
      switch scalar {
      case "+", "\u{FF0B}":
        guard digits.isEmpty, !hasPlus else { return nil }
        hasPlus = true
      case "x", "X", "e", "E", ";", ",", "#":
        // An extension, such as `ext. 12`, ends the number.
        return digits.isEmpty ? nil : (digits, hasPlus)
      case "/" where digits.utf8.count >= 8: return (digits, hasPlus)
      default:
        guard PhoneDigits.isMark(scalar) else { return nil }
      }
    }
    return (digits, hasPlus)
  }
}
