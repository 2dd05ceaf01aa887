import CLI
import Codec
import Foundation
import Testing

@Suite("Import and export")
struct ImportCommandTests {
  private func desk(_ stores: String...) throws -> TestDesk {
    let desk = try TestDesk()
    for store in ["store"] + stores {
      try #require(desk.run("init", "--agent", "anna", "--store", desk.folder + "/" + store).code == .ok)
    }
    return desk
  }

  private func summary(_ outcome: TestDesk.Outcome) -> [Int?] {
    let json = outcome.json
    return [json?["imported"]?.int, json?["unchanged"]?.int, json?["rejected"]?.int]
  }

  @Test(
    "Importing again imports nothing twice",
    arguments: [
      (["northwind/customers.csv", "--mapping", "import/northwind-customers.json"], 91),
      (["star/dialogues.jsonl"], 281), (["uci/incidents.csv.gz", "--mapping", "import/uci.json"], 3566),
    ])
  func again(_ arguments: [String], _ count: Int) throws {
    let desk = try desk()
    let line = arguments.map { $0.contains("/") ? "\(Repository.fixtures)/\($0)" : $0 }
    #expect(summary(desk.run(["import"] + line + ["--json"])) == [count, 0, 0])
    let digest = desk.run("digest").line
    #expect(summary(desk.run(["import"] + line + ["--json"])) == [0, count, 0])
    #expect(desk.run("compact").code == .ok)
    #expect(summary(desk.run(["import"] + line + ["--json"])) == [0, count, 0])
    #expect(desk.run("digest").line == digest)
  }

  @Test("A row that was edited here since is not set back by importing it again")
  func editedSince() throws {
    let desk = try desk()
    let file = try desk.write("ref,name,city\n7,Anna,Lund\n", to: "c.csv")
    #expect(desk.run("import", file, "--format", "customers").code == .ok)
    #expect(desk.run("customer", "set", "7", "city=Malmö").code == .ok)
    #expect(summary(desk.run("import", file, "--format", "customers", "--json")) == [0, 1, 0])
    #expect(desk.run("customer", "show", "7", "--json").json?["fields"]?["city"]?.string == "Malmö")
    let newer = try desk.write("ref,name,city\n7,Anna,Kiruna\n", to: "d.csv")
    #expect(summary(desk.run("import", newer, "--format", "customers", "--json")) == [1, 0, 0])
    #expect(desk.run("customer", "show", "7", "--json").json?["fields"]?["city"]?.string == "Kiruna")
  }

  @Test("Bad records are told with their lines, kept in a file, and can be mended and imported")
  func rejects() throws {
    let desk = try desk()
    let file = try desk.write("ref,name,tags\n1,Anna,a;b\n2\n3,Bo,\n4,\"Eva\n", to: "c.csv")
    let outcome = desk.run("import", file, "--format", "customers")
    #expect(outcome.code == .partial)
    #expect(outcome.output == "2 imported, 0 unchanged, 2 rejected\n")
    #expect(outcome.errors.contains("line 3: ") && outcome.errors.contains("line 5: "))
    #expect(try desk.read("c.csv.rejects") == "ref,name,tags\n2\n4,\"Eva\n")
    let mended = try desk.read("c.csv.rejects").replacing("2\n", with: "2,Ulf,c\n").replacing("\"", with: "")
    let again = try desk.write(mended.replacing("Eva", with: "Eva,"), to: "mended.csv")
    #expect(summary(desk.run("import", again, "--format", "customers", "--json")) == [2, 0, 0])
    #expect(desk.run("customer", "list", "--json").json?.elements?.count == 4)
  }

