import Causality
import Codec
import Import
import Merge
import Testing

@Suite struct StarTests {
  static let dialogue = """
    {"AnonymizedUserWorkerID":"u1","AnonymizedWizardWorkerID":"w1","CompletionLevel":"Complete",\
    "DialogueID":7,\
    "Events":[{"Action":"utter","Agent":"User","Text":"Hello","UnixTime":1589375241},\
    {"Action":"request_suggestions","Agent":"Wizard","Text":"typed","UnixTime":1589375242},\
    {"Action":"pick_suggestion","Agent":"Wizard","Text":"How can I help?","UnixTime":1589375243},\
    {"Action":"return_item","Agent":"KnowledgeBase","Item":{}},\
    {"Action":"instruct","Agent":"UserGuide","Text":"hint","UnixTime":1589375244},\
    {"Action":"utter","Agent":"Wizard","Text":"Bye","UnixTime":1589375245},\
    {"Action":"complete","Agent":"User","UnixTime":1589375250}],"Scenario":{"Domains":["bank","ride"]}}
    """

  @Test func dialogueIsACustomerAndATicket() throws {
    let imported = try Imported(.star, Self.dialogue)
    #expect(
      imported.edits.map(\.text) == [
        #"customer/u1 2020-05-13T13:07:21.000Z w1 language="en""#,
        """
        ticket/star-7 2020-05-13T13:07:21.000Z w1 channel="chat" status="new" topic="bank, ride" \
        customer->customer/u1 tags+[bank, ride] \
        timeline:{"kind":"message","channel":"chat","direction":"in","text":"Hello"}
        """,
        """
        ticket/star-7 2020-05-13T13:07:23.000Z w1 assignee="w1" status="open" \
        timeline:{"kind":"message","channel":"chat","direction":"out","text":"How can I help?"}
        """,
        """
        ticket/star-7 2020-05-13T13:07:25.000Z w1 \
        timeline:{"kind":"message","channel":"chat","direction":"out","text":"Bye"}
        """,
        #"ticket/star-7 2020-05-13T13:07:30.000Z w1 completion="Complete" status="solved""#,
      ])
    #expect(Set(imported.edits.map(\.once)).count == 5)
  }

  @Test func badLinesAreRejects() throws {
    let bad = [
      "{", "[]", #"{"DialogueID":1}"#, Self.dialogue.replacing("\"Hello\"", with: "7"),
      Self.dialogue.replacing("1589375241", with: "-1"), Self.dialogue.replacing("\"w1\"", with: "\"\""),
    ]
    let imported = try Imported(.star, bad.joined(separator: "\r\n") + "\n\n" + Self.dialogue)
    #expect(imported.edits.count == 5)
    #expect(
      imported.rejects.map(\.description) == [
        "line 1: not JSON: expected '\"'", "line 2: not a JSON object",
        "line 3: AnonymizedUserWorkerID: is missing",
        "line 4: Events[0].Text: not a string", "line 5: Events[0].UnixTime: no time in seconds since 1970",
        "line 6: AnonymizedWizardWorkerID: is missing or no agent's name",
      ])
    #expect(imported.rejects[1].raw == Array("[]\n".utf8))
    #expect(imported.header == [])
  }

  /// Counted by a Python script: dialogues, customers, agents, messages in and out, completed.
  static func check(_ imported: Imported, _ expected: [Int]) {
    let tickets = imported.edits.filter { $0.key.type == "ticket" }
    let messages = tickets.compactMap { $0.draft.log["timeline"]?["direction"]?.string }
    #expect(imported.rejects == [])
    #expect(
      [
        Set(tickets.map(\.key)).count, imported.edits.count - tickets.count,
        Set(imported.edits.map(\.by)).count,
        messages.count { $0 == "in" }, messages.count { $0 == "out" },
        tickets.count { $0.draft.set["status"]?.string == "solved" },
      ] == expected)
    #expect(Set(imported.edits.map { "\($0.key) \($0.once)" }).count == imported.edits.count)
  }

  @Test(arguments: [1 << 20, 1009]) func fixture(piece: Int) throws {
    let imported = try Imported(.star, Sample.fixture("star/dialogues.jsonl"), piece: piece)
    Self.check(imported, [14, 4, 13, 132, 131, 13])
  }

  @Test(.realData) func whole() throws {
    let imported = try Imported(.star, Sample.data("star_dialogues.jsonl.gz"))
    Self.check(imported, [5322, 105, 112, 43_451, 43_222, 4666])
  }
}

