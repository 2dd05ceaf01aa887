import Codec
import Testing

@testable import CLI

@Suite("Tickets that were merged, at the command line")
struct MergedTicketTests {
  /// A desk with two tickets of one customer; the second one has a promise and a fact and became a part of the first.
  private func desk() throws -> (desk: TestDesk, whole: String, part: String) {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    let customer = try desk.ok("customer", "new", "Lars", "--ref", "B1")
    let whole = try desk.ok("ticket", "new", "Tap", "--customer", customer, "--ref", "T1")
    let part = try desk.ok(
      "ticket", "new", "Tap!", "--customer", customer, "--ref", "T2", "--message", "Drips")
    _ = try desk.ok("promise", "add", "A plumber", "--ticket", part)
    _ = try desk.ok("fact", "set", part, "size", "38")
    _ = try desk.ok("ticket", "merge", whole, part)
    return (desk, whole, part)
  }

  private func store(_ desk: TestDesk, _ name: String) throws -> String {
    let folder = desk.folder + "/" + name
    try #require(desk.run("init", "--agent", "anna", "--store", folder).code == .ok)
    return folder
  }

  /// The one ticket of a store, as both numbers find it.
  private func whole(_ desk: TestDesk, _ store: String) throws -> JSONText {
    let rows = desk.run("ticket", "list", "--status", "all", "--json", "--store", store).json?.elements ?? []
    try #require(rows.count == 1)
    let page = try #require(desk.run("ticket", "show", "T1", "--json", "--store", store).json)
    #expect(page["id"] == rows[0]["id"])
    #expect(desk.run("ticket", "show", "T2", "--json", "--store", store).json?["id"] == page["id"])
    return page
  }

  @Test("An export of entities keeps merges, though a promise names the part first")
  func entities() throws {
    let (desk, _, _) = try desk()
    let file = try desk.write(desk.run("export", "entities").output, to: "e.jsonl")
    let other = try store(desk, "other")
    #expect(desk.run("import", file, "--format", "entities", "--store", other).code == .ok)
    let page = try whole(desk, other)
    #expect(page["fields"]?["subject"]?.string == "Tap" && page["fields"]?["ref"]?.string == "T1")
    #expect(page["promises"]?.elements?.count == 1)
    #expect(page["fields"]?["merged"] == nil)
    #expect(page["timeline"]?.elements?.contains { $0["text"]?.string == "Drips" } == true)
    let digest = desk.run("digest", "--store", other).line
    let again = desk.run("import", file, "--format", "entities", "--store", other, "--json").json
    #expect(again?["imported"]?.int == 0)
    #expect(desk.run("digest", "--store", other).line == digest)
  }

  @Test("Where the part was there before, it becomes the whole and says what the whole said")
  func partBefore() throws {
    let (desk, _, _) = try desk()
    _ = try desk.ok("ticket", "set", "T1", "--priority", "high", "--status", "pending")
    let text = desk.run("export", "entities").output
    let other = try store(desk, "other")
    let part = #"{"type":"ticket","ref":"T2","fields":{"subject":"Tap!","status":"new"}}"# + "\n"
    _ = desk.run("import", try desk.write(part, to: "p.jsonl"), "--format", "entities", "--store", other)
    let file = try desk.write(text, to: "e.jsonl")
    #expect(desk.run("import", file, "--format", "entities", "--store", other).code == .ok)
    let page = try whole(desk, other)
    #expect(page["fields"]?["subject"]?.string == "Tap" && page["fields"]?["status"]?.string == "pending")
    #expect(page["fields"]?["priority"]?.string == "high" && page["fields"]?["ref"]?.string == "T2")
    let again = desk.run("import", file, "--format", "entities", "--store", other, "--json").json
    #expect(again?["imported"]?.int == 0)
    // What a later export says of its whole, the whole says here, and an old one takes nothing back.
    _ = try desk.ok("ticket", "set", "T1", "--status", "open")
    _ = try desk.ok("ticket", "set", "T1", "--team", "roof")
    let later = try desk.write(desk.run("export", "entities").output, to: "l.jsonl")
    #expect(desk.run("import", later, "--format", "entities", "--store", other).code == .ok)
    let after = try whole(desk, other)
    #expect(after["fields"]?["status"]?.string == "open" && after["fields"]?["team"]?.string == "roof")
    #expect(after["fields"]?["subject"]?.string == "Tap" && after["fields"]?["ref"]?.string == "T2")
    _ = try desk.ok("ticket", "set", "T2", "--status", "pending", "--store", other)
    for file in [later, file] {
      let outcome = desk.run("import", file, "--format", "entities", "--store", other, "--json").json
      #expect(outcome?["imported"]?.int == 0)
    }
    #expect(try whole(desk, other)["fields"]?["status"]?.string == "pending")
  }

