import Causality
import Codec
import TestSupport
import Testing

@testable import Merge

/// The canonical line: one form, kept byte for byte, and nothing else gets in.
@Suite struct ChangeLineTests {
  static let line =
    #"{"id":"k7f3q2hd9x.418","at":"2026-11-21T17:21:03.306Z~3","seen":10432,"by":"anna","on":"ticket/b2x9m1c0aa.64","set":{"status":"solved"}}"#

  @Test(arguments: 0..<60) func linesRoundTrip(seed: UInt64) throws {
    for placed in RandomHistory(seed: seed, changes: 30).changes {
      let text = ChangeLine.text(placed.change)
      let parsed = try ChangeLine.parse(text)
      #expect(parsed == placed.change)
      #expect(ChangeLine.bytes(parsed) == Array(text.utf8))
      var checked: [UInt8] = []
      ChangeLine.writeChecked(placed.change, to: &checked)
      #expect(checked.last == 0x0A)
      #expect(try ChangeLine.parseChecked(checked.span.extracting(0..<checked.count - 1)) == placed.change)
    }
  }

  @Test func membersOfLaterVersionsAreKeptByteForByte() throws {
    for extra in RandomHistory.extras + [
      #""set ":{"a":1e5}"#, #""x":"\u0041\/","y":[]"#, #""merge":[1.50,-0]"#,
    ] {
      let text = Self.line.dropLast() + ",\(extra)}"
      let change = try ChangeLine.parse(String(text))
      #expect(Array(ChangeLine.text(change).utf8) == Array(text.utf8))
      #expect(Fold.state(of: change.on, [PlacedChange(change)]).string("status") == "solved")
    }
  }

  @Test func aChangeWithoutMembersIsOne() throws {
    let text =
      #"{"id":"k7f3q2hd9x.1","at":"2026-11-21T17:21:03.306Z","seen":0,"by":"anna","on":"ticket/k7f3q2hd9x.1"}"#
    let change = try ChangeLine.parse(text)
    #expect(change.creates && change.body.isEmpty && ChangeLine.text(change) == text)
  }

  /// Each is the line above with one thing wrong.
  static let hostile: [(String, String)] = [
    ("k7f3q2hd9x.418", "k7f3q2hd9x.0"), ("k7f3q2hd9x.418", "k7f3q2hd9x.018"),
    ("k7f3q2hd9x.418", "K7F3Q2HD9X.418"),
    ("k7f3q2hd9x.418", "k7f3q2hd9x.9007199254740992"), ("k7f3q2hd9x.418", "k7f3q2hd9x"),
    ("k7f3q2hd9x.418", ""),
    ("k7f3q2hd9x.418", "k7f3q2hd9x.99999999999999999999999"), ("306Z~3", "306Z~0"), ("306Z~3", "306Z~65536"),
    ("306Z~3", "306"), ("2026-11-21", "2026-02-29"), ("2026-11-21", "1969-12-31"), ("17:21:03", "17:21:60"),
    ("10432", "-1"), ("10432", "1.0"), ("10432", "9007199254740992"), ("10432", "\"1\""), ("anna", ""),
    ("anna", String(repeating: "a", count: 101)), ("anna", "\u{1}"), ("anna", "\\ud800"),
    ("ticket/", "Ticket/"),
    ("ticket/", "/"), ("ticket/", "ticket"), ("ticket/", "9/"), ("{\"id\"", "{ \"id\""),
    ("\"seen\"", "\"sean\""),
    ("{\"status\":\"solved\"}", "[]"), ("{\"status\":\"solved\"}", "{\"\":1}"),
    ("{\"status\":\"solved\"}", "{\"a\":1,\"a\":2}"), ("{\"status\":\"solved\"}", "{\"a\\n\":1}"),
    ("{\"status\":\"solved\"}", "{\"\(String(repeating: "f", count: 201))\":1}"), ("}}", "},}"), ("}}", "}"),
    ("}}", "},\"set\":{}}"), ("}}", "},\"id\":1}"), ("}}", "},\"crc\":\"00000000\"}"), ("}}", "}} "),
    ("}}", "}}}"),
    ("}}", "},\"over\":{\"a\":\"k7f3q2hd9x.1\"}}"), ("}}", "},\"over\":{\"a\":[1]}}"),
    ("}}", "},\"over\":{\"a\":[\"x.1\"]}}"),
    ("}}", "},\"add\":{\"a\":[1]}}"), ("}}", "},\"add\":{\"a\":\"x\"}}"),
    ("}}", "},\"drop\":{\"a\":[\"x\"]}}"),
    ("}}", "},\"drop\":{\"a\":{\"x\":[\"y\"]}}}"), ("}}", "},\"count\":{\"a\":1.5}}"),
    ("}}", "},\"count\":{\"a\":\"1\"}}"),
    ("}}", "},\"count\":{\"a\":9007199254740992}}"), ("}}", "},\"count\":{\"a\":-9223372036854775808}}"),
    ("}}", "},\"count\":{\"a\":99999999999999999999999}}"), ("}}", "},\"erase\":false}"),
    ("}}", "},\"erase\":1}"),
    ("}}", "},\"x\":\(String(repeating: "[", count: 65))\(String(repeating: "]", count: 65))}"),
    ("}}", "},\"x\":01}"), ("}}", "},\"x\":nul}"), ("}}", "},\"x\":\"\\x\"}"), ("}}", "},\"\\u0073et\":{}}"),
    ("}}", "},\"s\\u0065t\":7}"),
    ("}}", "},\"drop\":{\"a\":{\"x\":[],\"x\":[]}}}"),
    ("}}", "},\"drop\":{\"a\":{\"x\":[],\"\\u0078\":[]}}}"),
    ("solved", String(repeating: "s", count: Change.maximumSize)),
  ]

