import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

/// Facts of which some heads may be used and others not.
@Suite("One rule for what may be told of a fact")
struct HiddenHeadTests {
  private func fact(_ key: String, _ value: String, _ purpose: String? = nil) -> NewFact {
    var fact = NewFact(key, JSONText(value))
    fact.purpose = purpose
    return fact
  }

  private func states(
    _ desk: Desk, _ id: EntityID, _ keys: [String], for purpose: String = "service", ticket: EntityID? = nil
  ) throws -> [Answer.State] {
    try desk.answers(id, keys, for: purpose, ticket: ticket).map(\.state)
  }

  @Test("The same value on other terms beside it does not hide what may be used", arguments: [true, false])
  func sameValue(isFirst: Bool) throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let now = desks.now
    for (desk, isHidden) in [(desks.anna, isFirst), (desks.bo, !isFirst)] {
      try desk.setFact(customer, fact("hat", "58", isHidden ? "marketing" : nil))
      var held = fact("key", "caretaker")
      if isHidden { held.expires = HybridTime(milliseconds: now + 1) }
      try desk.setFact(customer, held)
      desks.minutes(1)
    }
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let answers = try desk.answers(customer, ["hat", "key"])
      #expect(answers.map(\.state) == [.known, .known])
      #expect(answers.map(\.values.count) == [1, 1] && answers[0].values[0].purpose == "service")
      #expect(answers.map(\.listed.state) == [.known, .known])
      let brief = try desk.brief(customer)
      #expect(brief.facts.map(\.key) == ["hat", "key"] && brief.withheld == (0, 0, 0))
      let (view, hidden) = try desk.shown(try #require(try desk.customer(customer)))
      #expect(hidden == 0 && view.facts.map(\.key) == ["hat", "key"])
      #expect(view.fact("hat")?.field.heads.count == 1 && view.fact("hat")?.purpose == "service")
    }
  }

  @Test("A value that may not be used hides the others in lists; who asks is told to confirm")
  func otherValue() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    for id in [customer, ticket] {
      try desks.anna.setFact(id, fact("hat", "FEDORA", "marketing"))
      try desks.bo.setFact(id, fact("hat", "BOWLER"))
    }
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      for id in [customer, ticket] {
        let answer = try #require(try desk.answers(id, ["hat"]).first)
        #expect(answer.state == .conflict && answer.values.map(\.value.plain) == ["BOWLER"])
        #expect(answer.listed.state == .withdrawn && answer.listed.values.isEmpty)
      }
      let brief = try desk.brief(customer)
      #expect(brief.facts.isEmpty && brief.unclear.isEmpty && brief.disagreements.isEmpty)
      #expect(brief.withheld == (1, 0, 0))
      let (view, hidden) = try desk.shown(try #require(try desk.customer(customer)))
      #expect(hidden == 1 && view.facts.isEmpty)
    }
  }

  @Test("What an organisation shares is told by the same rule")
  func shared() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let company = try desks.anna.newOrganisation(name: "Nord Bryggeri").on
    try desks.anna.join(customer, company)
    try desks.sync()
    for (desk, purpose) in [(desks.anna, "marketing"), (desks.bo, "service")] {
      for (key, value) in [("malt", "pils"), ("hops", purpose)] {
        let written = JSONText(object: [("value", JSONText(value)), ("purpose", JSONText(purpose))])
        var draft = Draft()
        draft.set[ExactString("fact." + key)] = written
        try desk.store.commit(Edit(.entity(company), draft))
      }
    }
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try states(desk, customer, ["malt", "hops"]) == [.known, .conflict])
      let brief = try desk.brief(customer)
      #expect(brief.shared.map(\.fact.key) == ["malt"])
      let organisation = try #require(try desk.organisation(company))
      let view = try #require(try desk.customer(customer))
      #expect(try desk.facts(of: organisation, with: view).map(\.key) == ["malt"])
    }
  }

  @Test("Of a ticket's facts the consents of its customer count, of a part's those of the whole's")
  func tickets() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let whole = try desks.ticket(customer)
    let part = try desks.ticket(nil, "part")
    for id in [whole, part] {
      try desks.anna.setFact(id, fact("floor", "ninth"))
      try desks.anna.setFact(id, fact("hat", "58", "marketing"))
    }
    try desks.anna.merge(whole, part)
    try desks.anna.setConsent(customer, "service", isGranted: false)
    try desks.anna.setConsent(customer, "marketing", isGranted: true)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      for id in [whole, part] {
        #expect(try states(desk, id, ["floor"]) == [.withdrawn])
        #expect(try states(desk, id, ["hat"], for: "marketing") == [.known])
        #expect(try desk.shown(try #require(try desk.ticket(id))).hidden == 1)
      }
    }
    // Nobody was made to repeat what nobody may use.
    #expect(try desks.bo.setFact(part, fact("floor", "ninth")).repeated == nil)
  }

  @Test("A conflict on a part tells nothing that the whole's customer does not allow")
  func conflicts() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let whole = try desks.ticket(customer)
    let part = try desks.ticket(nil, "part")
    try desks.anna.merge(whole, part)
    try desks.sync()
    try desks.anna.setFact(part, fact("floor", "ninth"))
    try desks.bo.setFact(part, fact("floor", "tenth"))
    try desks.sync()
    #expect(try desks.bo.conflicts().conflicts.map(\.isWithheld) == [false])
    try desks.anna.setConsent(customer, "service", isGranted: false)
    try desks.sync()
    #expect(try desks.bo.conflicts().conflicts.map(\.isWithheld) == [true])
  }

  /// All conflicts, also closed ones, which both desks tell alike.
  private func all(_ desks: TwoDesks) throws -> [Conflict] {
    var filter = ConflictFilter()
    filter.includesClosed = true
    let told = try desks.anna.conflicts(filter).conflicts
    #expect(try desks.bo.conflicts(filter).conflicts == told)
    #expect(try desks.bo.conflicts(of: try #require(told.first).on) == told)
    return told
  }

  @Test(
    "A closed conflict tells no value that may not be shown, whatever the field says now",
    arguments: ["taken back", "for service", "held longer"])
  func closed(_ now: String) throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    try desks.anna.setConsent(customer, "marketing", isGranted: true)
    let hour = HybridTime(milliseconds: desks.now + 3_600_000)
    func likes(_ value: String) -> NewFact {
      var likes = fact("likes", value, now == "held longer" ? nil : "marketing")
      if now == "held longer" { likes.expires = hour }
      return likes
    }
    try desks.anna.setFact(customer, likes("water"))
    try desks.sync()
    try desks.anna.setFact(customer, likes("tea"))
    try desks.bo.setFact(customer, likes("coffee"))
    try desks.sync()
    if now == "taken back" {
      try desks.anna.retractFact(customer, "likes", because: "not asked for")
    } else {
      try desks.anna.setFact(customer, fact("likes", "cocoa", "service"))
    }
    try desks.sync()
    let before = try #require(try all(desks).first)
    #expect(before.state == (now == "taken back" ? .replaced : .settled) && !before.isWithheld)
    for word in ["water", "tea", "coffee"] { #expect(before.json.text.contains(word)) }
    if now == "held longer" {
      desks.minutes(61)
    } else {
      try desks.anna.setConsent(customer, "marketing", isGranted: false)
      try desks.sync()
    }
    let after = try #require(try all(desks).first)
    #expect(after.id == before.id && after.state == before.state && after.isWithheld)
    for word in ["water", "tea", "coffee"] { #expect(!after.json.text.contains(word)) }
    #expect(after.sides.map(\.by) == before.sides.map(\.by))
  }

  @Test("What was there before is left out of an open conflict whose sides may be shown, and be chosen")
  func before() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    try desks.anna.setConsent(customer, "marketing", isGranted: true)
    try desks.anna.setFact(customer, fact("likes", "water", "marketing"))
    try desks.sync()
    for (desk, value) in [(desks.anna, "tea"), (desks.bo, "coffee")] {
      try desk.setFact(customer, fact("likes", value, "service"))
    }
    try desks.sync()
    #expect(try #require(try all(desks).first).json.text.contains("water"))
    try desks.anna.setConsent(customer, "marketing", isGranted: false)
    try desks.sync()
    let open = try #require(try all(desks).first)
    #expect(open.state == .open && !open.isWithheld && open.replaced.isEmpty)
    #expect(!open.json.text.contains("water") && open.json.text.contains("coffee"))
    #expect(try desks.anna.settle(open, .take(0)) != nil)
  }

  @Test(
    "An answer that rested on a fact quotes neither that nor the newer one where it may not",
    arguments: [false, true])
  func answered(isNewer: Bool) throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.anna.setConsent(customer, "marketing", isGranted: true)
    try desks.anna.setFact(customer, fact("size", "43 wide", isNewer ? nil : "marketing"))
    try desks.sync()
    try desks.bo.setFact(customer, fact("size", "44 slim", isNewer ? "marketing" : "service"))
    desks.minutes(5)
    var reply = NewEntry("message", "It is sent", channel: "email", direction: "out")
    reply.facts = ["size"]
    try desks.anna.write(ticket, reply)
    try desks.sync()
    try desks.anna.retractFact(customer, "size", because: "not asked for")
    try desks.sync()
    let before = try #require(try desks.bo.conflicts().conflicts.first { $0.kind == .staleFact })
    for word in ["wide", "slim"] { #expect(before.json.text.contains(word)) }
    try desks.anna.setConsent(customer, "marketing", isGranted: false)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let after = try #require(try desk.conflicts().conflicts.first { $0.id == before.id })
      #expect(after.isWithheld && after.sides.map(\.change) == before.sides.map(\.change))
      for word in ["wide", "slim"] { #expect(!after.json.text.contains(word)) }
    }
  }

  @Test("The profile is known for service; what reaches the customer may be used for contact, too")
  func profile() throws {
    let desks = try TwoDesks()
    let customer = try desks.anna.newCustomer(
      name: "Maja Lind", phones: ["+46 70 123 45 67"], emails: ["maja@example.org"],
      address: ["street": "Storgatan 1", "city": "Lund"]
    ).on
    try desks.sync()
    let keys = ["phone", "email", "address", "name"]
    let desk = desks.bo
    #expect(try states(desk, customer, keys) == [.known, .known, .known, .known])
    #expect(try states(desk, customer, keys, for: "marketing") == [.purpose, .purpose, .purpose, .purpose])
    #expect(try states(desk, customer, keys, for: "contact") == [.known, .known, .known, .purpose])
    #expect(try states(desk, customer, ["handle"], for: "marketing") == [.unknown])
    #expect(try desk.answers(customer, keys, for: "marketing").allSatisfy(\.values.isEmpty))
    try desk.setConsent(customer, "contact", isGranted: false)
    #expect(try states(desk, customer, ["phone", "name"], for: "contact") == [.withdrawn, .purpose])
    try desk.setConsent(customer, "service", isGranted: false)
    #expect(try states(desk, customer, keys) == [.withdrawn, .withdrawn, .withdrawn, .withdrawn])
  }
}