  @Test("Of tickets that were merged here only, an export of one says nothing of the other")
  func mergedHere() throws {
    let desk = try TestDesk()
    let store = try store(desk, "store")
    func file(_ status: String) throws -> String {
      try desk.write(
        ["T1", "T2"].map {
          #"{"type":"ticket","ref":"\#($0)","fields":{"subject":"Tap","status":"\#($0 == "T2" ? status : "open")"}}"#
            + "\n"
        }.joined(), to: "\(status).jsonl")
    }
    func bring(_ status: String) throws {
      let outcome = desk.run("import", try file(status), "--format", "entities", "--store", store)
      #expect(outcome.code == .ok, "\(outcome.errors)")
    }
    try bring("new")
    _ = try desk.ok("ticket", "merge", "T1", "T2", "--store", store)
    try bring("pending")
    #expect(try whole(desk, store)["fields"]?["status"]?.string == "new")
  }

  @Test("An export of the changes of two devices keeps merges, though the part was made first")
  func changes() throws {
    let desk = try TestDesk()
    let store = try store(desk, "store")
    func line(_ id: String, _ on: String, _ body: String) -> String {
      #"{"id":"\#(id)","at":"2026-11-20T10:00:0\#(id.suffix(1)).000Z","seen":0,"by":"bo","on":"ticket/\#(on)",\#(body)}"#
        + "\n"
    }
    let (whole, part) = ("a2x9m1c0aa.1", "b2x9m1c0aa.1")
    let text =
      line(part, part, #""set":{"ref":"T2","status":"new","subject":"Tap!"}"#)
      + line(whole, whole, #""set":{"ref":"T1","status":"open","subject":"Tap"}"#)
      + line("b2x9m1c0aa.2", part, #""set":{"merged":"ticket/\#(whole)"}"#)
      + line("a2x9m1c0aa.2", whole, #""set":{"status":"solved"},"over":{"status":["\#(whole)"]}"#)
    let file = try desk.write(text, to: "c.jsonl")
    let outcome = desk.run("import", file, "--format", "changes", "--json", "--store", store)
    #expect(outcome.json?["imported"]?.int == 4, "\(outcome.errors) \(outcome.output)")
    let page = try self.whole(desk, store)
    #expect(page["fields"]?["subject"]?.string == "Tap" && page["fields"]?["status"]?.string == "solved")
    #expect(page["fields"]?["merged"] == nil)
    let digest = desk.run("digest", "--store", store).line
    #expect(
      desk.run("import", file, "--format", "changes", "--json", "--store", store).json?["imported"]?.int == 0)
    #expect(desk.run("digest", "--store", store).line == digest)
  }

  @Test("What is said by the part's number goes to the whole")
  func numbers() throws {
    let (desk, whole, _) = try desk()
    for arguments in [
      ["ticket", "set", "T2", "--priority", "high"], ["ticket", "tag", "T2", "leak", "vip"],
      ["ticket", "untag", "T2", "vip"], ["fact", "set", "T2", "colour", "red"],
      ["promise", "add", "A call", "--ticket", "T2"],
    ] {
      let outcome = desk.run(arguments)
      #expect(
        outcome.code == .ok && outcome.errors.contains("is a part of"), "\(arguments): \(outcome.errors)")
    }
    let state = try #require(desk.run("entity", "show", whole, "--json").json)
    #expect(state["fields"]?["priority"]?.string == "high")
    #expect(state["sets"]?["tags"]?.elements?.compactMap(\.string) == ["leak"])
    #expect(state["fields"]?["fact.colour"]?["value"]?.string == "red")
    let promises = desk.run("promise", "list", "--json").json?.elements
    #expect(promises?.contains { $0["ticket"]?.string == whole && $0["text"]?.string == "A call" } == true)
  }

  @Test("Whichever number is used, the facts of all parts answer")
  func facts() throws {
    let (desk, whole, _) = try desk()
    _ = try desk.ok("fact", "set", whole, "colour", "red")
    _ = try desk.ok("checklist", "set", "repair", "size", "colour")
    for number in ["T1", "T2"] {
      #expect(desk.run("fact", "get", number, "size", "--json").json?["value"]?.string == "38", "\(number)")
      #expect(desk.run("fact", "list", number, "--json").json?.elements?.count == 2, "\(number)")
      #expect(desk.run("ask", "B1", "size", "colour", "--ticket", number, "--no-log").code == .ok)
      #expect(desk.run("checklist", number, "--for", "repair").code == .ok, "\(number)")
      #expect(desk.run("ticket", "show", number).output.contains("size"))
    }
    // What the part says is known, so that nobody makes the customer say it again.
    #expect(desk.run("fact", "set", "T1", "size", "38").errors.contains("had said so already"))
    _ = try desk.ok("fact", "retract", "T1", "size")
    #expect(desk.run("fact", "get", "T2", "size").code == .notFound)
  }

  @Test("Two parts that say different things are to be confirmed")
  func differentFacts() throws {
    let (desk, whole, _) = try desk()
    let other = try desk.ok("ticket", "new", "Tap?", "--customer", "B1", "--ref", "T3")
    _ = try desk.ok("fact", "set", other, "size", "40")
    _ = try desk.ok("ticket", "merge", whole, other)
    for number in ["T1", "T2", "T3"] {
      let asked = desk.run("ask", "B1", "size", "--ticket", number, "--no-log")
      #expect(asked.code.rawValue == 5, "\(number)")
      #expect(asked.output.contains("38") && asked.output.contains("40"))
    }
  }

  @Test(
    "A link is taken away as what it is, also where it stands on a part; none says the opposite of another")
  func links() throws {
    let (desk, whole, part) = try desk()
    let other = try desk.ok("ticket", "new", "Pipe")
    _ = try desk.ok("ticket", "link", whole, other, "--as", "parent")
    let opposite = desk.run("ticket", "link", whole, other, "--as", "child")
    #expect(opposite.code == .failed && opposite.errors.contains("parent"))
    let wrong = desk.run("ticket", "unlink", whole, other, "--as", "causes")
    #expect(wrong.code == .failed && wrong.errors.contains("parent"))
    _ = try desk.ok("ticket", "link", whole, other)
    #expect(desk.run("ticket", "unlink", whole, other).code == .ambiguous)
    _ = try desk.ok("ticket", "unlink", whole, other, "--as", "related")
    // Without a word the only one is meant.
    #expect(try desk.ok("ticket", "unlink", other, whole) == "changed \(other)")
    #expect(try desk.ok("ticket", "unlink", whole, other).contains("is not linked to"))
    _ = try desk.ok("entity", "add", part, "links", "related \(other)")
    _ = try desk.ok("ticket", "unlink", whole, other)
    #expect(!desk.run("ticket", "show", whole).output.contains("related"))
    // What a part is to it, the whole is.
    _ = try desk.ok("entity", "add", part, "links", "parent \(other)")
    let contrary = desk.run("ticket", "link", whole, other, "--as", "child")
    #expect(contrary.code == .failed && contrary.errors.contains("parent"))
  }
}