  @Test(arguments: hostile) func oneThingWrongIsRefused(good: String, bad: String) throws {
    let text = Self.line.replacingFirst(good, bad)
    #expect(text != Self.line)
    #expect(throws: JSONError.self) { try ChangeLine.parse(text) }
  }

  @Test func theLargestChangeIsTakenAndOneByteMoreIsNot() throws {
    let room = Change.maximumSize - Self.line.utf8.count
    let largest = Self.line.replacingFirst("solved", "solved" + String(repeating: "s", count: room))
    #expect(try ChangeLine.parse(largest).body.count > room)
    #expect(throws: JSONError.self) { try ChangeLine.parse(largest.replacingFirst("solved", "solveds")) }
  }

  /// Cut anywhere, with any byte replaced by a few others: an error or another line, never a trap.
  @Test func damageAtEveryByteNeverTraps() {
    let line = Array(
      (Self.line.dropLast()
        + #","over":{"a":["k7f3q2hd9x.1"]},"add":{"t":["\u00e9"]},"drop":{"t":{"x":["k7f3q2hd9x.2"]}},"#
        + #""log":{"l":[1,{"a":null}]},"count":{"c":-12},"erase":true,"x":1.5e-3}"#).utf8)
    #expect((try? ChangeLine.parse(line.span)) != nil)
    for index in line.indices {
      #expect((try? ChangeLine.parse(line.span.extracting(0..<index))) == nil)
      for value in Set(Array("\"\\{}[]:,0-9eE. u/~tn".utf8) + [0, 0x0A, 0x80, 0xFF, line[index] ^ 1])
      where value != line[index] {
        var damaged = line
        damaged[index] = value
        guard let change = try? ChangeLine.parse(damaged.span) else { continue }
        #expect(
          ChangeLine.bytes(change) == damaged || String(decoding: damaged, as: UTF8.self).contains("\\"))
        _ = Fold.state(of: change.on, [PlacedChange(change)]).line
      }
    }
  }

  @Test func everyFlippedBitOfACheckedLineIsSeen() throws {
    var line: [UInt8] = []
    ChangeLine.writeChecked(try ChangeLine.parse(Self.line), to: &line)
    line.removeLast()
    for index in line.indices {
      for bit in 0..<8 {
        var damaged = line
        damaged[index] ^= 1 << UInt8(bit)
        #expect((try? ChangeLine.parseChecked(damaged.span)) == nil, "byte \(index), bit \(bit)")
      }
      #expect((try? ChangeLine.parseChecked(line.span.extracting(0..<index))) == nil)
    }
  }
}

extension String {
  func replacingFirst(_ old: String, _ new: String) -> String {
    guard let range = range(of: old) else { return self }
    return replacingCharacters(in: range, with: new)
  }

  private func range(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }

  private func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
