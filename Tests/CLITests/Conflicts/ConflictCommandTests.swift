import Agent
import Causality
import Codec
import DeskSupport
import Foundation
import Merge
import ServiceDesk
import TestSupport
import Testing

@testable import CLI

@Suite("Commands for conflicts and history")
struct ConflictCommandTests {
  /// Two stores of one workspace; `as` says whose the next command uses.
  private struct Pair {
    let server: MemoryServer
    let desk: TestDesk

    init() throws {
      server = try MemoryServer(now: Environment.system.now)
      desk = try TestDesk()
      desk.connect = { [transport = server.transport] _ in transport }
      for agent in ["anna", "bo"] {
        use(agent)
        try #require(desk.run("join", "http://127.0.0.1:1", "--code", try server.invite(agent)).code == .ok)
      }
    }

    func use(_ agent: String) { desk.variables["ASKONCE_STORE"] = "\(desk.folder)/\(agent)" }

    func sync() throws {
      for agent in ["anna", "bo", "anna"] {
        use(agent)
        try #require(desk.run("sync").code == .ok)
      }
    }

    /// A ticket with a conflict of its status, open here.
    func clash() throws -> String {
      use("anna")
      let ticket = try desk.ok("ticket", "new", "The tap leaks")
      try sync()
      _ = try desk.ok("ticket", "set", ticket, "--status", "solved", "--because", "x")
      use("bo")
      _ = try desk.ok("ticket", "set", ticket, "--status", "open")
      try sync()
      use("anna")
      return ticket
    }
  }

