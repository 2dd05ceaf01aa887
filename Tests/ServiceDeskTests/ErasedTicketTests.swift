import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("What an erasure takes and what it leaves")
struct ErasedTicketTests {
  /// Anna erases.
  private func erase(_ customer: EntityID, in desks: TwoDesks, keepingTickets: Bool = false) throws {
    try desks.anna.erase(try desks.anna.erasurePlan(of: customer, keepingTickets: keepingTickets))
  }

  private func leftovers(_ desk: Desk, _ customer: EntityID) throws -> [EntityID] {
    let erased = desk.store.erasedEntities.sorted()
    return try desk.leftovers(of: try desk.customers(ofErased: erased)[customer] ?? [])
  }

  @Test("Parts without a customer, and what was split from them, are handed out and erased with the whole")
  func parts() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let whole = try desks.ticket(customer)
    let part = try desks.ticket(nil, "two")
    let entries = try desks.anna.page(part).entries.map(\.entry.id)
    let early = try #require(try desks.anna.split(part, subject: "early", entries: entries)).on
    try desks.anna.write(part, NewEntry("message", "Still", channel: "phone", direction: "in"))
    try desks.anna.merge(whole, part)
    let more = try #require(try desks.anna.ticket(part)?.timeline.first { $0.text == "Still" }).id
    let late = try #require(try desks.anna.split(part, subject: "late", entries: [more])).on
    let said = try #require(try desks.bo.survey(try desks.ticket(nil, "else"), csat: 1)).on
    try desks.sync()
    #expect(try desks.bo.store.state(of: late)?.text("customer") == customer.description)
    #expect(try desks.bo.store.state(of: early)?.text("customer") == nil)
    let theirs = [whole, part, early, late]
    #expect(try desks.bo.personalData(customer).entities.map(\.id).sorted() == theirs.sorted())
    let plan = try desks.anna.erasurePlan(of: customer)
    #expect(plan.others == theirs.sorted() && plan.unclear == [] && plan.freed == [])
    #expect(
      try desks.anna.erasurePlan(of: customer, keepingTickets: true).kept == theirs.sorted())
    try desks.anna.erase(plan)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      for id in theirs { #expect(try desk.store.state(of: id)?.isErased == true) }
      #expect(try desk.store.state(of: said)?.isErased == false)
      #expect(try leftovers(desk, customer) == [])
    }
  }

  @Test("A part that by a conflict may be another's stays, and is named")
  func unclearPart() throws {
    let desks = try TwoDesks()
    let (first, second) = (try desks.customer(), try desks.customer("Bo Ek"))
    let (one, two) = (try desks.ticket(first, "one"), try desks.ticket(second, "two"))
    let part = try desks.ticket(nil, "part")
    try desks.anna.merge(one, part)
    try desks.bo.merge(two, part)
    try desks.sync()
    // A whole without a customer takes over that of its part, so each is theirs by now; the part is both's.
    let plan = try desks.anna.erasurePlan(of: first)
    #expect(plan.others == [one] && plan.unclear == [part] && plan.freed == [])
  }

  @Test("Another customer's ticket that was merged into an erased one stands for itself again")
  func othersTicket() throws {
    let desks = try TwoDesks()
    let (gone, stays) = (try desks.customer(), try desks.customer("Bo Ek"))
    let whole = try desks.ticket(gone)
    let part = try desks.ticket(stays, "Not hers")
    let late = try desks.ticket(stays, "Merged meanwhile")
    try desks.anna.merge(whole, part, anyway: true)
    try desks.sync()
    try desks.bo.merge(whole, late, anyway: true)
    try erase(gone, in: desks)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      var filter = TicketFilter()
      filter.customer = stays
      #expect(try desk.tickets(filter).rows.map(\.id).contains(part))
      for id in [part, late] {
        #expect(try desk.whole(id) == id)
        #expect(try desk.page(id).view.subject.isEmpty == false)
      }
      #expect(try desk.page(whole).parts.isEmpty)
      #expect(try desk.brief(stays).openTickets.map(\.id).contains(part))
    }
    #expect(try desks.bo.stranded(by: [whole], mergedBy: desks.bo.store.replica) == [late])
    #expect(try desks.bo.stranded(by: [whole], mergedBy: desks.anna.store.replica) == [])
    try desks.bo.reply(part, channel: "phone", text: "We call you")
    // What was merged meanwhile is let go by hand, or by the next erasure.
    let plan = try desks.anna.erasurePlan(of: gone)
    #expect(plan.isEmpty && plan.freed == [late])
    try desks.bo.unmerge(late)
    try desks.sync()
    #expect(try desks.anna.erasurePlan(of: gone).freed == [])
    #expect(try desks.anna.brief(stays).openTickets.map(\.id).sorted() == [part, late].sorted())
    #expect(try desks.agree())
  }

  @Test("The next erasure lets go what was merged into an erased ticket meanwhile")
  func freedLater() throws {
    let desks = try TwoDesks()
    let (gone, stays) = (try desks.customer(), try desks.customer("Bo Ek"))
    let whole = try desks.ticket(gone)
    let late = try desks.ticket(stays, "Merged meanwhile")
    try desks.bo.merge(whole, late, anyway: true)
    try erase(gone, in: desks)
    try desks.sync()
    try erase(gone, in: desks)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.brief(stays).openTickets.map(\.id) == [late])
      #expect(try desk.store.state(of: late)?.registers[Vocabulary.merged] == nil)
    }
  }

  @Test("A part of an erased ticket that takes another one in is in the lists again, whoever merges them")
  func takesAnotherIn() throws {
    for isCarried in [false, true] {
      let desks = try TwoDesks()
      let (gone, stays) = (try desks.customer(), try desks.customer("Bo Ek"))
      let whole = try desks.ticket(gone)
      let (part, other) = (try desks.ticket(stays, "Part"), try desks.ticket(stays, "Other"))
      try desks.bo.merge(whole, part, anyway: true)
      try erase(gone, in: desks)
      try desks.sync()
      #expect(try desks.bo.whole(part) == part)
      if isCarried {
        try desks.bo.store.commit(try desks.bo.carriedMerge(of: other, into: part))
      } else {
        try desks.bo.merge(part, other)
      }
      try desks.sync()
      for desk in [desks.anna, desks.bo] {
        #expect(try desk.tickets().rows.map(\.id) == [part])
        #expect(try desk.page(other).id == part)
      }
    }
  }

  @Test("A part that somebody else merged into another ticket at the same time stays a part of that")
  func mergedTwice() throws {
    let desks = try TwoDesks()
    let (gone, stays) = (try desks.customer(), try desks.customer("Bo Ek"))
    let (whole, other) = (try desks.ticket(gone), try desks.ticket(stays, "Another"))
    let part = try desks.ticket(stays, "Not hers")
    try desks.anna.merge(whole, part, anyway: true)
    desks.minutes(1)
    try desks.bo.merge(other, part)
    try desks.sync()
    #expect(try desks.anna.whole(part) == whole)
    #expect(try desks.anna.erasurePlan(of: gone).freed == [part])
    try erase(gone, in: desks)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.whole(part) == other)
      #expect(try desk.page(other).parts.map(\.id) == [part])
      #expect(try desk.store.state(of: part)?.registers[Vocabulary.merged]?.heads.count == 1)
      #expect(try desk.page(other).entries.allSatisfy { $0.entry.event != "unmerged" })
    }
  }

  @Test("Of an erased customer no consent counts: messages are held, facts of a kept ticket stay hidden")
  func consents() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.anna.setFact(ticket, NewFact("floor", JSONText("ninth")))
    try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out"))
    try desks.anna.setConsent(customer, "service", isGranted: false)
    try desks.sync()
    #expect(try desks.bo.outbox("email").held.count == 1)
    try erase(customer, in: desks, keepingTickets: true)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let outbox = try desk.outbox("email")
      #expect(outbox.messages.isEmpty && outbox.held.count == 1)
      #expect(try desk.shown(try #require(try desk.ticket(ticket))).hidden == 1)
      #expect(try desk.answers(ticket, ["floor"]).map(\.state) == [.withdrawn])
      #expect(try !desk.consents(customer).allows("contact"))
      // It was kept on purpose.
      #expect(try leftovers(desk, customer) == [])
    }
  }

  @Test("What became the customer's meanwhile is left over, whatever made it, and its author is told")
  func leftOver() throws {
    let desks = try TwoDesks()
    let customer = try desks.anna.newCustomer(
      name: "Maja Lind", emails: ["maja@example.org"], address: ["city": "Lund"]
    ).on
    let ticket = try desks.ticket(nil)
    let part = try desks.ticket(nil, "part")
    try desks.anna.merge(ticket, part)
    try desks.sync()
    var outreach = try #require(Outreach("Outage"))
    (outreach.subject, outreach.text, outreach.places) = ("No water", "Hello {name}", ["Lund"])
    #expect(try desks.bo.apply(try desks.bo.plan(outreach)) == 1)
    try desks.bo.set(ticket, ["customer": customer.description])
    let told = Outreach.ticket(outreach.id, customer)
    try erase(customer, in: desks)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try leftovers(desk, customer) == [ticket, part, told].sorted())
      // The gateway leaves it alone.
      #expect(try desk.outbox("email").messages.isEmpty)
    }
    let replica = desks.bo.store.replica
    #expect(try desks.anna.leftovers(of: [customer], tiedBy: replica) == [ticket, told].sorted())
    try erase(customer, in: desks)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try leftovers(desk, customer) == [])
      #expect(try desk.store.state(of: told)?.isErased == true)
    }
  }

  @Test("A survey on an erased ticket is refused, and one that was made meanwhile goes with the next erasure")
  func surveys() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(nil)
    let kept = try desks.ticket(customer, "kept")
    try desks.anna.set(ticket, ["customer": customer.description])
    let other = try desks.customer("Bo Ek")
    let moved = try desks.ticket(other, "moved")
    let others = try #require(try desks.bo.survey(moved, csat: 2)).on
    try desks.sync()
    try desks.anna.set(moved, ["customer": customer.description])
    let bare = Draft(set: ["ticket": ticket.description, "comment": "Slow"])
    let said = try #require(try desks.bo.store.commit(Edit(.new(type: Vocabulary.survey), bare))).on
    var plan = try desks.anna.erasurePlan(of: customer)
    // What says that it is another's is not this one's.
    #expect(plan.others == [ticket, kept, moved].sorted())
    plan = try desks.anna.erasurePlan(of: customer, keepingTickets: true)
    #expect(plan.kept == [ticket, kept, moved].sorted() && plan.others.isEmpty)
    let erasesAll = try desks.anna.erasurePlan(of: customer)
    try desks.anna.erase(erasesAll)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(throws: DeskError.self) { try desk.survey(ticket, csat: 1) }
      #expect(throws: DeskError.self) { try desk.promise("A visit", to: other, ticket: ticket) }
      #expect(try leftovers(desk, customer) == [said])
      #expect(try desk.store.state(of: others)?.isErased == false)
    }
    #expect(try desks.anna.erasurePlan(of: customer).others == [said])
  }

  @Test("Nothing more is written down for an erased customer whose tickets were kept")
  func keptTickets() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    let part = try desks.ticket(nil, "part")
    try desks.anna.merge(ticket, part)
    try erase(customer, in: desks, keepingTickets: true)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      for id in [ticket, part] {
        #expect(throws: DeskError.self) { try desk.survey(id, csat: 1) }
        #expect(throws: DeskError.self) { try desk.promise("A visit", to: nil, ticket: id) }
      }
      #expect(try leftovers(desk, customer) == [])
    }
    let words = try desks.bo.page(ticket).entries.map(\.entry.id)
    #expect(throws: DeskError.self) {
      try desks.bo.split(ticket, subject: "more", entries: Array(words.prefix(1)))
    }
    // A part that joins it later was kept with it.
    let later = try desks.ticket(nil, "later")
    try desks.bo.merge(ticket, later)
    try desks.sync()
    #expect(try leftovers(desks.anna, customer) == [])
    // And a ticket that takes it in does not become theirs.
    let other = try desks.customer("Bo Ek")
    let (first, second) = (try desks.ticket(nil, "first"), try desks.ticket(other, "second"))
    try desks.anna.erase(try desks.anna.erasurePlan(of: other, keepingTickets: true))
    try desks.anna.merge(first, second)
    #expect(try desks.anna.store.state(of: first)?.text("customer") == nil)
    #expect(try leftovers(desks.anna, other) == [])
  }
}
