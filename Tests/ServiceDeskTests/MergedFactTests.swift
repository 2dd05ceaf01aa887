import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("Facts of tickets that were merged")
struct MergedFactTests {
  private func answer(
    _ desk: Desk, _ subject: EntityID, _ key: String, ticket: EntityID? = nil
  ) throws -> Answer {
    try #require(try desk.answers(subject, [key], ticket: ticket).first)
  }

  @Test("What an erased customer said on a ticket that was kept is not told by the ticket that takes it in")
  func erasedCustomer() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let (whole, part) = (try desks.ticket(nil), try desks.ticket(customer))
    try desks.anna.setFact(part, NewFact("floor", JSONText("ninth")))
    try desks.anna.erase(try desks.anna.erasurePlan(of: customer, keepingTickets: true))
    #expect(try answer(desks.anna, part, "floor").state == .withdrawn)
    try desks.anna.merge(whole, part)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try answer(desk, whole, "floor").state == .unknown)
      #expect(try desk.factKeys(whole) == [])
      #expect(try desk.page(whole).view.facts.isEmpty)
    }
  }

  @Test("What one customer said is no other one's answer, unless their profiles are one")
  func othersPart() throws {
    let desks = try TwoDesks()
    let (maja, bo) = (try desks.customer(), try desks.anna.newCustomer(name: "Bo Ek").on)
    let whole = try desks.ticket(bo)
    let (part, inner) = (try desks.ticket(maja), try desks.ticket(nil))
    try desks.anna.setFact(part, NewFact("floor", JSONText("ninth")))
    // It names nobody, so it is hers as a part of what is hers.
    try desks.anna.setFact(inner, NewFact("door", JSONText("green")))
    try desks.anna.merge(part, inner)
    try desks.anna.merge(whole, part, anyway: true)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      for key in ["floor", "door"] {
        #expect(try answer(desk, bo, key, ticket: whole).state == .unknown)
      }
      #expect(try desk.factKeys(whole) == [])
    }
    // Nor is it taken back by who takes back what the ticket says, or taken for said.
    #expect(try desks.anna.retractFact(whole, "floor", because: nil) == nil)
    #expect(try desks.anna.setFact(whole, NewFact("floor", JSONText("ninth"))).repeated == nil)
    try desks.anna.retractFact(whole, "floor", because: nil)
    #expect(try desks.anna.store.state(of: part)?.registers["fact.floor"] != nil)
    try desks.anna.mergeCustomers(maja, bo)
    for key in ["floor", "door"] {
      #expect(try answer(desks.anna, bo, key, ticket: whole).state == .known)
    }
  }

  /// A ticket with two parts that say something about one key, in two spellings.
  private func parts(_ desks: TwoDesks, _ first: NewFact, _ second: NewFact) throws -> (EntityID, EntityID) {
    let customer = try desks.customer()
    let whole = try desks.ticket(customer)
    for fact in [first, second] {
      let part = try desks.ticket(customer)
      try desks.anna.setFact(part, fact)
      try desks.anna.merge(whole, part)
    }
    try desks.sync()
    return (customer, whole)
  }

  @Test("Parts that say different things are to be confirmed, and what is confirmed on the whole counts")
  func different() throws {
    let desks = try TwoDesks()
    let (first, second) = (NewFact("size", JSONText("38")), NewFact("Size", JSONText("40")))
    let (customer, whole) = try parts(desks, first, second)
    for desk in [desks.anna, desks.bo] {
      for subject in [customer, whole] {
        let answer = try answer(desk, subject, "size", ticket: whole)
        #expect(answer.state == .conflict)
        #expect(Set(answer.values.map(\.value.plain)) == ["38", "40"])
      }
      #expect(try desk.factKeys(whole).count == 1)
    }
    #expect(try desks.anna.setFact(whole, NewFact("size", JSONText("40"))).repeated == nil)
    let confirmed = try answer(desks.anna, customer, "size", ticket: whole)
    #expect(confirmed.state == .known && confirmed.values.map(\.value.plain) == ["40"])
    try desks.anna.retractFact(whole, "size", because: nil)
    #expect(try answer(desks.anna, whole, "size").state == .unknown)
  }

  @Test(
    "Where one part's answer holds no longer, the other's is told; the same answer is known",
    arguments: [false, true])
  func expired(isSame: Bool) throws {
    let desks = try TwoDesks()
    var old = NewFact("size", JSONText("38"))
    old.expires = HybridTime(milliseconds: desks.now + 60_000)
    let new = NewFact("size", JSONText(isSame ? "38" : "40"))
    let (_, whole) = try parts(desks, old, new)
    desks.minutes(2)
    let answer = try answer(desks.bo, whole, "size")
    #expect(answer.state == (isSame ? .known : .conflict))
    #expect(answer.values.map(\.value.plain) == [isSame ? "38" : "40"])
  }

  @Test("Of profiles that are one every contact is known, whichever of them has it and is asked about")
  func contacts() throws {
    let desks = try TwoDesks()
    let first = try desks.anna.newCustomer(name: "Maja Lind", phones: ["+46 70 123 45 67"]).on
    let second = try desks.bo.newCustomer(
      name: "Maja L", phones: ["+46 70 123 45 67", "+46 8 12 34 56"], emails: ["maja@example.org"],
      handles: ["@maja"]
    ).on
    try desks.sync()
    try desks.anna.mergeCustomers(first, second)
    try desks.sync()
    let values = ["phone": 2, "email": 1, "handle": 1]
    for isCompacted in [false, true] {
      if isCompacted { try desks.anna.store.compact(all: true) }
      for (key, count) in values {
        var told: Set<[Answer.Value]> = []
        for desk in [desks.anna, desks.bo] {
          for profile in [first, second] {
            let answer = try answer(desk, profile, key)
            #expect(answer.state == .known && answer.values.count == count)
            told.insert(answer.values)
          }
        }
        // By whom and when it was written down first does not depend on who is asked about either.
        #expect(told.count == 1)
      }
    }
    let ticket = try desks.ticket(second)
    let list = try desks.anna.checklist(ticket, for: "callback")
    #expect(list.known.map(\.key) == ["phone"] && list.toAsk.map(\.key) == ["best_time"])
  }
}