  @Test("Changes go to another workspace and come back without a copy; conflicts stay conflicts")
  func changes() throws {
    let desk = try desk("other", "third")
    let star = Repository.fixtures + "/star/dialogues.jsonl"
    #expect(desk.run("import", star).code == .ok)
    let id = try desk.ok("ticket", "new", "Two heads", "--ref", "T")
    // A colleague who had not seen it sets the same field.
    let own = desk.run("entity", "show", id, "--changes").line
    let twin = own.replacing(/"id":"[^"]*"/, with: #""id":"b2x9m1c0aa.1""#)
      .replacing(/"set":.*\}$/, with: #""set":{"subject":"Another"}}"#)
    let lines = own + "\n" + twin + "\n"
    #expect(summary(desk.run("import", try desk.write(lines, to: "t.jsonl"), "--json")) == [1, 1, 0])
    #expect(desk.run("ticket", "show", id, "--json").json?["conflicts"]?["subject"]?.elements?.count == 2)

    let all = try desk.write(desk.run("export", "changes").output, to: "all.jsonl")
    let count = try desk.read("all.jsonl").split(separator: "\n").count
    let other = desk.folder + "/other"
    #expect(summary(desk.run("import", all, "--store", other, "--json")) == [count, 0, 0])
    #expect(summary(desk.run("import", all, "--store", other, "--json")) == [0, count, 0])
    #expect(desk.run("ticket", "show", "T", "--store", other, "--json").json?["conflicts"]?["subject"] != nil)
    #expect(summary(desk.run("import", star, "--store", other, "--json")) == [0, 281, 0])
    let back = try desk.write(desk.run("export", "changes", "--store", other).output, to: "back.jsonl")
    #expect(summary(desk.run("import", back, "--json")) == [0, count, 0])
    #expect(summary(desk.run("import", back, "--store", desk.folder + "/third", "--json")) == [count, 0, 0])
    func entities(_ store: String) -> [String] {
      desk.run("export", "entities", "--store", desk.folder + "/" + store).output
        .replacing(/"id":"[^"]*",?/, with: "").replacing(/[0-9a-z]{10}\.[0-9]+/, with: "ID")
        .split(separator: "\n").map(String.init).sorted()
    }
    #expect(entities("store") == entities("other"))
    #expect(entities("store") == entities("third"))
  }

  @Test("A change of an entity that nobody knows is rejected, so is what is no change")
  func unknownChanges() throws {
    let desk = try desk()
    let lines = """
      {"id":"b2x9m1c0aa.2","at":"2026-11-21T17:21:03.306Z","seen":0,"by":"bo","on":"ticket/b2x9m1c0aa.1","set":{"a":1}}
      {"id":"b2x9m1c0aa.3"}
      not JSON

      """
    let outcome = desk.run("import", try desk.write(lines, to: "t.jsonl"), "--format", "changes", "--json")
    #expect(summary(outcome) == [0, 0, 3])
    #expect(outcome.code == .partial)
    #expect(Set(try desk.read("t.jsonl.rejects").split(separator: "\n")) == Set(lines.split(separator: "\n")))
  }

  @Test("Entities go to another workspace with their links, logs, sets and counters")
  func entities() throws {
    let desk = try desk("other")
    let customer = try desk.ok(
      "customer", "new", "Anna, \"A\" Lind", "--phone", "1", "--phone", "2;3", "--tag", "vip")
    _ = try desk.ok("ticket", "new", "A=b", "--customer", customer, "--message", "Line\nline", "n:=1.50")
    _ = try desk.ok("entity", "count", customer, "visits", "3")
    let other = desk.folder + "/other"
    for what in ["entities", "customers", "tickets"] {
      let file = try desk.write(desk.run("export", what).output, to: what)
      let format = what == "entities" ? [] : ["--format", what]
      let target = what == "entities" ? other : desk.folder + "/store"
      let outcome = desk.run(["import", file, "--store", target, "--json"] + format)
      #expect(outcome.code == .ok, "\(outcome.errors)")
    }
    let row = desk.run("export", "entities", "--store", other).output.split(separator: "\n")
    #expect(row.count == 2)
    let shown = desk.run("customer", "list", "--json", "--store", other).json?.elements?.first
    #expect(shown?["name"]?.string == "Anna, \"A\" Lind")
    let ticket = desk.run("ticket", "list", "--json", "--store", other).json?.elements?.first
    #expect(ticket?["customer"]?.string == shown?["id"]?.string)
    let page = desk.run("ticket", "show", ticket?["id"]?.string ?? "", "--json", "--store", other).json
    #expect(page?["logs"]?["timeline"]?.elements?.first?["value"]?["text"]?.string == "Line\nline")
    #expect(page?["fields"]?["n"]?.text == "1.50")
    #expect(desk.run("customer", "list", "--json").json?.elements?.count == 1)
  }

