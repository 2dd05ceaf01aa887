import Codec
import Testing

@testable import CLI

@Suite("Exports that are imported again")
struct ExportRoundTests {
  private func desk(_ stores: String...) throws -> TestDesk {
    let desk = try TestDesk()
    for store in ["store"] + stores {
      try #require(desk.run("init", "--agent", "anna", "--store", desk.folder + "/" + store).code == .ok)
    }
    return desk
  }

  /// What an import did: how many it imported and passed over, and how many it rejected.
  private func imported(_ desk: TestDesk, _ file: String, _ format: String, to store: String = "store")
    -> [Int?]
  {
    let json = desk.run("import", file, "--format", format, "--json", "--store", desk.folder + "/" + store)
      .json
    return [json?["imported"]?.int, json?["unchanged"]?.int, json?["rejected"]?.int]
  }

  /// Exports and imports where that came from, as all of entities, customers and tickets: nothing may change.
  private func expectNoChange(_ desk: TestDesk, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let digest = desk.run("digest").line
    for what in ["entities", "customers", "tickets"] {
      let file = try desk.write(desk.run("export", what).output, to: what)
      let done = imported(desk, file, what)
      #expect(done[0] == 0 && done[2] == 0, "\(what): \(done)", sourceLocation: sourceLocation)
      #expect(desk.run("digest").line == digest, "\(what)", sourceLocation: sourceLocation)
    }
  }

