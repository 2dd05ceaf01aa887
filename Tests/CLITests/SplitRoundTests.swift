import Codec
import Testing

@testable import CLI

@Suite("Tickets that were split, exported and imported")
struct SplitRoundTests {
  private func store(_ desk: TestDesk, _ name: String) throws -> String {
    let folder = desk.folder + "/" + name
    try #require(desk.run("init", "--agent", "zed", "--store", folder).code == .ok)
    return folder
  }

  /// What a ticket of a subject shows: what was said, and how far messages came.
  private func words(_ desk: TestDesk, _ subject: String, _ store: String) -> [String] {
    let rows = desk.run("ticket", "list", "--status", "all", "--json", "--store", store).json?.elements ?? []
    guard let id = rows.first(where: { $0["subject"]?.string == subject })?["id"]?.string else { return [] }
    let page = desk.run("ticket", "show", id, "--json", "--store", store).json
    return page?["timeline"]?.elements?.filter { $0["kind"]?.string == "message" }.map { entry in
      [entry["text"], entry["state"]].compactMap { $0?.string }.joined(separator: " ")
    } ?? []
  }

  @Test(
    "An import of entities has the entries of a split ticket where they are, whichever ticket comes first",
    arguments: [false, true], [false, true])
  func entities(isNumbered: Bool, isReversed: Bool) throws {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    let customer = try desk.ok("customer", "new", "Maja", "--email", "maja@example.org")
    let ticket = try desk.ok(
      "ticket", "new", "Tap", "--customer", customer, "--channel", "email", "--message", "Drips")
    if isNumbered { _ = try desk.ok("entity", "set", ticket, "ref=T1") }
    _ = try desk.ok("ticket", "reply", ticket, "On Monday")
    let entry = try #require(
      desk.run("ticket", "show", ticket, "--json").json?["timeline"]?.elements?.last?["id"]?.string)
    let split = try desk.ok("ticket", "split", ticket, "Monday", "--entry", entry)
    let lines = desk.run("export", "entities").output.split(separator: "\n")
    let text = (isReversed ? lines.reversed() : lines).joined(separator: "\n") + "\n"
    let file = try desk.write(text, to: "e.jsonl")
    let other = try store(desk, "other")
    #expect(desk.run("import", file, "--format", "entities", "--store", other).code == .ok)
    #expect(words(desk, "Tap", other) == ["Drips"])
    #expect(words(desk, "Monday", other) == ["On Monday queued"])
    for folder in [other, desk.folder + "/store"] {
      let digest = desk.run("digest", "--store", folder).line
      let again = desk.run("import", file, "--format", "entities", "--store", folder, "--json").json
      #expect(again?["imported"]?.int == 0)
      #expect(desk.run("digest", "--store", folder).line == digest)
    }
    // Merged back, and imported once more: one ticket with all of it.
    _ = try desk.ok("ticket", "merge", ticket, split)
    let merged = try desk.write(desk.run("export", "entities").output, to: "m.jsonl")
    let third = try store(desk, "third")
    for folder in [other, third] {
      #expect(desk.run("import", merged, "--format", "entities", "--store", folder).code == .ok)
      let rows = desk.run("ticket", "list", "--status", "all", "--json", "--store", folder).json?.elements
      #expect(rows?.count == 1)
      let subject = rows?.first?["subject"]?.string ?? ""
      #expect(words(desk, subject, folder) == ["Drips", "On Monday queued"])
    }
  }
}