  @Test("A table brings back what is no text: facts with their purposes, consents, numbers, sets")
  func tablesComeBack() throws {
    let desk = try desk("other")
    let customer = try desk.ok("customer", "new", "Bo", "--ref", "K1", "--phone", "1")
    _ = try desk.ok("fact", "set", customer, "shoe", "38", "--channel", "phone")
    _ = try desk.ok(
      "fact", "set", customer, "tea", "green", "--for", "marketing", "--expires", "2999-01-01")
    _ = try desk.ok("consent", "grant", customer, "marketing")
    let ticket = try desk.ok(
      "ticket", "new", "Leak", "--ref", "T", "--customer", customer, "n:=1.50", "zip=012")
    _ = try desk.ok("entity", "add", ticket, "rooms", "a;b", "c")
    _ = try desk.ok("entity", "count", ticket, "visits", "3")
    let other = desk.folder + "/other"
    func fields(_ type: String, _ store: String) -> [JSONText?] {
      let text = desk.run("export", "entities", "--type", type, "--no-logs", "--store", store).output
      let line = try? JSONText(parsing: text.prefix { $0 != "\n" }.utf8)
      return [line?["fields"], line?["sets"], line?["links"]]
    }
    for (what, type) in [("customers", "customer"), ("tickets", "ticket")] {
      let before = fields(type, desk.folder + "/store")
      let file = try desk.write(desk.run("export", what).output, to: what + ".csv")
      for (store, count) in [(other, 1), (desk.folder + "/store", 0)] {
        let done = summary(desk.run("import", file, "--format", what, "--store", store, "--json"))
        #expect(done == [count, 1 - count, 0])
        #expect(fields(type, store) == before)
      }
    }
    #expect(desk.run("ask", customer, "tea").output == desk.run("ask", "K1", "tea", "--store", other).output)
  }

  @Test("An export of entities goes back to its store, and from another store to it, without a copy")
  func entitiesComeBack() throws {
    let desk = try desk("other")
    _ = try desk.ok("checklist", "set", "return", "shoe_size")
    let ticket = try desk.ok("ticket", "new", "Leak", "--message", "Once", "--ref", "T", "--channel", "phone")
    _ = try desk.ok("entity", "log", ticket, "journal", "Same")
    _ = try desk.ok("entity", "log", ticket, "journal", "Same")
    _ = try desk.ok("entity", "count", ticket, "visits", "3")
    _ = try desk.ok("ticket", "note", ticket, "Card 4111")
    let other = desk.folder + "/other"
    let first = try desk.write(desk.run("export", "entities").output, to: "first")
    let digest = desk.run("digest").line
    #expect(summary(desk.run("import", first, "--json"))[0] == 0)
    #expect(desk.run("digest").line == digest)
    #expect(desk.run("import", first, "--store", other).code == .ok)
    #expect(summary(desk.run("import", first, "--store", other, "--json"))[0] == 0)
    // What another workspace agreed on counts here too.
    #expect(desk.run("checklist", "list", "--store", other).output.contains("shoe_size"))
    let back = try desk.write(desk.run("export", "entities", "--store", other).output, to: "back")
    _ = desk.run("import", back)
    let page = desk.run("ticket", "show", "T", "--json").json
    #expect(page?["logs"]?["timeline"]?.elements?.count == 2)
    #expect(page?["logs"]?["journal"]?.elements?.count == 2)
    let counts = desk.run("export", "entities", "--type", "ticket", "--store", other).output
    #expect(counts.contains(#""counts":{"visits":3}"#))
    #expect(desk.run("export", "entities", "--type", "ticket").output.contains(#""counts":{"visits":3}"#))
  }

  @Test("Importing edits of several devices says that conflicts between them need not show")
  func conflictsNotCarried() throws {
    let desk = try desk()
    let lines = """
      {"id":"b2x9m1c0aa.1","at":"2026-11-21T17:21:03.306Z","seen":0,"by":"bo","on":"ticket/b2x9m1c0aa.1","set":{"a":1}}
      {"id":"c2x9m1c0aa.1","at":"2026-11-21T17:21:04.306Z","seen":0,"by":"cy","on":"ticket/b2x9m1c0aa.1","set":{"a":2}}
      {"id":"b2x9m1c0aa.2","at":"2026-11-21T17:21:05.306Z","seen":0,"by":"bo","on":"ticket/b2x9m1c0aa.2","set":{"a":1}}

      """
    let outcome = desk.run("import", try desk.write(lines, to: "t.jsonl"), "--format", "changes")
    #expect(outcome.output == "3 imported, 0 unchanged, 0 rejected\n")
    #expect(outcome.errors.contains("1 imported entity had edits of several devices"))
  }

