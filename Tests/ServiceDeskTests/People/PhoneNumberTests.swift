import Foundation
import Testing

@testable import ServiceDesk

@Suite struct PhoneNumberTests {
  @Test(
    "A number's international form, by the country of who wrote it",
    arguments: [
      ("070-123 45 67", "SE", "46701234567"), ("+46 (0)70 123 45 67", "DK", "46701234567"),
      ("0046701234567", "DE", "46701234567"), ("70 123 45 67", "SE", "46701234567"),
      ("20 12 34 56", "DK", "4520123456"), ("02000", "NO", "4702000"), ("06 12345678", "NL", "31612345678"),
      ("(201) 555-0123", "US", "12015550123"), ("1 201 555 0123", "US", "12015550123"),
      ("011 46 70 123 45 67", "US", "46701234567"), ("0011 46 70 123 45 67", "AU", "46701234567"),
      ("02 1234 5678", "IT", "390212345678"), ("+39 02 1234 5678", "SE", "390212345678"),
      ("8 (912) 345-67-89", "RU", "79123456789"), ("٠٧٠١٢٣٤٥٦٧", "SE", "46701234567"),
      ("+46 70 123 45 67 ext. 12", "SE", "46701234567"), ("08–12 34 56 78/79", "SE", "46812345678"),
    ])
  func international(_ text: String, _ country: String, _ international: String) {
    #expect(PhoneNumber(text, country: country)?.international == international)
  }

  @Test(
    "What is no number",
    arguments: ["", "911", "+", "anna", "12+34567", "a123456", "@070", "e5", "++4670123456"])
  func none(_ text: String) { #expect(PhoneNumber(text, country: "SE") == nil) }

  @Test("A number of another country that ends alike is another one")
  func otherCountries() throws {
    let danish = try #require(PhoneNumber("12345678", country: "DK"))
    #expect(!danish.canBeSame(as: try #require(PhoneNumber("+31 6 12345678", country: "DK"))))
    #expect(danish.canBeSame(as: try #require(PhoneNumber("+45 12 34 56 78", country: "SE"))))
    // Without a country its end is all that is known.
    #expect(PhoneNumber("12345678")?.canBeSame(as: try #require(PhoneNumber("+31612345678"))) == true)
    #expect(PhoneNumber("46701234567", country: "SE")?.isSame(as: "+46 70 123 45 67", in: ["SE"]) == true)
  }

  @Test("Every example number reads alike in all its forms")
  func examples() throws {
    let path =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
      + "/Fixtures/phones/libphonenumber_examples.csv"
    let rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst()
    var count = 0
    for row in rows {
      let cells = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard cells[6] == "true" else { continue }
      count += 1
      let expected = String(cells[2].dropFirst())
      for text in [cells[2], cells[3], cells[4]] {
        #expect(PhoneNumber(text, country: cells[0])?.international == expected, "\(row)")
      }
    }
    #expect(count == 120)
  }

  @Test("No calling code begins with another one, so that every number has one reading")
  func codes() {
    let codes = Set(PhoneNumber.countries.compactMap { DiallingPlan.of($0)?.code })
    for code in codes {
      #expect(!codes.contains { $0 != code && $0.hasPrefix(code) }, "\(code)")
      #expect(DiallingPlan.code(of: code + "12345678") == code)
    }
    #expect(PhoneNumber.countries.count == 245)
  }
}
