import CLI
import Codec
import Testing

/// What must not be shown or exported, command by command.
@Suite("Facts that must not be shown, and redacted words, in what commands print")
struct WithheldTests {
  /// Commands that show many values at once.
  private static let exports = [["export", "customers"], ["export", "tickets"], ["export", "entities"]]

  private func desk() throws -> (desk: TestDesk, customer: String) {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    let id = try desk.ok("customer", "new", "Maja Lind", "--phone", "+46 70 123 45 67")
    return (desk, id)
  }

  /// Commands that show an entity as it is, as text and as JSON.
  private func pages(of entity: String) -> [[String]] {
    let type = String(entity.prefix { $0 != "/" })
    let shown = [["show", entity], ["entity", "show", entity]]
    let own = ["customer", "ticket", "organisation"].contains(type) ? [[type, "show", entity]] : []
    return (shown + own).flatMap { [$0, $0 + ["--json"]] }
  }

  /// Expects that commands print a word, or that they do not.
  private func expect(
    _ word: String, in commands: [[String]], of desk: TestDesk, isShown: Bool,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for arguments in commands {
      let outcome = desk.run(arguments)
      #expect(outcome.code == .ok, "\(arguments): \(outcome.errors)", sourceLocation: sourceLocation)
      let isFound = outcome.output.contains(word)
      #expect(isFound == isShown, "\(word) in \(arguments)", sourceLocation: sourceLocation)
    }
  }

  @Test("Of merged profiles the consents of the whole count in exports, for tickets of any of them too")
  func mergedExports() throws {
    let (desk, first) = try desk()
    let second = try desk.ok("customer", "new", "M Lind", "--email", "maja@example.org")
    _ = try desk.ok("consent", "grant", second, "marketing")
    _ = try desk.ok("fact", "set", second, "likes", "oolong", "--for", "marketing")
    let ticket = try desk.ok("ticket", "new", "Tea", "--customer", second)
    _ = try desk.ok("fact", "set", ticket, "wants", "sencha", "--for", "marketing")
    expect("oolong", in: [["export", "customers"], ["export", "entities"]], of: desk, isShown: true)
    expect("sencha", in: [["export", "tickets"], ["export", "entities"]], of: desk, isShown: true)
    _ = try desk.ok("customer", "merge", second, first)
    _ = try desk.ok("consent", "withdraw", first, "marketing")
    for word in ["oolong", "sencha"] {
      expect(word, in: Self.exports, of: desk, isShown: false)
    }
    // The split gives each its own answers back.
    _ = try desk.ok("customer", "split", second)
    _ = try desk.ok("consent", "grant", second, "marketing")
    expect("oolong", in: [["export", "customers"], ["export", "entities"]], of: desk, isShown: true)
  }

  @Test(
    "What an erased customer's consent covered, and what the whole's customer does not allow, is in no export"
  )
  func exportsByOwner() throws {
    let (desk, customer) = try desk()
    let ticket = try desk.ok("ticket", "new", "Tea", "--customer", customer)
    let part = try desk.ok("ticket", "new", "More tea")
    for (entity, value) in [(ticket, "oolong"), (part, "sencha")] {
      _ = try desk.ok("fact", "set", entity, "wants", value)
    }
    _ = try desk.ok("ticket", "merge", ticket, part)
    for word in ["oolong", "sencha"] { expect(word, in: [["export", "tickets"]], of: desk, isShown: true) }
    _ = try desk.ok("consent", "withdraw", customer, "service")
    for word in ["oolong", "sencha"] {
      expect(word, in: [["export", "tickets"], ["export", "entities"]], of: desk, isShown: false)
    }
    for entity in [ticket, part] {
      #expect(desk.run("fact", "get", entity, "wants").code.rawValue == 4)
      #expect(desk.run("fact", "list", entity).output == "")
    }
    _ = try desk.ok("customer", "erase", customer, "--keep-tickets", "--yes")
    for word in ["oolong", "sencha"] {
      expect(word, in: [["export", "tickets"], ["export", "entities"]], of: desk, isShown: false)
    }
    expect("oolong", in: pages(of: ticket), of: desk, isShown: false)
    for arguments in [
      ["survey", "add", ticket, "--csat", "1"], ["promise", "add", "Tea", "--ticket", part],
    ] {
      let outcome = desk.run(arguments)
      #expect(outcome.code == .failed && outcome.errors.contains("was erased"), "\(arguments)")
    }
    #expect(desk.run("erasure", "status").output.contains("gone everywhere"))
  }

