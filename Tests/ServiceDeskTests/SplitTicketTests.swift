import Agent
import Causality
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("Tickets that were split")
struct SplitTicketTests {
  private func words(_ desk: Desk, _ ticket: EntityID) throws -> [String] {
    try desk.page(ticket).entries.filter { $0.entry.isContact }.map(\.text)
  }

  /// A ticket with words of the customer, and with a reply that waits and went to another ticket.
  private func split(_ desks: TwoDesks) throws -> (source: EntityID, new: EntityID, reply: ChangeID) {
    let source = try desks.ticket(try desks.customer())
    let reply = try #require(
      try desks.anna.write(source, NewEntry("message", "On Monday", channel: "email", direction: "out")))
    let new = try #require(try desks.anna.split(source, subject: "Monday", entries: [reply.id])).on
    try desks.sync()
    return (source, new, reply.id)
  }

  @Test("Merged back, the ticket shows what went to the split one, and a message among it is sent")
  func mergedBack() throws {
    let desks = try TwoDesks()
    let (source, new, reply) = try split(desks)
    #expect(try words(desks.bo, source) == ["It drips"])
    try desks.anna.merge(source, new)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      for id in [source, new] { #expect(try words(desk, id) == ["It drips", "On Monday"]) }
      #expect(try desk.outbox("email").messages.map(\.entry.entry.id) == [reply])
      let customer = try #require(try desk.page(source).view.customer)
      #expect(try desk.brief(customer).contacts.map(\.text) == ["On Monday", "It drips"])
    }
    let waiting = try #require(try desks.bo.outbox("email").messages.first)
    #expect(try desks.bo.current(waiting) != nil)
    try desks.bo.cancel(waiting.entry)
    #expect(try desks.bo.outbox("email").messages.isEmpty)
    try desks.anna.unmerge(max(source, new))
    #expect(try words(desks.anna, source) == ["It drips"])
    #expect(try words(desks.anna, new) == ["On Monday"])
  }

  @Test("Merged back through a third one, it shows them too")
  func mergedBackThroughAnother() throws {
    let desks = try TwoDesks()
    let (source, new, reply) = try split(desks)
    let third = try desks.ticket(try desks.anna.page(source).view.customer, "Else")
    try desks.anna.merge(third, new)
    #expect(try words(desks.anna, source) == ["It drips"])
    #expect(try words(desks.anna, third).contains("On Monday"))
    try desks.anna.merge(source, third)
    #expect(try words(desks.anna, third).sorted() == ["It drips", "It drips", "On Monday"])
    // What the customer wrote in the third one was not known when it was written.
    #expect(try desks.anna.outbox("email").held.map(\.entry.entry.id) == [reply])
  }

  @Test("Two split it off at the same time, and both are merged back: it is there once")
  func twice() throws {
    let desks = try TwoDesks()
    let source = try desks.ticket(try desks.customer())
    let reply = try #require(
      try desks.anna.write(source, NewEntry("message", "On Monday", channel: "email", direction: "out")))
    try desks.sync()
    let new = try [desks.anna, desks.bo].map { desk in
      try #require(try desk.split(source, subject: "Monday", entries: [reply.id])).on
    }
    try desks.sync()
    #expect(try desks.anna.outbox("email").messages.map(\.entry.entry.id) == [reply.id])
    for id in new { #expect(try words(desks.anna, id) == ["On Monday"]) }
    try desks.anna.merge(source, new[0])
    // Somebody split it off who did not know that it was; it is in both places until that is merged too.
    #expect(try words(desks.anna, source) == ["It drips", "On Monday"])
    try desks.anna.merge(source, new[1])
    #expect(try words(desks.anna, source) == ["It drips", "On Monday"])
    #expect(try desks.anna.outbox("email").messages.map(\.entry.entry.id) == [reply.id])
  }

  @Test(
    "Split off once more, from the ticket that it went to or after a merge, it is in the newest ticket only")
  func onceMore() throws {
    let desks = try TwoDesks()
    let (source, new, reply) = try split(desks)
    let third = try #require(try desks.anna.split(source, subject: "Again", entries: [reply])).on
    #expect(try words(desks.anna, new).isEmpty)
    #expect(try words(desks.anna, third) == ["On Monday"])
    try desks.anna.merge(source, third)
    #expect(try words(desks.anna, source) == ["It drips", "On Monday"])
    let fourth = try #require(try desks.anna.split(source, subject: "Again", entries: [reply])).on
    #expect(try words(desks.anna, source) == ["It drips"])
    #expect(try words(desks.anna, fourth) == ["On Monday"])
    #expect(try desks.anna.page(new).splitFrom == source)
  }

  @Test(
    "A ticket whose answer went to another one waits, and is found in the queue however little is asked for",
    arguments: [false, true])
  func answerAway(_ isCompacted: Bool) throws {
    let desks = try TwoDesks()
    let anna = desks.anna
    try anna.setHours(
      BusinessHours(week: Array(repeating: [0..<1440], count: 7), closed: [], zone: .utc, zoneName: "UTC"))
    let customer = try desks.customer()
    func mail(_ text: String, _ hours: UInt64) -> NewEntry {
      var entry = NewEntry("message", text, channel: "email", direction: "in")
      entry.happened = HybridTime(milliseconds: anna.store.environment.now() - hours * 3_600_000)
      return entry
    }
    let source = try anna.newTicket(customer: customer, subject: "Mail", channel: "email").on
    try anna.write(source, mail("And the tap?", 5))
    let asked = try #require(try anna.write(source, mail("And the bill?", 4)))
    let answer = try #require(
      try anna.write(source, NewEntry("message", "The bill is right", channel: "email", direction: "out")))
    for number in 0..<40 {
      let other = try anna.newTicket(customer: customer, subject: "Mail \(number)", channel: "email").on
      try anna.write(other, mail("Hello", 3))
    }
    try anna.store.compact(all: true)
    #expect(try anna.queue(limit: 1).tickets.map(\.row.id) != [source])
    let split = try #require(try anna.split(source, subject: "Bill", entries: [asked.id, answer.id])).on
    try desks.sync()
    for desk in [anna, desks.bo] {
      if isCompacted { try desk.store.compact(all: true) }
      #expect(try desk.queue(limit: 1).tickets.map(\.row.id) == [source])
      #expect(try desk.targets(source).next?.kind == .first)
      #expect(
        try desk.page(source).entries.map(\.text) == [
          "And the tap?", "2 entries went to a ticket of their own",
        ])
      #expect(try desk.page(split).entries.map(\.entry.id) == [asked.id, answer.id])
    }
  }
}
