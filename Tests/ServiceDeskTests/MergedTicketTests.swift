import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("Tickets that were merged")
struct MergedTicketTests {
  private func entry(_ text: String, _ desks: TwoDesks, daysAgo: UInt64 = 0) -> NewEntry {
    var entry = NewEntry("message", text, channel: "email", direction: "in")
    if daysAgo > 0 { entry.happened = HybridTime(milliseconds: desks.now - daysAgo * 86_400_000) }
    return entry
  }

  @Test(
    "A brief tells what the customer said on a part, whatever status that has, and counts it under the whole")
  func brief() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ids = try [desks.ticket(customer), desks.ticket(nil), desks.ticket(customer)].sorted()
    // One of them names nobody: it is the customer's as a part of what is theirs.
    for id in ids { try desks.anna.set(id, ["topic": id == ids[0] ? "tap" : nil]) }
    try desks.anna.write(ids[1], entry("Four days", desks, daysAgo: 4))
    try desks.anna.write(ids[2], entry("Two days", desks, daysAgo: 2))
    try desks.anna.merge(ids[0], ids[1])
    try desks.anna.merge(ids[0], ids[2])
    try desks.anna.setFact(ids[2], NewFact("size", JSONText("38")))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let brief = try desk.brief(customer)
      #expect(Set(brief.contacts.map(\.text)).isSuperset(of: ["Four days", "Two days"]))
      #expect(brief.openTickets.map(\.id) == [ids[0]])
      for id in [ids[0], ids[2]] {
        let recurrence = try #require(try desk.brief(customer, about: id).recurrence)
        #expect(recurrence.contacts == 3 && recurrence.ticket == ids[0] && recurrence.topic == "tap")
      }
    }
  }

  @Test("What was split off to another customer's ticket is that one's contact, and no longer the old one's")
  func briefOfSplit() throws {
    let desks = try TwoDesks()
    let (maja, bo) = (try desks.customer(), try desks.anna.newCustomer(name: "Bo Ek").on)
    let ticket = try desks.ticket(maja)
    let words = try #require(try desks.anna.write(ticket, entry("My invoice", desks)))
    let new = try #require(try desks.anna.split(ticket, subject: "Invoice", entries: [words.id])).on
    try desks.anna.set(new, ["customer": bo.description])
    #expect(try desks.anna.brief(maja).contacts.map(\.text) == ["It drips"])
    let brief = try desks.anna.brief(bo)
    #expect(brief.contacts.map(\.text) == ["My invoice"])
    #expect(brief.recurrence?.contacts == 1)
  }

  @Test("A search finds a part as the whole, once, with the words around the hit")
  func search() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ids = try [desks.ticket(customer, "Walrus"), desks.ticket(customer, "Walrus too")].sorted()
    try desks.anna.write(ids[1], entry("The swordfish is loose", desks))
    try desks.anna.merge(ids[0], ids[1])
    try desks.anna.set(ids[0], ["status": "pending"])
    for _ in 0..<2 {
      let hit = try #require(try desks.anna.search("swordfish ").first)
      #expect(hit.id == ids[0] && hit.state == "pending" && hit.excerpt.contains("swordfish"))
      #expect(try desks.anna.search("walrus ").map(\.id) == [ids[0]])
      try desks.sync()
      try desks.anna.store.compact(all: true)
    }
  }

  @Test("Nobody follows a merge into an erased ticket, however a ticket is found")
  func belowErased() throws {
    let desks = try TwoDesks()
    let (gone, stays) = (try desks.customer(), try desks.customer("Bo Ek"))
    let erased = try desks.ticket(gone, "Walrus")
    let (whole, part) = (try desks.ticket(stays, "Walrus too"), try desks.ticket(stays, "Walrus three"))
    let last = try desks.ticket(stays, "Seal")
    try desks.anna.merge(whole, part)
    try desks.sync()
    try desks.bo.merge(erased, whole, anyway: true)
    try desks.anna.erase(try desks.anna.erasurePlan(of: gone))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.whole(part) == whole)
      #expect(try desk.search("walrus ").map(\.id) == [whole])
      let carried = try desk.carriedMerge(of: last, into: part).map(\.target).compactMap { target in
        if case .entity(let id) = target { id } else { nil }
      }
      #expect(carried.sorted() == [whole, last])
    }
  }

  @Test("A merge into what is not here is none")
  func unknownWhole() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.set(ticket, [Vocabulary.merged: "ticket/0000000001.1"])
    #expect(try desks.anna.whole(ticket) == ticket)
    #expect(try desks.anna.page(ticket).entries.map(\.text) == ["It drips"])
  }

  @Test("Topics count what was merged as one, in the weeks of the desk's time zone")
  func topics() throws {
    let desks = try TwoDesks()
    // Sunday, 2026-11-15 23:30 UTC: in Stockholm it is Monday.
    let sunday = HybridTime(milliseconds: 1_794_785_400_000)
    let ids = try (0..<2).map { _ in
      try desks.anna.newTicket(customer: nil, subject: "A", topic: "tap", at: sunday).on
    }
    try desks.anna.merge(ids[0], ids[1])
    let now = sunday.milliseconds + 3_600_000
    for _ in 0..<2 {
      #expect(try desks.anna.topics(weeks: 2, now: now).topics.map(\.weeks) == [[1, 0]])
      try desks.sync()
      try desks.anna.store.compact(all: true)
    }
    let zone = try #require(TimeZoneRule("CET-1CEST,M3.5.0,M10.5.0/3"))
    let hours = BusinessHours(
      week: BusinessHours.standard.week, closed: [], zone: zone, zoneName: "Stockholm")
    try desks.anna.setHours(hours)
    let (topics, weeks) = try desks.anna.topics(weeks: 2, now: now)
    #expect(topics.map(\.weeks) == [[0, 1]])
    #expect(
      weeks.map { HybridTime(milliseconds: $0).description.prefix(10) } == ["2026-11-09", "2026-11-16"])
  }

  /// A customer with an e-mail address, whom both know.
  private func customer(_ desks: TwoDesks, _ name: String) throws -> EntityID {
    let id = try desks.anna.newCustomer(name: name, emails: ["\(name)@example.org"]).on
    try desks.sync()
    return id
  }

  @Test(
    "A reply that waits on a part goes to the part's customer, as that one allows it",
    arguments: [false, true])
  func othersReply(_ isWithdrawn: Bool) throws {
    let desks = try TwoDesks()
    let (maja, bo) = (try customer(desks, "maja"), try customer(desks, "bo"))
    let whole = try desks.ticket(maja)
    let part = try desks.anna.newTicket(customer: bo, subject: "A contract", channel: "email").on
    // What names nobody is for whom the whole is for.
    let inner = try desks.anna.newTicket(customer: nil, subject: "A pipe", channel: "email").on
    try desks.sync()
    var replies: [EntityID: ChangeID] = [:]
    for id in [part, inner] {
      replies[id] = try desks.anna.write(
        id, NewEntry("message", "Your contract", channel: "email", direction: "out"))?.id
    }
    // She wrote to us, he did not.
    for id in [maja, bo] where isWithdrawn {
      try desks.anna.setConsent(id, Vocabulary.contact, isGranted: false)
    }
    for id in [part, inner] { try desks.bo.merge(whole, id, anyway: true) }
    try desks.sync()
    for isCompacted in [false, true] {
      if isCompacted { try desks.anna.store.compact(all: true) }
      for desk in [desks.anna, desks.bo] {
        let outbox = try desk.outbox("email")
        let all = outbox.messages + outbox.held
        #expect(Set(all.map(\.ticket.id)) == [whole])
        let his = try #require(all.first { $0.entry.entry.id == replies[part] })
        #expect(his.customer?.id == bo && his.recipients == ["bo@example.org"])
        #expect(his.hold == (isWithdrawn ? .contact : nil))
        let hers = try #require(all.first { $0.entry.entry.id == replies[inner] })
        #expect(hers.customer?.id == maja && hers.recipients == ["maja@example.org"])
        #expect(hers.hold == nil)
      }
    }
  }

  @Test("A reply that was split off for another customer stays that one's when both are merged again")
  func splitReply() throws {
    let desks = try TwoDesks()
    let (maja, bo) = (try customer(desks, "maja"), try customer(desks, "bo"))
    let source = try desks.ticket(maja)
    let reply = try #require(
      try desks.anna.write(source, NewEntry("message", "Dear Bo", channel: "email", direction: "out")))
    let new = try #require(try desks.anna.split(source, subject: "Bo's", entries: [reply.id])).on
    try desks.anna.set(new, ["customer": bo.description])
    try desks.sync()
    for isMerged in [false, true] {
      if isMerged { try desks.bo.merge(source, new, anyway: true) }
      try desks.sync()
      for desk in [desks.anna, desks.bo] {
        let message = try #require(try desk.outbox("email").messages.first)
        #expect(message.ticket.id == (isMerged ? source : new))
        #expect(message.recipients == ["bo@example.org"])
        #expect(try desk.current(message)?.recipients == ["bo@example.org"])
      }
    }
  }

  @Test("Tickets of one person are merged without more ado, whichever of the person's profiles they name")
  func onePerson() throws {
    let desks = try TwoDesks()
    let (maja, other) = (try desks.customer(), try desks.customer("Maja L"))
    let tickets = [try desks.ticket(maja), try desks.ticket(other)].sorted()
    #expect(throws: DeskError.self) { try desks.bo.merge(tickets[0], tickets[1]) }
    try desks.anna.mergeCustomers(maja, other)
    try desks.sync()
    try desks.bo.merge(tickets[1], tickets[0])
    try desks.sync()
    for desk in [desks.anna, desks.bo] { #expect(try desk.whole(tickets[1]) == tickets[0]) }
  }
}
