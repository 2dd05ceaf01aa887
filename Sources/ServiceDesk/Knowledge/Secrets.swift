import Codec
import Merge

/// What must never be kept of a customer: PINs, passwords, card numbers, security answers.
///
/// Recognised by the name of the field and by the look of the value. A secret may be asked for, to be compared with what
/// another system holds; it is not written down, because what is not there cannot leak.
public struct Secrets: Sendable {
  /// Names that the workspace holds secret beside the built-in ones.
  private let further: Set<String>

  /// - Parameter further: keys of the workspace's own, as `settings` has them.
  public init(further: [String] = []) {
    self.further = Set(further.map { Self.words($0).joined() })
  }

  /// Why a value must not be kept under a key; nil where it may. Cost: the length of key and value.
  public func reason(key: String, value: JSONText) -> String? {
    if let reason = reason(key: key) { return reason }
    let text = value.plain
    if Self.holdsCardNumber(text) { return Self.cardReason }
    if let word = Self.spokenSecret(text) { return "it seems to hold a \(word)" }
    return nil
  }

  /// Why nothing must be kept under a key; nil where something may.
  public func reason(key: String) -> String? {
    let words = Self.words(key)
    let joined = words.joined()
    if further.contains(joined) { return "'\(key)' is secret in this workspace" }
    if words.contains(where: Self.secretWords.contains) || Self.secretParts.contains(where: joined.contains) {
      return "'\(key)' is a secret by its name"
    }
    return nil
  }

  /// Why a field of any entity must not get a value: a fact is judged by name and look, any other field by the last part of its
  /// name and for card numbers, the workspace's settings, which name what is secret, for card numbers alone; logs, whose words people
  /// said, are not judged.
  public func reason(type: String, field: ExactString, value: JSONText) -> String? {
    let name = field.text
    guard type != Vocabulary.settings else {
      return Self.holdsCardNumber(value.plain) ? Self.cardReason : nil
    }
    if name.hasPrefix(Vocabulary.factPrefix) {
      return reason(key: String(name.dropFirst(Vocabulary.factPrefix.count)), value: value["value"] ?? value)
    }
    if let reason = reason(key: String(name.split(separator: ".").last ?? "")) { return reason }
    return Self.holdsCardNumber(value.plain) ? Self.cardReason : nil
  }

  private static let cardReason = "it holds a payment card's number"

  /// The folded words of a key in any spelling: `card_number`, `cardNumber`, `Card number`.
  static func words(_ key: String) -> [String] {
    var spaced = ""
    var wasLower = false
    for character in key {
      if wasLower, character.isUppercase { spaced.append(" ") }
      wasLower = character.isLowercase || character.isNumber
      spaced.append(character == "_" ? " " : character)
    }
    // A number behind a word counts the answers: `SecurityAnswer2`.
    return TextFolding.words(spaced).map { word in
      let stem = String(word.reversed().drop(while: \.isNumber).reversed())
      return stem.isEmpty ? word : stem
    }
  }

  /// Words that make a key secret wherever they stand in it.
  private static let secretWords: Set<String> = [
    "pin", "puk", "otp", "tan", "cvv", "cvc", "csc", "password", "passwd", "pwd", "passcode", "passphrase",
    "passwort", "kennwort", "wachtwoord", "losenord", "passord", "adgangskode", "salasana", "parool",
    "parole",
    "slaptazodis", "haslo", "heslo", "tunnusluku",
  ]
  /// What a key must not hold, without its spaces.
  private static let secretParts = [
    "securityanswer", "securityquestion", "secretanswer", "secretquestion", "securitycode", "maidenname",
    "cardnumber", "creditcardno", "cardno", "kortnummer", "kartennummer", "kaartnummer", "kortinnumero",
    "pincode", "pinkod", "motdepasse", "onetimecode", "secretword", "memorableword",
  ]

  // MARK: By look

  /// Whether a text holds the number of a payment card: a scheme's prefix and length, and the check digit of ISO/IEC
  /// 7812-1 (H. P. Luhn, US patent 2,950,048). So an IMEI, which has that digit too, passes; and so do digits within a
  /// word, as in a checksum, because nobody writes a card's number between letters.
  static func holdsCardNumber(_ text: String) -> Bool {
    var digits: [UInt8] = []
    // A number may be parted by single spaces or dashes.
    var isParted = false
    var isBehindLetter = false
    var last: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      defer { last = scalar }
      if scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue {
        if digits.isEmpty { isBehindLetter = last?.properties.isAlphabetic ?? false }
        digits.append(UInt8(value))
        isParted = false
      } else if !digits.isEmpty, !isParted, " -\u{A0}.".unicodeScalars.contains(scalar) {
        isParted = true
      } else {
        let isWithinWord = isBehindLetter && !isParted && scalar.properties.isAlphabetic
        if !isWithinWord, holdsCard(digits) { return true }
        digits = []
        isParted = false
      }
    }
    return holdsCard(digits)
  }

  /// Whether some digits are a card's number, or end in one or begin with one where others stand beside it.
  private static func holdsCard(_ digits: [UInt8]) -> Bool {
    guard digits.count >= 14 else { return digits.count == 13 && isCard(digits[...]) }
    if digits.count > 23 { return false }
    for length in [14, 15, 16, 19] where length <= digits.count {
      if isCard(digits.prefix(length)) && (length == digits.count || digits.count - length <= 4) {
        return true
      }
      if length < digits.count, digits.count - length <= 4, isCard(digits.suffix(length)) { return true }
    }
    return false
  }

  private static func isCard(_ digits: ArraySlice<UInt8>) -> Bool {
    func prefix(_ count: Int) -> Int { digits.prefix(count).reduce(0) { $0 * 10 + Int($1) } }
    let isScheme =
      switch digits.count {
      case 13: prefix(1) == 4
      case 14: 300...305 ~= prefix(3) || [36, 38, 39].contains(prefix(2))
      case 15: [34, 37].contains(prefix(2))
      case 16:
        prefix(1) == 4 || 51...55 ~= prefix(2) || 2221...2720 ~= prefix(4) || prefix(4) == 6011
          || 644...659 ~= prefix(3) || 3528...3589 ~= prefix(4) || prefix(2) == 62
      case 19: prefix(1) == 4 || prefix(2) == 62
      default: false
      }
    guard isScheme else { return false }
    var sum = 0
    for (index, digit) in digits.reversed().enumerated() {
      let doubled = index % 2 == 1 ? Int(digit) * 2 : Int(digit)
      sum += doubled > 9 ? doubled - 9 : doubled
    }
    return sum % 10 == 0
  }

  /// The word of a secret that a text says together with its value, as in `my PIN is 4711` and `password: x`.
  static func spokenSecret(_ text: String) -> String? {
    let words = TextFolding.words(text)
    for (index, word) in words.enumerated() {
      let rest = words.dropFirst(index + 1).drop {
        ["is", "code", "number", "ist", "ar", "er", "on"].contains($0)
      }
      guard let next = rest.first else { continue }
      switch word {
      case "pin", "puk", "cvv", "cvc", "pincode":
        if 3...8 ~= next.utf8.count, next.allSatisfy(\.isNumber) { return word.uppercased() }
      case "password", "passwort", "losenord", "wachtwoord", "passord", "salasana":
        // "forgot the password again" is no secret.
        let isGiven = words[(index + 1)...].first == "is" || text.contains(":") || text.contains("=")
        if isGiven { return "password" }
      default: continue
      }
    }
    return nil
  }
}