  @Test("ask: what the profile knows is known, but not for every purpose")
  func profile() throws {
    let (desk, customer) = try desk()
    #expect(desk.run("ask", customer, "phone", "--for", "contact").code == .ok)
    let asked = desk.run("ask", customer, "phone", "--for", "marketing")
    #expect(asked.code.rawValue == 4 && asked.output.contains("known, but not for this purpose"))
    _ = try desk.ok("consent", "withdraw", customer, "service")
    let withdrawn = desk.run("ask", customer, "phone")
    #expect(withdrawn.code.rawValue == 4 && !withdrawn.output.contains("123 45"))
  }

  @Test("A fact that holds no longer is in no export and on no page")
  func expired() throws {
    let (desk, customer) = try desk()
    let ticket = try desk.ok("ticket", "new", "Key", "--customer", customer)
    for (entity, value) in [(customer, "the neighbour"), (ticket, "the caretaker")] {
      _ = try desk.ok("fact", "set", entity, "key", value, "--expires", "2020-01-01")
      _ = try desk.ok("fact", "set", entity, "door", "green", "--expires", "2999-01-01")
      expect(value, in: Self.exports + pages(of: entity), of: desk, isShown: false)
      expect("green", in: pages(of: entity), of: desk, isShown: true)
    }
    expect("the neighbour", in: [["fact", "list", customer, "--all"]], of: desk, isShown: false)
    let shown = desk.run("customer", "show", customer)
    #expect(shown.output.contains("1 fact hidden"))
    #expect(desk.run("customer", "show", customer, "--json").json?["hidden"]?.int == 1)
    // One question by its key is no list: who asks is told what it was, to have it confirmed.
    let asked = desk.run("ask", customer, "key", "--no-log")
    #expect(asked.code.rawValue == 4 && asked.output.contains("ask again"))
    #expect(desk.run("customer", "export", customer).output.contains("the neighbour"))
  }

  @Test("A ticket's page hides the facts that its customer's consent does not cover")
  func ticketPage() throws {
    let (desk, customer) = try desk()
    let ticket = try desk.ok("ticket", "new", "Hats", "--customer", customer)
    let orphan = try desk.ok("ticket", "new", "Hats of nobody")
    for entity in [ticket, orphan] {
      _ = try desk.ok("fact", "set", entity, "hat", "fedora", "--for", "marketing")
      _ = try desk.ok("fact", "set", entity, "size", "58 cm")
      expect("fedora", in: pages(of: entity), of: desk, isShown: false)
      expect("58 cm", in: pages(of: entity), of: desk, isShown: true)
      #expect(desk.run("ticket", "show", entity).output.contains("1 fact hidden"))
      #expect(desk.run("ticket", "show", entity, "--json").json?["hidden"]?.int == 1)
    }
    _ = try desk.ok("consent", "grant", customer, "marketing")
    expect("fedora", in: pages(of: ticket), of: desk, isShown: true)
    expect("fedora", in: pages(of: orphan), of: desk, isShown: false)
    // What happened is another question than what holds.
    for command in [["history", orphan], ["log"], ["diff", orphan], ["blame", orphan]] {
      expect("fedora", in: [command], of: desk, isShown: true)
    }
  }

