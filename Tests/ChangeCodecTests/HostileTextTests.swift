import Causality
import Codec
import Merge
import Testing

@testable import ChangeCodec

/// Texts that a client may send with nothing good in mind.
@Suite struct HostileTextTests {
  private static let keys = [
    "first", "stamp", "sum", "replica", "by", "seen", "seq", "times", "on", "names", "who", "seenlimit",
    "positions", "at",
    "blocks",
  ]
  private static let values = [
    "5", "-1", "\"\"", "\"x\"", "\"~\"", "\"/\"", "[]", "[5]", "[\"\"]", "[\"~\"]", "[\"5~\"]", "[[]]",
    "[[1,2,3,4,5,6]]",
    "[[1,1,1,\"\",1,1]]", "{}", "{\"a\":1}", "null", "true", "9007199254740993", "99999999999999999999999999",
    "1e400",
  ]

  /// A value of a kind that nobody expects there, at every key of a header.
  @Test(arguments: keys) func anyValueOfAHeaderIsAnError(key: String) {
    let block = [
      ("first", "1"), ("stamp", "\"2026-11-21T17:22:40.001Z\""), ("sum", "\"5f0c22d1\""),
      ("replica", "\"k7f3q2hd9x\""), ("by", "\"anna\""), ("seen", "0"), ("seq", "1"), ("times", "[1]"),
      ("on", "[\"ticket/\"]"), ("names", "[\"bo\"]"), ("who", "[1]"),
    ]
    let run = [
      ("positions", "[1]"), ("at", "[1]"), ("blocks", "[[1,\"k7f3q2hd9x\",1,\"anna\",0,1]]"),
      ("names", "[\"bo\"]"),
      ("who", "[1]"),
    ]
    for value in Self.values {
      let blockText = Self.header(block, key, value) + "{}\n"
      let runText = Self.header(run, key, value) + "\"ticket/\"\n{}\n"
      _ = try? BlockText.parseAll(Array(blockText.utf8).span)
      _ = try? RunText.parse(Array(runText.utf8).span)
    }
    #expect((try? BlockText.parseAll(Array((Self.header(block, "", "") + "{}\n").utf8).span)) != nil)
    #expect((try? RunText.parse(Array((Self.header(run, "", "") + "\"ticket/\"\n{}\n").utf8).span)) != nil)
  }

  private static func header(_ members: [(String, String)], _ key: String, _ value: String) -> String {
    "{" + members.map { "\"\($0.0)\":\($0.0 == key ? value : $0.1)" }.joined(separator: ",") + "}\n"
  }

  /// Times stand in the order of positions, so no two positions may be the same.
  @Test(arguments: [("[2,-1]", true), ("[2,0]", false)]) func noTwoChangesShareAPosition(
    positions: String, isRight: Bool
  ) {
    let text =
      "{\"positions\":\(positions),\"at\":[5,2],\"blocks\":[[1,\"k7f3q2hd9x\",1,\"anna\",0,1]]}\n"
      + "\"ticket/k7f3q2hd9x.1\"\n{}\n{}\n"
    let changes = try? RunText.parse(Array(text.utf8).span)
    #expect(changes?.map(\.change.at.milliseconds) == (isRight ? [7, 5] : nil))
  }

  /// What stands in quotes counts only in quotes.
  @Test(arguments: ["1234567890", "[1234567]", "[12345678]"]) func sumIsAString(value: String) {
    let text =
      "{\"first\":1,\"stamp\":\"2026-11-21T17:22:40.001Z\",\"sum\":\(value),\"replica\":\"k7f3q2hd9x\",\"by\":\"anna\","
      + "\"seen\":0,\"seq\":1,\"times\":[1],\"on\":[\"ticket/\"]}\n{}\n"
    #expect(throws: JSONError.self) { try BlockText.parseAll(Array(text.utf8).span) }
  }

  /// A column is given up where it is too long, not when all of it is in memory.
  @Test(arguments: [
    ("times", "0"), ("on", "\"\""), ("who", "0"), ("names", "\"a\""), ("positions", "1"),
    ("blocks", "[1,\"k7f3q2hd9x\",1,\"a\",0,1]"),
  ])
  func columnIsCounted(column: String, element: String) throws {
    let start = "{\"replica\":\"k7f3q2hd9x\",\"by\":\"a\",\"seen\":0,\"seq\":1,"
    let first = column == "on" ? "\"ticket/\"" : element
    let elements = first + String(repeating: "," + element, count: 100_000)
    let times = column == "times" ? "" : "\"times\":[0],"
    let text = start + times + "\"\(column)\":[" + elements + "]}\n{}\n"
    let isRun = ["positions", "blocks"].contains(column)
    let error = #expect(throws: JSONError.self) {
      if isRun {
        _ = try RunText.parse(Array(text.utf8).span)
      } else {
        _ = try BlockText.parseAll(Array(text.utf8).span)
      }
    }
    #expect(try #require(error).reason.hasPrefix("a column of more than"))
    #expect(try #require(error).offset < text.utf8.count / 2)
  }

  /// The size of a body is looked at before what is in it.
  @Test func longBodyIsNotRead() throws {
    let names = (0..<30_000).map { "\"field\($0)\":0" }.joined(separator: ",")
    let text =
      "{\"replica\":\"k7f3q2hd9x\",\"by\":\"a\",\"seen\":0,\"seq\":1,\"times\":[1],\"on\":[\"ticket/\"]}\n"
      + "{\"set\":{\(names)},wrong}\n"
    let error = #expect(throws: JSONError.self) { try BlockText.parseAll(Array(text.utf8).span) }
    #expect(try #require(error).reason.hasPrefix("a change of more than"))
  }
}