  @Test("The inbox: list, count, exit codes, filters, JSON")
  func inbox() throws {
    let pair = try Pair()
    let desk = pair.desk
    #expect(desk.run("conflicts").code == .ok)
    #expect(desk.run("conflicts", "--count").output == "0\n")
    #expect(desk.run("conflicts", "--json").json?.elements?.isEmpty == true)
    let ticket = try pair.clash()
    let listed = desk.run("conflicts")
    #expect(listed.code == .ok && listed.output.contains("Status of the ticket \"The tap leaks\" is"))
    let count = desk.run("conflicts", "--count")
    #expect(count.code == .conflict && count.output == "1\n")
    let counts = desk.run("conflicts", "--count", "--json")
    #expect(counts.code == .conflict && counts.json?["fields"]?["status"]?["open"]?.int == 1)
    #expect(desk.run("conflicts", "--count", "--field", "topic").code == .ok)
    #expect(desk.run("conflicts", "--count", "--mine", "--on", ticket, "--since", "1h").output == "1\n")
    #expect(desk.run("conflicts", "--count", "--agent", "carla").output == "0\n")
    #expect(desk.run("status", "--json").json?["conflicts"]?.int == 1)
    let entry = try #require(desk.run("conflicts", "--json").json?.elements?.first)
    #expect(
      entry["on"]?.string == ticket && entry["kind"]?.string == "field" && entry["field"]?.string == "status")
    for wrong in [
      ["--kind", "fields"], ["--mine", "--agent", "bo"], ["--since", "then"], ["--follow", "--count"],
      ["--limit", "0"],
    ] { #expect(desk.run(["conflicts"] + wrong).code == .usage, "\(wrong)") }
    #expect(desk.run("conflicts", "--on", "nothing").code == .notFound)
    #expect(
      desk.run("conflicts", "--kind", "unsen-message").errors.contains("did you mean 'unseen-message'?"))
  }

  @Test("Show, settle, undo; what cannot be is said")
  func settle() throws {
    let pair = try Pair()
    let desk = pair.desk
    let ticket = try pair.clash()
    let id = try #require(desk.run("conflicts", "--json").json?.elements?.first?["id"]?.string)
    let shown = desk.run("conflicts", "show", String(id.prefix(6)))
    #expect(shown.code == .ok)
    for word in [
      "\"solved\"", "\"open\"", "anna", "bo", "did not know 2", "before", "new", "least finished",
      "Around it",
    ] {
      #expect(shown.output.contains(word), "\(word)")
    }
    // The command that it prints works, whatever else is open.
    #expect(shown.output.contains("askonce conflicts settle \(id) --take N"))
    #expect(desk.run("conflicts", "show", id, "--json").json?["around"]?.elements?.count == 3)
    #expect(desk.run("conflicts", "show", "zzzzzzzzzz").code == .notFound)
    #expect(desk.run("conflicts", "settle", id).code == .usage)
    let beyond = desk.run("conflicts", "settle", id, "--take", "3")
    #expect(beyond.code == .usage && beyond.errors.contains("has 2 sides; take 1 to 2"))
    #expect(desk.run("conflicts", "settle", id, "--take", "1", "--merge").code == .usage)
    #expect(desk.run("conflicts", "settle", id, "--merge").errors.contains("cannot be merged"))
    #expect(desk.run("conflicts", "settle", id, "--value", "{", "--json-value").code == .usage)
    #expect(desk.run("conflicts", "undo", id).code == .conflict)
    #expect(desk.run("conflicts", "settle", id, "--value", "banana").errors.contains("one of new, open"))
    #expect(desk.run("conflicts", "settle", id, "--value", "5", "--json-value").code == .usage)
    let settled = desk.run("conflicts", "settle", id, "--value", "pending", "--note", "Waits")
    #expect(settled.code == .ok && settled.output.contains(": status is \"pending\" now; 'askonce"))
    #expect(desk.run("conflicts", "--count").code == .ok)
    let all = desk.run("conflicts", "--count", "--all")
    #expect(all.code == .ok && all.line != "0")
    #expect(desk.run("conflicts", "settle", id, "--take", "1").code == .conflict)
    #expect(desk.run("ticket", "show", ticket, "--json").json?["fields"]?["status"]?.string == "pending")
    #expect(desk.run("explain", ticket, "status").output.contains("because: Waits"))
    #expect(
      desk.run("conflicts", "--all", "--json").json?.elements?.first?["settlement"]?["note"]?.string
        == "Waits")
    #expect(desk.run("conflicts", "undo", id).code == .ok)
    #expect(desk.run("conflicts", "--json").json?.elements?.first?["id"]?.string == id)
    #expect(desk.run("conflicts", "walk").code == .usage)
    #expect(desk.run("conflicts", "walk").errors.contains("needs a terminal"))
  }

  @Test("A list prints so much of each id that hardly any other one begins so, shown or not")
  func width() {
    #expect(ConflictsCommands.width(["abcdefghjk"], of: 1) == 4)
    #expect(ConflictsCommands.width(["abcdefghjk", "abcdeeghjk"], of: 2) == 6)
    #expect(ConflictsCommands.width(["abcdefghjk"], of: 3000) == 5)
    let page = (0..<50).map { "\(ReplicaID(bits: UInt64($0 % 32) << 45 | UInt64($0 / 32) << 40))" }
    #expect(ConflictsCommands.width(page, of: 50) == 5)
    #expect(ConflictsCommands.width(page, of: 3000) == 6)
    #expect(ConflictsCommands.width(page, of: 1 << 40) == 10)
  }

  @Test("A conflict is not settled by solving what nobody said is solved")
  func finishing() throws {
    let pair = try Pair()
    let desk = pair.desk
    pair.use("anna")
    let ticket = try desk.ok("ticket", "new", "The tap leaks")
    try pair.sync()
    for (agent, status) in [("anna", "pending"), ("bo", "open")] {
      pair.use(agent)
      _ = try desk.ok("ticket", "set", ticket, "--status", status)
    }
    try pair.sync()
    let id = try #require(desk.run("conflicts", "--json").json?.elements?.first?["id"]?.string)
    let refused = desk.run("conflicts", "settle", id, "--value", "solved")
    #expect(refused.code == .conflict && refused.errors.contains("ticket solve"))
    #expect(desk.run("conflicts", "settle", id, "--value", "on-hold").code == .ok)
    // Where somebody said so, it may be.
    let other = try pair.clash()
    let its = try #require(
      desk.run("conflicts", "--on", other, "--json").json?.elements?.first?["id"]?.string)
    #expect(desk.run("conflicts", "settle", its, "--value", "closed").code == .ok)
  }

  @Test("After a sync a line says whose work clashes, and the command to see it")
  func note() throws {
    let pair = try Pair()
    let desk = pair.desk
    pair.use("anna")
    let ticket = try desk.ok("ticket", "new", "The tap leaks")
    try pair.sync()
    _ = try desk.ok("ticket", "set", ticket, "--status", "solved", "--because", "x")
    pair.use("bo")
    _ = try desk.ok("ticket", "set", ticket, "--status", "open")
    pair.use("anna")
    #expect(!desk.run("sync").output.contains("conflict"))
    pair.use("bo")
    let told = desk.run("sync").output
    #expect(told.contains("1 new conflict of yours with the work of anna: 'askonce conflicts show "))
    #expect(!desk.run("sync").output.contains("conflict"))
    pair.use("anna")
    #expect(desk.run("sync", "--json").json?["conflicts"]?.elements?.count == 1)
  }

  @Test("History commands: text and JSON, and bad input")
  func history() throws {
    let pair = try Pair()
    let desk = pair.desk
    let ticket = try pair.clash()
    #expect(desk.run("history", ticket).output.contains("parallel to 1 edit of anna"))
    let steps = desk.run("history", ticket, "status", "--json").json?.elements ?? []
    #expect(steps.count == 3 && steps[2]["parallel"]?.elements?.count == 1)
    #expect(
      steps[2]["arrived"]?.string != nil && steps[0]["arrived"] == nil, "others' changes came with a sync")
    #expect(
      desk.run("blame", ticket, "--json").json?.elements?.contains { $0["shown"]?.bool == false } == true)
    #expect(desk.run("graph", ticket).output.contains("did not know 2"))
    #expect(desk.run("explain", ticket, "status", "--json").json?["why"]?.elements?.count == 4)
    #expect(
      desk.run("diff", ticket, "--from", "1", "--to", "2").output.hasPrefix(
        "- status: new\n+ status: solved\n"))
    #expect(desk.run("show", ticket, "--at", "2", "--json").json?["fields"]?["status"]?.string == "solved")
    #expect(desk.run("show", ticket, "--at", "0").code == .notFound)
    #expect(desk.run("show", ticket, "--as-known-by", "bo").code == .usage)
    #expect(desk.run("show", ticket, "--at", "yesterday").code == .usage)
    let known = desk.run("show", ticket, "--as-known-by", "bo", "--at", "0m", "--json").json
    #expect(known?["fields"]?["status"]?.string == "open" && known?["known"]?["position"]?.int == 1)
    #expect(desk.run("show", ticket, "--as-known-by", "carla", "--at", "0m").code == .notFound)
    #expect(desk.run("log", "--by", "bo", "--json").json?.elements?.count == 1)
    #expect(desk.run("log", "--limit", "1").output.split(separator: "\n").count == 3)
    #expect(desk.run("log", "--limit", "1").output.hasSuffix("the first 1; --limit shows more\n"))
    #expect(desk.run("history", "nothing").code == .notFound)
    let now = desk.run("digest").output
    #expect(desk.run("digest", "--at", "3").output == now)
    #expect(desk.run("digest", "--at", "1").output != now)
  }

  @Test("A ticket that two people gave to different customers is both's, until one of them is right")
  func disputedTicket() throws {
    let pair = try Pair()
    let desk = pair.desk
    pair.use("anna")
    let yrsa = try desk.ok("customer", "new", "Yrsa Lind")
    let wim = try desk.ok("customer", "new", "Wim Ek")
    let ticket = try desk.ok("ticket", "new", "The lamp is broken", "--channel", "email")
    try pair.sync()
    pair.use("anna")
    _ = try desk.ok("ticket", "set", ticket, "--customer", yrsa)
    pair.use("bo")
    _ = try desk.ok("ticket", "set", ticket, "--customer", wim)
    try pair.sync()
    let shown = try #require(
      desk.run("ticket", "show", ticket, "--json").json?["fields"]?["customer"]?.string)
    let other = shown == yrsa ? wim : yrsa
    for one in [yrsa, wim] {
      #expect(desk.run("conflicts", "--count", "--customer", one).output == "1\n")
      let brief = desk.run("brief", one)
      #expect(brief.output.contains("The lamp is broken"))
      #expect(brief.output.contains("may be theirs") == (one == other))
      let page = desk.run("customer", "show", one).output
      #expect(page.contains("The lamp is broken"))
      #expect(page.contains("people disagree about whose") == (one == other))
    }
    #expect(desk.run("brief", other, "--json").json?["disputed"]?.elements?.count == 1)
    let conflict = try #require(
      desk.run("conflicts", "--json", "--customer", other).json?.elements?.first?["id"]?.string)
    #expect(desk.run("conflicts", "settle", conflict, "--value", shown).code == .ok)
    #expect(desk.run("conflicts", "--count", "--customer", other).output == "0\n")
    #expect(!desk.run("brief", other).output.contains("The lamp is broken"))
  }

  @Test(
    "What an organisation shares and people wrote down differently is to be confirmed, and shown with all values"
  )
  func disputedOrganisation() throws {
    let pair = try Pair()
    let desk = pair.desk
    pair.use("anna")
    let organisation = try desk.ok("organisation", "new", "Ost AB")
    let member = try desk.ok("customer", "new", "Olle Ost")
    _ = try desk.ok("organisation", "join", member, organisation)
    try pair.sync()
    for (agent, gate, text) in [("anna", "east", "4h"), ("bo", "south", "8h")] {
      pair.use(agent)
      _ = try desk.ok("organisation", "set", organisation, "fact.gate=\(gate)")
      _ = try desk.ok(
        "organisation", "contract", organisation, "support", "On site \(text)", "--until", "2027-12-31")
    }
    try pair.sync()
    pair.use("anna")
    let brief = desk.run("brief", member)
    #expect(brief.output.contains("confirm: ") && brief.output.contains("(shared by Ost AB)"))
    let json = desk.run("brief", member, "--json").json
    let confirm = try #require(json?["confirm"]?.elements?.first)
    #expect(confirm["key"]?.string == "gate" && confirm["organisation"]?.string == organisation)
    #expect(confirm["values"]?.elements?.count == 2)
    #expect(json?["conflicts"]?.elements?.first?["on"]?.string == organisation)
    for command in [["organisation", "show", organisation], ["customer", "show", member]] {
      let page = desk.run(command).output
      for word in ["east", "south", "On site 4h", "On site 8h (until 2027-12-31)", "or "] {
        #expect(page.contains(word), "\(command): \(word)")
      }
    }
  }

  /// `Fixtures/conflicts/entries.jsonl` pins the form; `ASKONCE_WRITE_GOLDENS=1 swift test` writes it anew.
  @Test("The form of entries as JSON is as its file says")
  func golden() throws {
    let desks = try TwoDesks()
    let (customer, ticket) = try desks.ticket()
    try desks.anna.set(ticket, ["status": "solved", "priority": "high"])
    try desks.anna.reply(
      ticket, channel: "email", text: "Size 43", more: [("facts", JSONText(array: [JSONText("shoe_size")]))])
    desks.minutes(40)
    try desks.bo.set(ticket, ["status": "open", "priority": "low"])
    try desks.bo.reply(ticket, channel: "phone", text: "It still leaks", direction: "in")
    try desks.bo.set(customer, ["consent.service": "withdrawn"])
    try desks.anna.set(customer, ["consent.service": "granted"])
    try desks.sync()
    let priority = try #require(try desks.open().first { $0.field == "priority" })
    try desks.bo.settle(priority, .take(0), note: "Lars said so")
    try desks.sync()
    var filter = ConflictFilter()
    filter.includesClosed = true
    let text = try desks.anna.conflicts(filter, limit: .max).conflicts.map { $0.json.text + "\n" }.joined()
    let path = Repository.fixtures + "/conflicts/entries.jsonl"
    if ProcessInfo.processInfo.environment["ASKONCE_WRITE_GOLDENS"] == "1" {
      try FileManager.default.createDirectory(
        atPath: Repository.fixtures + "/conflicts", withIntermediateDirectories: true)
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
    let pinned = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    for (found, wanted) in zip(text.split(separator: "\n"), pinned) { #expect(found == wanted) }
    #expect(text.split(separator: "\n").count == 3)
  }
}
