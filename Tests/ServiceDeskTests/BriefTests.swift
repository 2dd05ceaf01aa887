import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("Brief")
struct BriefTests {
  @Test("Who is meant: by number, name with a mistake, ticket, or several")
  func meaning() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    let desk = desks.anna
    for text in ["070-123 45 67", "+46701234567", "Maja Lind", "mjaa lindt", "Lind", customer.description] {
      #expect(try desk.meaning(of: text) == .customer(customer, by: nil), "\(text)")
    }
    #expect(try desk.meaning(of: ticket.description) == .customer(customer, by: ticket))
    #expect(try desk.meaning(of: "Zebra") == .nobody)
    try desk.newCustomer(name: "Maja Berg", phones: ["0701234567"])
    for text in ["maja", "070-123 45 67"] {
      guard case .several(let matches) = try desk.meaning(of: text) else {
        Issue.record("\(text)")
        continue
      }
      #expect(matches.count == 2)
    }
    // However few are listed, one of two is not told as if there were no other; a typist's mistake changes nothing.
    for (limit, count) in [(Int.min, 0), (0, 0), (1, 1), (2, 2)] {
      for text in ["maja", "070-123 45 67", "majja"] {
        guard case .several(let matches) = try desk.meaning(of: text, limit: limit) else {
          Issue.record("\(text), \(limit)")
          continue
        }
        #expect(matches.count == count)
      }
    }
  }

  @Test(
    "One screen: what is known, promised and open, and how often the customer came, from two agents' work")
  func content() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    let now = desks.anna.store.environment.now()
    func entry(_ text: String, _ direction: String, daysAgo: UInt64, _ channel: String) -> NewEntry {
      var entry = NewEntry("message", text, channel: channel, direction: direction)
      entry.happened = HybridTime(milliseconds: now - daysAgo * 86_400_000)
      return entry
    }
    try desks.bo.write(ticket, entry("It leaks", "in", daysAgo: 9, "email"))
    try desks.bo.write(ticket, entry("We look at it", "out", daysAgo: 8, "email"))
    try desks.anna.write(ticket, entry("Still leaks", "in", daysAgo: 2, "chat"))
    try desks.anna.setFact(customer, NewFact("size", JSONText("38")))
    try desks.bo.setFact(customer, NewFact("size", JSONText("39")))
    try desks.anna.setFact(customer, NewFact("door code", JSONText("ask the neighbour")))
    var hidden = NewFact("likes", JSONText("tea"))
    hidden.purpose = "marketing"
    try desks.bo.setFact(customer, hidden)
    try desks.bo.promise("A plumber", to: customer, ticket: ticket, due: HybridTime(milliseconds: now - 1))
    try desks.anna.set(customer, [Vocabulary.preferredChannel: "email"])
    try desks.bo.setConsent(customer, "contact", isGranted: false)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let brief = try desk.brief(customer)
      #expect(brief.facts.map(\.key) == ["door_code"])
      #expect(brief.unclear.map(\.key) == ["size"])
      #expect(brief.withheld.consent == 1)
      #expect(brief.promises.map(\.text) == ["A plumber"])
      #expect(brief.openTickets.map(\.id) == [ticket])
      #expect(brief.contacts.map(\.text) == ["It drips", "Still leaks", "We look at it", "It leaks"])
      #expect(brief.recurrence?.contacts == 3)
      #expect(brief.recurrence.map { $0.span / 86_400_000 } == 9)
      #expect(brief.preferred == "email")
      #expect(!brief.contact.isGranted)
      #expect(brief.disagreements.map(\.field.name.text) == ["fact.size"])
      #expect(brief.customer.fact("likes") == nil)
    }
  }

  @Test("What people disagree about is not told of facts that must not be shown, of the customer or a ticket")
  func disagreementsAreWithheld() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.anna.setConsent(customer, "analytics", isGranted: true)
    try desks.sync()
    for (desk, value) in [(desks.anna, "FEDORA"), (desks.bo, "BOWLER")] {
      // Without consent, and with consent but for another purpose than a brief's.
      for (key, purpose) in [("hat", "marketing"), ("coat", "analytics")] {
        var fact = NewFact(key, JSONText(value))
        fact.purpose = purpose
        try desk.setFact(customer, fact)
        try desk.setFact(ticket, fact)
      }
      try desk.setFact(ticket, NewFact("floor", JSONText(value)))
    }
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let brief = try desk.brief(customer)
      #expect(brief.disagreements.map(\.field.name.text) == ["fact.floor"])
      #expect(brief.disagreements.map(\.on) == [ticket])
      #expect(brief.withheld.consent == 1 && brief.withheld.purpose == 1)
    }
  }

  @Test("Of two values of which one holds no longer neither is told as known; who asks is told the other one")
  func expiredAlternative() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    var old = NewFact("boots", JSONText("41"))
    old.expires = HybridTime(milliseconds: desks.now + 60_000)
    try desks.anna.setFact(customer, old)
    try desks.bo.setFact(customer, NewFact("boots", JSONText("42")))
    try desks.sync()
    #expect(try desks.anna.brief(customer).unclear.map(\.key) == ["boots"])
    desks.minutes(2)
    for desk in [desks.anna, desks.bo] {
      let brief = try desk.brief(customer)
      #expect(brief.facts.isEmpty && brief.unclear.isEmpty && brief.disagreements.isEmpty)
      #expect(brief.withheld.expired == 1)
      let answer = try #require(try desk.answers(customer, ["boots"]).first)
      #expect(answer.state == .conflict && answer.values.map(\.value) == [JSONText("42")])
      let conflicts = try desk.conflicts().conflicts
      #expect(conflicts.map(\.isWithheld) == [true])
    }
  }

  @Test(
    "A ticket that was split from one that is not here, as an import of entities makes it, is told as it is")
  func unknownSource() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    var draft = Draft()
    draft.set[Vocabulary.split] = JSONText(object: [
      ("from", "ticket/zzzzzzzzzz.7"), ("entries", JSONText(array: ["zzzzzzzzzz.8"])),
    ])
    try desks.anna.store.commit(Edit(.entity(ticket), draft))
    #expect(try desks.anna.brief(customer).contacts.map(\.text) == ["It drips"])
    #expect(try desks.anna.page(ticket).entries.map(\.text) == ["It drips"])
    #expect(try desks.anna.report(0..<desks.now + 1).total.opened == 1)
  }

  @Test("A brief looks at this customer's entities only")
  func cost() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let other = try desks.customer("Bo Ek")
    let ticket = try desks.ticket(other, "Not hers")
    try desks.anna.promise("Not to her", to: other, ticket: ticket)
    let brief = try desks.anna.brief(customer)
    #expect(brief.promises.isEmpty && brief.openTickets.isEmpty && brief.contacts.isEmpty)
    #expect(brief.recurrence == nil)
  }
}
