import Testing

@testable import Codec

@Suite struct JSONTests {
  static let valid = [
    "0", "-0", "-1.5e+10", "12", "true", "false", "null", "\"\"", "\"a\\n\\u00e6\\ud83d\\ude00\"", "[]", "{}",
    "[1,[2,{\"a\":[]}],\"x\"]", "{\"a\":1,\"b\":{\"c\":\"d\"}}", "\"æøå 漢字 😀\"",
  ]
  static let invalid = [
    "", "01", "-", "1.", "1e", ".5", "+1", "tru", "nul", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"",
    "\"\\ud800\\u0041\"", "\"\\udc00\"", "[", "[1", "[1,", "[1,]", "[,1]", "{", "{\"a\"", "{\"a\":",
    "{\"a\":1", "{\"a\":1,",
    "{\"a\":1,}", "{a:1}", "{1:2}", "\"a\u{0}b\"", "\"a\nb\"", "]", "}", "[1 2]", "NaN", "Infinity", "'a'",
  ]

  @Test(arguments: valid) func validValueIsScannedToItsEnd(text: String) throws {
    let bytes = Array(text.utf8)
    #expect(try JSONScanner.skipValue(bytes.span, 0) == bytes.count)
    #expect(try JSONText(parsing: bytes).text == text)
  }

  @Test(arguments: invalid) func malformedValueIsRefused(text: String) {
    #expect(throws: JSONError.self) { try JSONText(parsing: Array(text.utf8)) }
  }

  @Test(arguments: valid) func everyTruncationIsRefusedOrWhole(text: String) {
    let bytes = Array(text.utf8)
    for count in 0..<bytes.count {
      let part = Array(bytes[..<count])
      if let end = try? JSONScanner.skipValue(part.span, 0) { #expect(end <= count) }
    }
  }

  @Test func nestingIsBounded() throws {
    let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(throws: Never.self) { try JSONText(parsing: Array(deep.utf8)) }
    let deeper = String(repeating: "[", count: 1_000_000)
    #expect(throws: JSONError.self) { try JSONText(parsing: Array(deeper.utf8)) }
  }

  @Test func invalidUTF8IsRefused() {
    #expect(throws: JSONError.self) { try JSONText(parsing: [0x22, 0xFF, 0x22]) }
    #expect(throws: JSONError.self) { try JSONText(parsing: [0x22, 0xC3, 0x22]) }
  }

  @Test func stringsRoundTrip() {
    let all = String(String.UnicodeScalarView((0..<0x3000).compactMap(UnicodeScalar.init))) + "😀\"\\"
    #expect(JSONText(all).string == all)
    #expect(JSONText(unchecked: Array("\"\\u00e6\\ud83d\\ude00\\/\"".utf8)).string == "æ😀/")
  }

  @Test func membersAndElementsKeepOrder() throws {
    let object = try JSONText(parsing: Array(" { \"b\" : [1, 2 ] ,\"a\":\"x y\" } ".utf8))
    #expect(object.text == "{\"b\":[1,2],\"a\":\"x y\"}")
    #expect(object.members?.map(\.key) == ["b", "a"])
    #expect(object["b"]?.elements?.compactMap(\.int) == [1, 2])
    #expect(object["c"] == nil)
  }
}
