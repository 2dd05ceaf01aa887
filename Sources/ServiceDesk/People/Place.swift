import Codec
import Merge

/// A place as people name it: a country's two letters, a region, a city, or the beginning of a postcode.
///
/// A text with a digit is a postcode's beginning, without regard to spaces; any other is a country, region or city, without regard
/// to case and accents. With a country in front, `SE 211`, both have to fit.
struct Place: Sendable, Hashable {
  private let country: String?
  private let postcode: String?
  private let name: String?

  init(_ text: String) {
    let folded = TextFolding.words(text)
    let hasDigit = folded.contains { $0.contains(where: \.isNumber) }
    guard hasDigit else {
      (country, postcode, name) = (nil, nil, folded.joined(separator: " "))
      return
    }
    let isCountry = folded.count > 1 && folded[0].count == 2 && folded[0].allSatisfy(\.isLetter)
    country = isCountry ? folded[0] : nil
    postcode = folded.dropFirst(isCountry ? 1 : 0).joined()
    name = nil
  }

  /// Whether an address lies there: any of the values that people wrote down.
  func contains(_ customer: EntityState) -> Bool {
    func values(_ part: String) -> [String] {
      let heads = customer.registers[ExactString(Vocabulary.addressPrefix + part)]?.heads ?? []
      return heads.map { TextFolding.words($0.value.plain).joined(separator: " ") }
    }
    if let name {
      return !name.isEmpty && ["country", "region", "city"].contains { values($0).contains(name) }
    }
    guard let postcode, !postcode.isEmpty else { return false }
    if let country, !values("country").contains(country) { return false }
    return values("postcode").contains { code in
      code.filter { $0 != " " }.hasPrefix(postcode)
    }
  }
}
