import CLI
import Codec
import Testing

@Suite("Rows of a log that come after what followed them")
struct LateRowTests {
  private static let mapping = """
    {"kind": "events", "id": "{n}", "time": {"from": "{at}", "format": "yyyy-MM-dd HH:mm"}, "record": ["at"],
     "fields": {"status": {"from": "{s}", "values": {"New": "new", "Active": "open", "Closed": "closed"}},
                "team": "{t}", "subject": "{w}"}}
    """
  private static let log = """
    n,at,s,t,w
    1,2026-03-02 08:00,New,East,Tap
    1,2026-03-02 09:00,Actve,West,Tap
    1,2026-03-02 10:00,Closed,North,

    """

  /// A store with the log, of which the second row was rejected.
  private func desk() throws -> TestDesk {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    _ = try desk.write(Self.mapping, to: "m.json")
    let file = try desk.write(Self.log, to: "log.csv")
    let outcome = desk.run("import", file, "--mapping", desk.folder + "/m.json")
    #expect(outcome.output == "2 imported, 0 unchanged, 1 rejected\n")
    return desk
  }

  private func fields(_ desk: TestDesk) -> [String?] {
    let fields = desk.run("entity", "show", "1", "--json").json?["fields"]
    return ["status", "team", "subject"].map { fields?[$0]?.string }
  }

  @Test("A rejected row that was mended sets nothing back", arguments: ["log.csv.rejects", "log.csv"])
  func mended(_ name: String) throws {
    let desk = try desk()
    #expect(fields(desk) == ["closed", "North", nil])
    let file = try desk.write(try desk.read(name).replacing("Actve", with: "Active"), to: "mended.csv")
    let outcome = desk.run("import", file, "--mapping", desk.folder + "/m.json")
    #expect(outcome.output.hasPrefix("1 imported, "))
    #expect(fields(desk).prefix(2) == ["closed", "North"])
    #expect(desk.run("conflicts", "--count").output == "0\n")
    let digest = desk.run("digest").line
    #expect(desk.run("import", file, "--mapping", desk.folder + "/m.json").output.hasPrefix("0 imported, "))
    #expect(desk.run("digest").line == digest)
  }

  @Test("A log that is read behind the edits of people leaves them alone, and brings what they did not say")
  func edited() throws {
    let desk = try desk()
    _ = try desk.ok("entity", "set", "1", "team=South")
    let rows = "n,at,s,t,w\n1,2026-03-02 11:00,Active,East,Tap and sink\n"
    let file = try desk.write(rows, to: "more.csv")
    #expect(desk.run("import", file, "--mapping", desk.folder + "/m.json").code == .ok)
    #expect(fields(desk) == ["open", "South", "Tap and sink"])
  }

  @Test("A late row makes nobody whom nothing names then")
  func links() throws {
    let desk = try desk()
    let mapping = try desk.write(
      Self.mapping.replacing(#""subject": "{w}""#, with: #""customer": {"from": "{w}", "link": "customer"}"#),
      to: "links.json")
    let customer = try desk.ok("customer", "new", "Anna")
    _ = try desk.ok("entity", "set", "1", "customer=\(customer)")
    let file = try desk.write("n,at,s,t,w\n1,2026-03-02 11:00,Active,East,K9\n", to: "more.csv")
    #expect(desk.run("import", file, "--mapping", mapping).code == .ok)
    #expect(fields(desk).first == "open")
    #expect(desk.run("customer", "list", "--json").json?.elements?.count == 1)
  }

  @Test("What a table said of a ticket is no edit, also where it said it twice")
  func table() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    for status in ["open", "closed", "open"] {
      let file = try desk.write("ref,status,team\n1,\(status),East\n", to: "t.csv")
      #expect(desk.run("import", file, "--format", "tickets").code == .ok)
    }
    let mapping = try desk.write(Self.mapping, to: "m.json")
    let rows = "n,at,s,t,w\n1,2026-03-02 11:00,Closed,West,Tap\n"
    let file = try desk.write(rows, to: "log.csv")
    #expect(desk.run("import", file, "--mapping", mapping).code == .ok)
    #expect(fields(desk) == ["closed", "West", "Tap"])
  }

  @Test("In one file the order of the rows counts, whatever their times")
  func fileOrder() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    let mapping = try desk.write(Self.mapping, to: "m.json")
    let rows = ["1,2026-03-02 10:00,New,East,Tap", "1,2026-03-02 09:59,Closed,East,Tap"]
    // As from an import that was killed behind the first row.
    for count in 1...2 {
      let file = try desk.write(
        (["n,at,s,t,w"] + rows.prefix(count) + [""]).joined(separator: "\n"), to: "log.csv")
      #expect(desk.run("import", file, "--mapping", mapping).code == .ok)
    }
    #expect(fields(desk).first == "closed")
  }
}
