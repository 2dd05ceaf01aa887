import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("Triage")
struct TriageTests {
  private func rule(_ name: String, team: String, _ edit: (inout TriageRule) -> Void = { _ in }) -> TriageRule
  {
    var rule = TriageRule(name, team: team)
    edit(&rule)
    return rule
  }

  private func found(_ desk: Desk) throws -> [String: String] {
    let tickets = try desk.triage(limit: .max).tickets
    return Dictionary(uniqueKeysWithValues: tickets.map { ($0.row.subject, $0.rule?.name ?? "none") })
  }

  @Test("Two agents apply the rules offline: one team, one priority, no conflict")
  func twoAgents() throws {
    let desks = try TwoDesks()
    try desks.anna.setTriageRule(
      rule("leaks", team: "plumbing") {
        $0.words = ["drip*"]
        $0.priority = "high"
      })
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    let other = try desks.ticket(customer, "An invoice")
    for desk in [desks.anna, desks.bo] {
      #expect(try found(desk) == ["The tap leaks": "leaks", "An invoice": "leaks"])
      #expect(try desk.route(try desk.triage(limit: .max).tickets).count == 2)
    }
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      for id in [ticket, other] {
        let view = try #require(try desk.ticket(id))
        #expect(view.team == "plumbing")
        #expect(view.priority == "high")
        #expect(view.state.text(Vocabulary.triaged) == "leaks")
        #expect(view.conflicts.isEmpty)
        #expect(view.state.registers["team"]?.heads.count == 2)
      }
      #expect(try desk.openConflictCount() == 0)
      #expect(try desk.triage().total == 0)
    }
    #expect(try desks.agree())
  }

  @Test("One routes a ticket while the other takes it: both count. One raises the priority: it stays")
  func routedAndTaken() throws {
    let desks = try TwoDesks()
    try desks.anna.setTriageRule(
      rule("all", team: "front") { $0.priority = "normal" })
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.route(try desks.anna.triage().tickets)
    try desks.bo.take(ticket)
    try desks.bo.set(ticket, ["priority": "urgent"])
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let view = try #require(try desk.ticket(ticket))
      #expect(view.team == "front")
      #expect(view.assignee == "bo")
      #expect(view.priority == "urgent")
    }
    #expect(try desks.agree())
  }

  @Test("Two write a rule of one name offline: a conflict to settle, and the later one counts until then")
  func twoRules() throws {
    let desks = try TwoDesks()
    try desks.anna.setTriageRule(rule("leaks", team: "plumbing") { $0.topics = ["leak"] })
    try desks.sync()
    try desks.anna.setTriageRule(rule("leaks", team: "water") { $0.topics = ["leak"] })
    try desks.bo.setTriageRule(rule("leaks", team: "pipes") { $0.topics = ["leak"] })
    try desks.bo.setTriageRule(rule("rest", team: "front") { $0.order = 999 })
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.settings().triageRules.map(\.team) == ["pipes", "front"])
      #expect(try desk.settings().state?.disagreements == ["triage.leaks"])
    }
    // Taken away by one who knew both: gone.
    try desks.anna.dropTriageRule("leaks")
    try desks.sync()
    #expect(try desks.bo.settings().triageRules.map(\.name) == ["rest"])
    #expect(throws: DeskError.self) { try desks.bo.dropTriageRule("leaks") }
  }

  @Test("Each kind of condition, the order of rules, and what is routed already", arguments: [false, true])
  func conditions(_ isField: Bool) throws {
    let desks = try TwoDesks()
    let desk = desks.anna
    let maja = try desk.newCustomer(
      name: "Maja", language: "sv-FI", address: ["city": "Malmö", "postcode": "211 20", "country": "SE"]
    ).on
    let lars = try desk.newCustomer(name: "Lars", tags: ["Gold"]).on
    let org = try desk.newOrganisation(name: "Nord").on
    let org2 = try desk.newCustomer(name: "Ida").on
    try desk.join(org2, org)
    // A field and a fact of an organisation say the same.
    if isField {
      try desk.set(org, ["tier": "platinum"])
    } else {
      try desk.setFact(org, NewFact("tier", JSONText("platinum")))
    }
    let bo = try desk.newCustomer(name: "Bo").on
    try desk.setFact(bo, NewFact("tier", JSONText("silver")))
    for (subject, customer, channel, topic) in [
      ("phone", maja, "phone", ""), ("topic", lars, "email", "Fuite d’eau"), ("language", maja, "web", ""),
      ("gold", lars, "web", ""), ("platinum", org2, "web", ""), ("silver", bo, "web", ""),
      ("burst pipe", lars, "chat", ""), ("nothing", bo, "chat", ""),
    ] {
      try desk.newTicket(customer: customer, subject: subject, channel: channel, topic: topic)
    }
    try desk.newTicket(customer: bo, subject: "taken", team: "front")
    try desk.newTicket(customer: bo, subject: "done", status: "solved")
    let rules: [TriageRule] = [
      rule("phone", team: "a") { ($0.channels, $0.order) = (["phone", "visit"], 1) },
      rule("topic", team: "a") { $0.topics = ["FUITE D'EAU", "x"] },
      rule("language", team: "a") { $0.languages = ["SV"] },
      rule("platinum", team: "a") { $0.tiers = ["Platinum"] },
      rule("gold", team: "a") { ($0.tiers, $0.channels) = (["gold"], ["web"]) },
      rule("silver", team: "a") { ($0.tiers, $0.words) = (["silver"], ["Silver"]) },
      rule("pipe", team: "a") { $0.words = ["burst pipe"] },
    ]
    for rule in rules { try desk.setTriageRule(rule) }
    #expect(
      try found(desk) == [
        "phone": "phone", "topic": "topic", "language": "language", "gold": "gold", "platinum": "platinum",
        "silver": "silver", "burst pipe": "pipe", "nothing": "none",
      ])
    for (place, fits) in [
      ("malmo", true), ("SE", true), ("211", true), ("SE 211 2", true), ("NO 211", false), ("212", false),
      ("mal", false), ("", false),
    ] {
      #expect(Place(place).contains(try #require(try desk.customer(maja)).state) == fits, "\(place)")
    }
    // A fact that may not be used decides nothing.
    try desk.setConsent(bo, "service", isGranted: false)
    #expect(try found(desk)["silver"] == "none")
    #expect(throws: DeskError.self) { try desk.setTriageRule(rule("x", team: " ")) }
    #expect(throws: DeskError.self) { try desk.setTriageRule(rule("x", team: "a") { $0.priority = "huge" }) }
    #expect(throws: DeskError.self) { try desk.setTriageRule(rule("x", team: "a") { $0.words = ["!"] }) }
  }

  @Test("What a customer said in a call is looked into, and what was hidden is not")
  func words() throws {
    let desks = try TwoDesks()
    let desk = desks.anna
    try desk.setTriageRule(rule("gas", team: "safety") { $0.words = ["smell of gas"] })
    let ticket = try desk.newTicket(customer: nil, subject: "Kitchen", channel: "phone").on
    var call = NewEntry(Vocabulary.call, "Called", channel: "phone", direction: "in")
    call.lines = [("Maja", "There is a SMELL of gas")]
    let change = try #require(try desk.write(ticket, call))
    #expect(try found(desk) == ["Kitchen": "gas"])
    try desk.redact(ticket, change.id, because: "wrong ticket")
    #expect(try found(desk) == ["Kitchen": "none"])
    // What an agent wrote is no word of the customer.
    try desk.write(ticket, NewEntry("message", "No smell of gas?", channel: "email", direction: "out"))
    #expect(try found(desk) == ["Kitchen": "none"])
  }

  @Test(
    "A rule goes by what a ticket shows: what was split off or belongs to a part, and as it was corrected")
  func shownWords() throws {
    let desks = try TwoDesks()
    let desk = desks.anna
    try desk.setTriageRule(rule("floods", team: "plumbing") { $0.words = ["burst"] })
    let ticket = try desk.newTicket(customer: nil, subject: "First").on
    let entry = try #require(
      try desk.reply(ticket, channel: "phone", text: "My pipe burst", direction: "in"))
    #expect(try found(desk) == ["First": "floods"])
    try desk.split(ticket, subject: "Second", entries: [entry.id])
    #expect(try found(desk) == ["First": "none", "Second": "floods"])
    let third = try desk.newTicket(customer: nil, subject: "Third").on
    let later = try #require(try desk.reply(third, channel: "phone", text: "It bursts", direction: "in"))
    #expect(try found(desk)["Third"] == "none")
    try desk.correct(third, later.id, text: "It did burst")
    #expect(try found(desk)["Third"] == "floods")
    try desk.merge(ticket, third)
    #expect(try found(desk) == ["First": "floods", "Second": "floods"])
  }
}