@Suite struct EntityLinesTests {
  @Test func entityWithEverything() throws {
    let line = """
      {"type":"customer","ref":"ALFKI","at":"2026-11-21T17:21:03.306Z~2","by":"anna", \
      "id":"customer/0000000000.1", \
      "fields":{"name":"Maria Anders","fact.shoe_size":38,"old":null,"x":{"a":[1]}}, \
      "sets":{"phones":["030-0074321"]}, \
      "links":{"organisation":"organisation/a/b"},"counts":{"visits":3},"conflicts":{"name":["a"]}, \
      "log":[{"at":"2026-11-21","by":"bo","timeline":{"kind":"note"}},{"timeline":1},{"timeline":1}]}
      """
    let imported = try Imported(.entities, line)
    #expect(
      imported.edits.map(\.text) == [
        """
        customer/ALFKI 2026-11-21T17:21:03.306Z~2 anna fact.shoe_size=38 name="Maria Anders" x={"a":[1]} \
        old= organisation->organisation/a/b phones+[030-0074321]
        """,
        #"customer/ALFKI 2026-11-21T00:00:00.000Z bo timeline:{"kind":"note"}"#,
        "customer/ALFKI 2026-11-21T17:21:03.306Z~2 anna timeline:1",
        "customer/ALFKI 2026-11-21T17:21:03.306Z~2 anna timeline:1",
      ])
    #expect(Set(imported.edits.map(\.once)).count == 4)
    #expect(imported.edits[0].draft.count == ["visits": 3])
  }

  @Test func elementsThatNameEntitiesComeBehindAllElse() throws {
    let line = """
      {"type":"ticket","ref":"1","fields":{"a":1,"reply.0000000007.1":2}, \
      "links":{"customer":"customer/C","links":["related ticket/T 1","child ticket/2"],"same":["customer/a/b"]}, \
      "log":[{"id":"0000000007.1","timeline":{"kind":"note"}}]}
      """
    let imported = try Imported(.entities, line)
    #expect(imported.rejects == [])
    #expect(
      imported.edits.map(\.text) == [
        "ticket/1 now - a=1 customer->customer/C", #"ticket/1 now - timeline:{"kind":"note"}"#,
        "ticket/1 now - reply.0000000007.1=2", "ticket/1 now -",
      ])
    #expect(
      imported.edits.last?.ties["links"]?.map(\.description) == ["related ticket/T 1", "child ticket/2"])
    #expect(imported.edits.last?.ties["same"]?.map(\.key) == [EntityKey("customer", "a/b")])
    #expect(Set(imported.edits.map(\.once)).count == 4)
  }

  @Test func entityWithoutFieldsIsCreated() throws {
    let imported = try Imported(.entities, #"{"type":"customer","ref":"1"}"#)
    #expect(imported.edits.map(\.isEmpty) == [true])
  }

  @Test(arguments: [
    (#"{"ref":"1"}"#, "type: missing, or no entity type (1 to 32 of a-z 0-9 _ -, a letter first)"),
    (#"{"type":"customer"}"#, "ref: is missing"),
    (
      #"{"type":"customer","ref":"1","feilds":{}}"#,
      "feilds: unknown key; known are at, by, conflicts, counts, fields, id, links, log, ref, sets, type"
    ),
    (#"{"type":"customer","ref":"1","fields":[]}"#, "fields: not an object"),
    (
      #"{"type":"customer","ref":"1","fields":{"a\"b":1}}"#,
      #"fields: "a"b" is no field name (1 to 200 bytes without quotes and backslashes)"#
    ),
    (#"{"type":"customer","ref":"1","fields":{"ref":1}}"#, #"fields: "ref" stands beside "type""#),
    (#"{"type":"customer","ref":"1","sets":{"a":["x",1]}}"#, "sets.a: not a list of strings"),
    (
      #"{"type":"customer","ref":"1","links":{"a":"customer"}}"#,
      #"links.a: expected "type/ref", such as "customer/ALFKI""#
    ),
    (
      #"{"type":"customer","ref":"1","links":{"a":["customer"]}}"#,
      #"links.a: expected "type/ref" or "word type/ref" in the list"#
    ),
    (#"{"type":"customer","ref":"1","counts":{"a":0.5}}"#, "counts.a: not a whole number up to 2^53"),
    (
      #"{"type":"customer","ref":"1","counts":{"a":-9223372036854775808}}"#,
      "counts.a: not a whole number up to 2^53"
    ),
    (
      #"{"type":"customer","ref":"1","at":"yesterday"}"#,
      #"at: "yesterday" is no time like 2026-11-21T17:21:03.306Z"#
    ),
    (
      #"{"type":"customer","ref":"1","log":[{}]}"#,
      #"log[0]: expected "id", "at", "by" and one log's name, such as "timeline""#
    ),
    (#"{"type":"customer","type":"customer"}"#, "a member stands twice"),
  ]) func badEntity(line: String, reason: String) throws {
    #expect(try Imported(.entities, line).rejects.map(\.reason) == [reason])
  }

  @Test func longLineIsARejectAndTheNextIsRead() throws {
    let file =
      #"{"type":"customer","ref":""# + String(repeating: "x", count: 9 << 20) + "\"}\n"
      + #"{"type":"customer","ref":"2"}"#
    for piece in [1 << 20, 100 << 20] {
      let imported = try Imported(.entities, file, piece: piece)
      #expect(imported.rejects.map(\.line) == [1])
      #expect(imported.rejects.first?.raw.count == 8 << 20)
      #expect(imported.edits.map(\.key.ref) == ["2"])
    }
  }

  @Test func changeThatWouldBeTooLargeIsARejectOfItsLine() throws {
    let file =
      #"{"type":"customer","ref":"1","fields":{"a":""# + String(repeating: "x", count: 256 << 10) + "\"}}\n"
    let imported = try Imported(.entities, file)
    #expect(imported.rejects.map(\.line) == [1])
  }
}
