import Causality
import Codec
import Import
import Merge
import Testing

@Suite struct WriterTests {
  static func csv(_ cells: [String], isSafe: Bool = false) -> String {
    var output: [UInt8] = []
    CSVWriter(isSafe: isSafe).write(cells, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test func quotesWhatNeedsIt() {
    #expect(
      Self.csv(["a", "b,c", "say \"x\"", "two\nlines", " pad", ""])
        == "a,\"b,c\",\"say \"\"x\"\"\",\"two\nlines\",\" pad\",\r\n")
    #expect(Self.csv([""]) == "\"\"\r\n")
  }

  @Test func formulasAreKeptUnlessSafe() {
    let cells = ["=1+1", "+358 40", "-1", "@x", "a=b"]
    #expect(Self.csv(cells) == "=1+1,+358 40,-1,@x,a=b\r\n")
    #expect(Self.csv(cells, isSafe: true) == "'=1+1,'+358 40,'-1,'@x,a=b\r\n")
    // Reading takes one apostrophe off, so one that is there already gets another.
    for isSafe in [false, true] {
      #expect(Self.csv(["'=1", "''+1", "'a", "'"], isSafe: isSafe) == "''=1,'''+1,'a,'\r\n")
    }
  }

  @Test func readerReadsWhatWriterWrites() {
    let cells = ["\"", "\"\"", ",", "\r\n", "\n", "\r", " ", "", "é", "a\"b"]
    for first in cells {
      for second in cells {
        let text = Self.csv(["a", "b"]) + Self.csv([first, second])
        #expect(CSVTests.read(Array(text.utf8)) == ["1: a|b", "2: \(first)|\(second)"])
      }
    }
  }

  static let id = ReplicaID(bits: 7)

  /// A ticket of a customer, with two heads of the status.
  static func state() throws -> EntityState {
    let on = try #require(EntityID(type: "ticket", origin: ChangeID(id, 1)))
    let customer = try #require(EntityID(type: "customer", origin: ChangeID(id, 9)))
    var first = Draft(set: [
      "ref": "T-1", "status": "open", "subject": "Leak, \"again\"", "customer": customer.description,
    ])
    first.add = ["tags": ["b", "a"]]
    first.count = ["visits": 2]
    first.log = ["timeline": JSONText(object: [("kind", JSONText("note")), ("text", JSONText("Hej"))])]
    let second = Draft(set: ["status": "solved"])
    let changes = [first, second].enumerated().map { index, draft in
      PlacedChange(
        Change(
          id: ChangeID(ReplicaID(bits: 7 + UInt64(index)), 1),
          at: HybridTime(milliseconds: 1000 + UInt64(index)),
          seen: 0, by: "anna", on: on, body: draft.body(over: nil)))
    }
    return Fold.state(of: on, changes)
  }

  @Test func row() throws {
    var writer = EntityWriter(fields: [
      "ref", "id", "status", "customer", "subject", "tags", "visits", "none", "created",
    ])
    writer.ref = { _ in "ALFKI" }
    writer.kinds = ["visits": .count]
    var output: [UInt8] = []
    writer.writeHeader(to: &output)
    writer.writeRow(try Self.state(), to: &output)
    #expect(
      String(decoding: output, as: UTF8.self) == """
        ref,id,status,customer,subject,tags,#visits,none,created\r
        T-1,ticket/0000000007.1,solved,ALFKI,"Leak, ""again""\",a;b,2,,1970-01-01T00:00:01.000Z\r

        """)
  }

  @Test func winnerFollowsThePolicy() throws {
    var writer = EntityWriter(fields: ["status"])
    writer.policy = { _ in .first(of: ["open", "solved"]) }
    var output: [UInt8] = []
    writer.writeRow(try Self.state(), to: &output)
    #expect(String(decoding: output, as: UTF8.self) == "open\r\n")
  }

  @Test func lineIsReadBack() throws {
    var writer = EntityWriter()
    writer.ref = { _ in "ALFKI" }
    var output: [UInt8] = []
    writer.writeLine(try Self.state(), to: &output)
    #expect(
      String(decoding: output, as: UTF8.self) == """
        {"type":"ticket","ref":"T-1","id":"ticket/0000000007.1",\
        "fields":{"status":"solved","subject":"Leak, \\"again\\""},"sets":{"tags":["a","b"]},\
        "links":{"customer":"customer/ALFKI"},"counts":{"visits":2},"conflicts":{"status":["open","solved"]},\
        "log":[{"id":"0000000007.1","at":"1970-01-01T00:00:01.000Z","by":"anna","timeline":{"kind":"note","text":"Hej"}}]}

        """)
    let imported = try Imported(.entities, output)
    #expect(
      imported.edits.map(\.text) == [
        """
        ticket/T-1 now - status="solved" subject="Leak, \\"again\\"" customer->customer/ALFKI tags+[a, b]
        """,
        """
        ticket/T-1 1970-01-01T00:00:01.000Z anna timeline:{"kind":"note","text":"Hej"}
        """,
      ])
    #expect(imported.edits[0].draft.count == ["visits": 2])
    #expect(imported.rejects == [])
  }

  @Test func columnsSayWhatTheyHold() {
    let columns: [(ExportedColumn, String)] = [
      (ExportedColumn("name", .text), "name"), (ExportedColumn("fact.shoe", .json), "fact.shoe:="),
      (ExportedColumn("tags", .set), "tags"), (ExportedColumn("followers", .set), "followers+="),
      (ExportedColumn("visits", .count), "#visits"),
    ]
    for (column, name) in columns {
      #expect(column.name == name)
      #expect(ExportedColumn(name: name) == column)
    }
  }

  @Test func setWithSeparatorInAnElementIsAnArray() throws {
    let on = try #require(EntityID(type: "customer", origin: ChangeID(Self.id, 1)))
    var draft = Draft()
    draft.add = ["tags": ["a;b", "c"]]
    let change = Change(
      id: on.origin, at: .zero, seen: 0, by: "anna", on: on, body: draft.body(over: nil))
    var output: [UInt8] = []
    EntityWriter(fields: ["tags"]).writeRow(Fold.state(of: on, [PlacedChange(change)]), to: &output)
    #expect(String(decoding: output, as: UTF8.self) == "\"[\"\"a;b\"\",\"\"c\"\"]\"\r\n")
    let mapping = #"{"kind":"customers","id":"{id}","sets":{"tags":[{"from":"{tags}","separator":";"}]}}"#
    let file = Array("id,tags\n1,".utf8) + output
    let imported = try Imported(.table(try Mapping(json: Array(mapping.utf8))), file)
    #expect(imported.edits.first?.draft.add == ["tags": ["a;b", "c"]])
  }
}
