import CLI
import Codec
import Testing

/// A retention, through the commands, on a real edit history of ten years ago.
@Suite("Retention") struct RetentionCommandTests {
  @Test("What is told of the past is the same, or says that it can no longer be told")
  func history() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    _ = try desk.ok(
      "import", "\(Repository.fixtures)/uci/incidents.csv.gz", "--mapping",
      "\(Repository.fixtures)/import/uci.json")
    _ = try desk.ok("compact")
    #expect(try desk.ok("retention") == "every value is kept for ever")
    _ = try desk.ok("retention", "--days", "365")
    #expect(desk.run("retention", "--json").json?["days"]?.int == 365)
    let digest = try desk.ok("digest")
    let conflicts = desk.run("conflicts", "--all", "--json").output
    let whole = try lines(desk)

    #expect(desk.run("compact", "--json").json?["thinned"]?.int ?? 0 > 100)
    #expect(try desk.ok("digest") == digest)
    #expect(desk.run("conflicts", "--all", "--json").output == conflicts)
    #expect(desk.run("verify", "--check").code == .ok)
    let kept = try lines(desk)
    #expect(kept.count == whole.count)
    let thinned = zip(kept, whole).filter { $0 != $1 }
    #expect(!thinned.isEmpty)
    // A value goes, and nothing beside it.
    for (after, before) in thinned {
      for member in ["id", "at", "seen", "by", "on", "over", "log", "add"] {
        #expect(after[member] == before[member])
      }
      for (field, value) in after["set"]?.members ?? [] where value != before["set"]?[field] {
        #expect(value.text == #"{"thinned":true}"#)
      }
    }

    let (change, _) = try #require(thinned.first)
    let entity = try #require(change["on"]?.string)
    let field = try #require(change["set"]?.members?.first { $0.value["thinned"] != nil }?.key)
    let steps = desk.run("history", entity, "--json").json?.elements ?? []
    let position = try #require(steps.first { $0["change"] == change["id"] }?["position"]?.plain)
    for command in [
      ["history", entity], ["explain", entity, field], ["show", entity, "--at", position],
      ["diff", entity, "--to", position],
    ] {
      let outcome = desk.run(command)
      #expect(outcome.code == .ok && outcome.output.contains("(no longer kept)"), "\(command): \(outcome)")
      #expect(outcome.errors.contains("this device no longer keeps them (askonce retention: 365 days)"))
    }
    // What is there now can all be told.
    let now = desk.run("show", entity)
    #expect(!now.output.contains("no longer") && now.errors.isEmpty)
  }

  @Test("What it takes")
  func usage() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init")
    for days in ["0", "-1", "a year", "36501"] {
      #expect(desk.run("retention", "--days", days).code == .usage)
    }
    #expect(desk.run("retention", "--days", "30", "--forever").code == .usage)
    _ = try desk.ok("retention", "--days", "30")
    _ = try desk.ok("retention", "--forever")
    #expect(try desk.ok("retention") == "every value is kept for ever")
  }

  private func lines(_ desk: TestDesk) throws -> [JSONText] {
    try desk.ok("export", "changes").split(separator: "\n").map { try JSONText(parsing: $0.utf8) }
  }
}
