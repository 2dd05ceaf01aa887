import Codec
import Merge

/// The keys under which profiles that may be of one person lie together, so that only those are compared.
///
/// Several keys of different fields, so that no single mistake hides a pair: P. Christen, *Data Matching* (2012), chapter 4.
/// Each key is made of one value of one field, so that it holds whatever else of the profile was written when. What too
/// many profiles share, a list of more than `maximumList`, tells nothing and is not looked at.
enum BlockingKeys {
  /// The most profiles under a key that are compared.
  static let maximumList = 64

  /// Two words of a name by their sound, and by their first three letters.
  static func name(_ words: [String]) -> [Term] {
    let words = Array(Set(words)).sorted().prefix(4)
    if words.count == 1, let word = words.first { return [.block("w\(word)")] }
    var keys: [Term] = []
    for (index, left) in words.enumerated() {
      for right in words.dropFirst(index + 1) {
        keys.append(.block("n" + pair(Soundex.code(left), Soundex.code(right))))
        keys.append(.block("p" + pair(start(left, 3), start(right, 3))))
      }
    }
    return keys
  }

  static func birth(_ digits: String) -> Term { .block("b\(digits)") }

  /// The number with the start of the street's name, and a longer start alone.
  static func street(_ name: [String], house: String) -> [Term] {
    guard !name.isEmpty else { return [] }
    let joined = name.joined()
    return [.block("s\(house) \(start(joined, 4))"), .block("t\(start(joined, 7))")]
  }

  static func line2(_ words: [String]) -> [Term] {
    words.isEmpty ? [] : [.block("l\(start(words.joined(), 6))")]
  }

  /// The keys of what a change writes into a register of a customer.
  static func terms(_ field: ExactString, _ value: JSONText) -> [Term] {
    if field == "name" { return name(TextFolding.words(value.plain).prefix(8).map(\.self)) }
    if Vocabulary.birthDates.contains(field) {
      return BirthDate.digits((value["value"] ?? value).plain).map { [birth($0)] } ?? []
    }
    if field == "address.street" {
      let (name, house) = PersonSketch.street(TextFolding.words(value.plain))
      return street(name, house: house)
    }
    return field == "address.line2" ? line2(TextFolding.words(value.plain)) : []
  }

  private static func start(_ text: String, _ count: Int) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
  }

  private static func pair(_ left: String, _ right: String) -> String {
    left < right ? "\(left) \(right)" : "\(right) \(left)"
  }
}