  @Test("What an organisation shares is shown with a customer only as far as the customer's consent goes")
  func organisation() throws {
    let (desk, customer) = try desk()
    let company = try desk.ok(
      "organisation", "new", "Nord Bryggeri", #"fact.hops:={"value":"saaz","purpose":"marketing"}"#,
      #"fact.malt:={"value":"pilsner","expires":"2020-01-01T00:00:00.000Z"}"#, "fact.day=Tuesday")
    _ = try desk.ok("organisation", "join", customer, company)
    for word in ["saaz", "pilsner"] {
      expect(word, in: [["customer", "show", customer]] + Self.exports, of: desk, isShown: false)
    }
    expect("Tuesday", in: [["customer", "show", customer], ["brief", customer]], of: desk, isShown: true)
    expect("pilsner", in: pages(of: company), of: desk, isShown: false)
    _ = try desk.ok("consent", "grant", customer, "marketing")
    expect("saaz", in: [["customer", "show", customer]], of: desk, isShown: true)
  }

  @Test(
    "A merge, the conflicts that it makes and the questions of a split tell nothing that must not be shown")
  func people() throws {
    let (desk, first) = try desk()
    let second = try desk.ok("customer", "new", "M Lind", "--email", "maja@example.org")
    for (customer, hat) in [(first, "FEDORA"), (second, "BOWLER")] {
      _ = try desk.ok("fact", "set", customer, "hat", hat, "--for", "marketing")
    }
    let merged = try desk.ok("customer", "merge", second, first)
    #expect(merged.contains("fact.hat") && merged.contains("M Lind"))
    #expect(!merged.contains("FEDORA") && !merged.contains("BOWLER"))
    let conflicts = desk.run("conflicts", "--json").json?.elements ?? []
    #expect(conflicts.count == 2)
    for conflict in conflicts {
      let id = try #require(conflict["id"]?.string)
      let page = [["conflicts", "show", id], ["conflicts", "show", id, "--json"]]
      for word in ["FEDORA", "BOWLER"] { expect(word, in: page, of: desk, isShown: false) }
      if conflict["field"]?.string == "name" {
        expect("(may not be shown)", in: [page[0]], of: desk, isShown: true)
      }
    }
    for customer in [first, second] {
      _ = try desk.ok("fact", "set", customer, "tie", "CRAVAT", "--for", "marketing", "--confirmed")
    }
    _ = try desk.ok("customer", "split", second)
    let questions = [["customer", "questions"], ["customer", "questions", "--json"]]
    expect("fact.tie", in: questions, of: desk, isShown: true)
    expect("CRAVAT", in: questions, of: desk, isShown: false)
  }

  @Test("An entry that was corrected and then redacted shows neither of its texts")
  func redacted() throws {
    let (desk, customer) = try desk()
    let ticket = try desk.ok("ticket", "new", "Flat", "--customer", customer, "--message", "Code 1234")
    let page = desk.run("ticket", "show", ticket, "--json").json
    let entry = try #require(page?["timeline"]?.elements?.first?["id"]?.string)
    _ = try desk.ok("ticket", "correct", ticket, entry, "Code 5678")
    let commands =
      pages(of: ticket) + [
        ["export", "entities"], ["brief", customer],
        ["export", "tickets", "--fields", "ref,corrected.\(entry)"],
      ]
    expect("Code 5678", in: commands.dropLast(2) + [commands[commands.count - 1]], of: desk, isShown: true)
    _ = try desk.ok("ticket", "redact", ticket, entry, "--because", "a door code")
    for word in ["Code 1234", "Code 5678"] { expect(word, in: commands, of: desk, isShown: false) }
    expect("a door code", in: pages(of: ticket), of: desk, isShown: true)
    // The words are in the history until an erasure.
    expect("Code 5678", in: [["history", ticket]], of: desk, isShown: true)
    _ = try desk.ok("ticket", "correct", ticket, entry, "Code 9999")
    expect("Code 9999", in: commands, of: desk, isShown: false)
  }
}