  @Test("Tables: chosen columns, formulas made harmless, files")
  func tables() throws {
    let desk = try desk()
    _ = try desk.ok("customer", "new", "=1+1", "--ref", "7", "--tag", "b", "--tag", "a")
    #expect(
      desk.run("export", "customers", "--fields", "ref,name,tags").output == "ref,name,tags\r\n7,=1+1,a;b\r\n"
    )
    let path = desk.folder + "/out.csv"
    let outcome = desk.run("export", "customers", "--fields", "name", "--spreadsheet", "--output", path)
    #expect(outcome.output.isEmpty)
    #expect(try desk.read("out.csv") == "name\r\n'=1+1\r\n")
    #expect(desk.run("export", "tickets").output == "ref,id,created,updated\r\n")
    // Times are as every program reads them, whatever counts within a millisecond.
    let change =
      #"{"id":"b2x9m1c0aa.1","at":"2026-11-21T17:21:03.306Z~3","seen":0,"by":"bo","on":"ticket/b2x9m1c0aa.1","#
      + #""set":{"a":1}}"#
    _ = try desk.ok("import", try desk.write(change + "\n", to: "t.jsonl"), "--format", "changes")
    let times = desk.run("export", "tickets", "--fields", "created,updated").output
    #expect(times == "created,updated\r\n2026-11-21T17:21:03.306Z,2026-11-21T17:21:03.306Z\r\n")
    #expect(desk.run("export", "customers", "--output", "/nowhere/x").code == .failed)
    let misspelt = desk.run("export", "customers", "--fields", "nmae,name")
    #expect(misspelt.output == "nmae,name\r\n,=1+1\r\n")
    #expect(misspelt.errors.contains("did you mean 'name'?"))
    #expect(desk.run("export", "customers", "--json").code == .usage)
  }

  @Test(
    "What JSON lines hold is recognised behind a byte order mark and empty lines",
    arguments: ["\u{FEFF}", "\n", "\u{FEFF}\r\n\n"])
  func recognised(_ start: String) throws {
    let desk = try desk()
    let line = #"{"type":"customer","ref":"1","fields":{"name":"Anna"}}"#
    let outcome = desk.run("import", try desk.write(start + line, to: "e.jsonl"), "--json")
    #expect(outcome.code == .ok && summary(outcome) == [1, 0, 0], "\(outcome.errors)")
  }

  @Test(
    "Of a table that is not UTF-8 it is said what to do, also without a mapping", arguments: [true, false])
  func utf16(_ isLittle: Bool) throws {
    let desk = try desk()
    let path = desk.folder + "/u.csv"
    let text = "\u{FEFF}ref,name\r\n1,Anna\r\n"
    try #require(text.data(using: isLittle ? .utf16LittleEndian : .utf16BigEndian))
      .write(to: URL(fileURLWithPath: path))
    let outcome = desk.run("import", path, "--format", "customers")
    #expect(outcome.code == .failed && outcome.errors.contains("UTF-16; save the file as UTF-8"))
    let empty = desk.run("import", try desk.write("\n", to: "empty.csv"), "--format", "customers")
    #expect(empty.code == .failed && empty.errors.contains("the file is empty"), "\(empty.errors)")
  }

  @Test("A file that cannot be imported at all says why and changes nothing")
  func badFiles() throws {
    let desk = try desk()
    #expect(desk.run("import", desk.folder + "/none").code == .notFound)
    let text = try desk.write("a,b\n1,2\n", to: "x.csv")
    #expect(desk.run("import", text).code == .usage)
    #expect(
      desk.run("import", text, "--format", "customers").errors.contains("neither a column 'ref' nor 'id'"))
    #expect(desk.run("import", text, "--format", "events").code == .usage)
    #expect(desk.run("import", text, "--mapping", text).code == .failed)
    let mapping = Repository.fixtures + "/import/uci.json"
    #expect(desk.run("import", text, "--mapping", mapping, "--format", "customers").code == .usage)
    #expect(desk.run("import", text, "--mapping", mapping).errors.contains("no column"))
    let cut = desk.folder + "/cut.csv.gz"
    let whole = try Data(contentsOf: URL(fileURLWithPath: Repository.fixtures + "/uci/incidents.csv.gz"))
    try whole.prefix(1000).write(to: URL(fileURLWithPath: cut))
    #expect(desk.run("import", cut, "--mapping", mapping).code == .damaged)
    #expect(desk.run("export", "entities").output.isEmpty)
  }
}