  /// A change of a colleague's that did not know of the entity's one change, brought in beside it.
  private func diverge(_ desk: TestDesk, _ id: String, _ body: String) throws {
    let own = desk.run("entity", "show", id, "--changes").line.split(separator: "\n")[0]
    let twin = own.replacing(/"id":"[^"]*"/, with: #""id":"b2x9m1c0aa.1""#).replacing(
      /"set":.*\}$/, with: body + "}")
    let file = try desk.write(own + "\n" + twin + "\n", to: "twin.jsonl")
    #expect(imported(desk, file, "changes") == [1, 1, 0])
  }

  @Test("Two customers with one number stay two")
  func twoOfOneNumber() throws {
    let desk = try desk()
    for name in ["Anna", "Bo"] {
      let id = try desk.ok("customer", "new", name, "--phone", "1", "--ref", name)
      _ = try desk.ok("ticket", "new", "Of " + name, "--customer", id)
      _ = try desk.ok("entity", "set", id, "ref=100")
    }
    try expectNoChange(desk)
    let names = desk.run("customer", "list", "--json").json?.elements?.compactMap { $0["name"]?.string }
    #expect(names?.sorted() == ["Anna", "Bo"])
  }

  @Test("A row is about the entity of its id, also when its number was changed in the table")
  func numberChanged() throws {
    let desk = try desk()
    _ = try desk.ok("customer", "new", "Anna", "--ref", "007")
    let table = desk.run("export", "customers").output.replacing("007,", with: "7,")
    #expect(imported(desk, try desk.write(table, to: "c.csv"), "customers") == [1, 0, 0])
    let rows = desk.run("customer", "list", "--json").json?.elements
    #expect(rows?.count == 1)
    #expect(rows?.first?["ref"]?.string == "7")
  }

  @Test("A conflict that is exported and imported where it came from stays open")
  func conflictStays() throws {
    let desk = try desk()
    let ticket = try desk.ok("ticket", "new", "Two heads", "--ref", "T")
    try diverge(desk, ticket, #""set":{"subject":"Another","priority":"high"}"#)
    try expectNoChange(desk)
    #expect(desk.run("ticket", "show", ticket, "--json").json?["conflicts"]?["subject"]?.elements?.count == 2)
    // What is newly said beside it is imported.
    let table = desk.run("export", "tickets", "--fields", "ref,id,subject,priority").output
    let changed = try desk.write(table.replacing("high", with: "urgent"), to: "t.csv")
    #expect(imported(desk, changed, "tickets") == [1, 0, 0])
    let page = desk.run("ticket", "show", ticket, "--json").json
    #expect(page?["conflicts"]?["subject"]?.elements?.count == 2)
    #expect(page?["fields"]?["priority"]?.string == "urgent")
  }

  @Test("Values, elements, counters and merged profiles come back as they were, round after round")
  func rounds() throws {
    let desk = try desk()
    let first = try desk.ok("customer", "new", "  Padded Name ", "--ref", "1", "--phone", "1", "city=Old")
    let second = try desk.ok("customer", "new", "Twin", "--ref", "2", "--phone", "2", "city=New")
    _ = try desk.ok("entity", "add", first, "rooms", " a", "b ")
    _ = try desk.ok("entity", "count", first, "visits", "3")
    _ = try desk.ok("entity", "count", second, "visits", "2")
    try expectNoChange(desk)
    _ = try desk.ok("customer", "merge", first, second)
    _ = try desk.ok("customer", "set", first, "city=Newest")
    for _ in 0..<2 { try expectNoChange(desk) }
    #expect(desk.run("customer", "show", first, "--json").json?["fields"]?["city"]?.string == "Newest")
  }

  @Test("Apostrophes that make a table safe for a spreadsheet are taken off; those of a value stay")
  func spreadsheets() throws {
    let desk = try desk("other")
    let other = desk.folder + "/other"
    let names = ["=1+1", "'=1+1", "''@x", "'Søren", "+46"]
    for (index, name) in names.enumerated() {
      _ = try desk.ok("customer", "new", name, "--ref", "\(index)", "--phone", "+4670\(index)", "level:=-1")
    }
    try expectNoChange(desk)
    let digest = desk.run("digest").line
    let file = try desk.write(desk.run("export", "customers", "--spreadsheet").output, to: "safe.csv")
    #expect(imported(desk, file, "customers") == [0, names.count, 0])
    #expect(desk.run("digest").line == digest)
    #expect(imported(desk, file, "customers", to: "other") == [names.count, 0, 0])
    func table(_ store: String) -> String {
      desk.run("export", "customers", "--fields", "ref,name,phones,level", "--store", store).output
    }
    let lines = table(desk.folder + "/store").split(separator: "\r\n").sorted()
    #expect(table(other).split(separator: "\r\n").sorted() == lines)
    #expect(lines.contains("0,=1+1,+46700,-1"))
  }

  @Test(
    "Spaces behind the commas of a table's header mean nothing in its lines; in an export those of a value stay"
  )
  func spaces() throws {
    let desk = try desk("other")
    let typed = try desk.write("ref, name, level:=\nT1, Anna, 5\nT2, Bo,\n", to: "typed.csv")
    #expect(imported(desk, typed, "customers") == [2, 0, 0])
    let anna = desk.run("customer", "show", "T1", "--json").json
    #expect(anna?["fields"]?["name"]?.string == "Anna" && anna?["fields"]?["level"]?.int == 5)
    let loose = try desk.write("ref,level:=\nT2, 7\nT1, \n", to: "loose.csv")
    #expect(imported(desk, loose, "customers")[2] == 0)
    #expect(desk.run("customer", "show", "T2", "--json").json?["fields"]?["level"]?.int == 7)
    _ = try desk.ok("customer", "set", "T1", "street= North 1 ")
    let digest = desk.run("digest").line
    for fields in ["ref,name,street", "id,ref,street"] {
      let table = desk.run("export", "customers", "--fields", fields).output
      let file = try desk.write(table, to: "own.csv")
      #expect(imported(desk, file, "customers")[2] == 0)
      #expect(desk.run("digest").line == digest)
    }
  }

  @Test("What a table says anew counts, also where it goes back to what it said before")
  func goesBack() throws {
    let desk = try desk()
    let mapping = try desk.write(#"{"kind":"customers","id":"{ref}"}"#, to: "mapping.json")
    let other = try desk.write(#"{"kind":"customers","id":"{number}"}"#, to: "other.json")
    func city() -> String? { desk.run("customer", "show", "7", "--json").json?["fields"]?["city"]?.string }
    func night(_ cities: [String]) throws -> [Int?] {
      let file = try desk.write("ref,city\n" + cities.map { "7,\($0)\n" }.joined(), to: "c.csv")
      let json = desk.run("import", file, "--mapping", mapping, "--json").json
      return [json?["imported"]?.int, json?["unchanged"]?.int]
    }
    #expect(try night(["Oldstreet"]) == [1, 0])
    #expect(try night(["Newstreet"]) == [1, 0])
    // A file of another kind in between does not make the first one new.
    let tiers = try desk.write("number,tier\n7,gold\n", to: "t.csv")
    #expect(desk.run("import", tiers, "--mapping", other).output.hasPrefix("1 imported, 0 unchanged"))
    #expect(try night(["Newstreet"]) == [0, 1])
    #expect(try night(["Oldstreet"]) == [1, 0])
    #expect(city() == "Oldstreet")
    #expect(desk.run("import", tiers, "--mapping", other).output.hasPrefix("0 imported, 1 unchanged"))
    // What was edited here since stays.
    _ = try desk.ok("customer", "set", "7", "city=Edited")
    #expect(try night(["Oldstreet"]) == [0, 1])
    #expect(city() == "Edited")
    // The same within one file, which imports nothing when it comes again, nor when it was killed in the middle.
    #expect(try night(["A", "B", "A"]) == [3, 0])
    #expect(city() == "A")
    #expect(try night(["A", "B", "A"]) == [0, 3])
    #expect(try night(["B", "A", "C", "A"]) == [2, 2])
    #expect(try night(["C", "A", "B", "C"]) == [2, 2])
    #expect(city() == "C")
    #expect(try night(["A", "B"]) == [2, 0])
    #expect(city() == "B")
    let plain = try desk.write("ref,city\n9,X\n9,Y\n9,X\n", to: "p.csv")
    #expect(imported(desk, plain, "customers") == [3, 0, 0])
    #expect(imported(desk, plain, "customers") == [0, 3, 0])
    #expect(desk.run("customer", "show", "9", "--json").json?["fields"]?["city"]?.string == "X")
  }

  @Test("Merged profiles, their consents, organisations and links between tickets go to another workspace")
  func tiesFollow() throws {
    let desk = try desk("other")
    let first = try desk.ok("customer", "new", "Maja", "--ref", "1", "--email", "m@example.org")
    let second = try desk.ok("customer", "new", "Maja Lind", "--ref", "2", "--phone", "2")
    let firm = try desk.ok("entity", "new", "organisation", "name=Firm", "ref=F")
    _ = try desk.ok("entity", "add", first, "organisations", firm)
    _ = try desk.ok("consent", "withdraw", second, "contact")
    _ = try desk.ok("customer", "merge", first, second)
    let tickets = try ["A", "B"].map { try desk.ok("ticket", "new", $0, "--customer", first, "--ref", $0) }
    _ = try desk.ok("ticket", "link", tickets[0], tickets[1])
    _ = try desk.ok("ticket", "tag", tickets[0], "ticket/k7")
    let other = desk.folder + "/other"
    /// What people see, without ids and how many changes made it.
    func pages(_ store: String) -> [String] {
      [
        ["customer", "show", "1"], ["ticket", "show", "A"], ["consent", "list", "1"], ["customer", "list"],
      ].map {
        desk.run($0 + ["--store", store]).output.replacing(/[0-9a-z]{4,10}\.[0-9]+/, with: "ID")
          .replacing(/[0-9]+ changes/, with: "")
      }
    }
    let before = pages(desk.folder + "/store")
    #expect(before[0].contains("Firm") && before[1].contains("related"))
    let entities = try desk.write(desk.run("export", "entities").output, to: "entities")
    #expect(try desk.read("entities").contains(#""same":["customer/2"]"#))
    #expect(desk.run("import", entities, "--store", other).code == .ok)
    #expect(pages(other) == before)
    #expect(desk.run("customer", "list", "--json", "--store", other).json?.elements?.count == 1)
    let digest = desk.run("digest", "--store", other).line
    #expect(imported(desk, entities, "entities", to: "other")[0] == 0)
    #expect(desk.run("digest", "--store", other).line == digest)
    try expectNoChange(desk)
    let back = try desk.write(desk.run("export", "entities", "--store", other).output, to: "back")
    #expect(imported(desk, back, "entities")[0] == 0)
  }

  @Test("Of profiles with one number, those that are one stay one and the others apart")
  func tiesOfOneNumber() throws {
    let desk = try desk()
    var ids: [String] = []
    for name in ["Anna", "Anna", "Anna"] { ids.append(try desk.ok("customer", "new", name)) }
    _ = try desk.ok("customer", "merge", ids[0], ids[2])
    for id in ids { _ = try desk.ok("entity", "set", id, "ref=100") }
    try expectNoChange(desk)
    #expect(desk.run("customer", "list", "--json").json?.elements?.count == 2)
  }

  @Test("Numbers that are too long for a table are found, however many records a file has")
  func longNumbers() throws {
    let desk = try desk()
    let long = String(repeating: "x", count: 500)
    let rows = (0..<120).map { "\(long)\($0),Name \($0)\n" }.joined()
    let file = try desk.write("ref,name\n" + rows, to: "long.csv")
    #expect(imported(desk, file, "customers") == [120, 0, 0])
    #expect(imported(desk, file, "customers") == [0, 120, 0])
    #expect(desk.run("customer", "list", "--json", "--limit", "500").json?.elements?.count == 120)
  }
}
