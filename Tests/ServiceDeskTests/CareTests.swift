import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("Promises and care")
struct CareTests {
  @Test("One writes kept, the other broken: broken counts until somebody settles it")
  func concurrent() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let promise = try #require(try desks.anna.promise("A call", to: customer)).on
    try desks.sync()
    try desks.bo.settle(promise, as: "broken", because: "nobody called")
    try desks.anna.settle(promise, as: "kept")
    try desks.sync()
    var filter = Desk.PromiseFilter()
    filter.includesSettled = true
    for desk in [desks.anna, desks.bo] {
      let row = try #require(try desk.promises(filter).rows.first)
      #expect(row.state == "broken")
      #expect(row.conflicts == 1)
      #expect(!row.isOpen)
    }
    try desks.anna.settle(promise, as: "kept", because: "called on Tuesday")
    try desks.sync()
    #expect(try desks.bo.promises(filter).rows.map(\.state) == ["kept"])
    #expect(try desks.bo.promises().rows.isEmpty)
  }

  @Test("What is due first comes first, what has no date last; filters; also after compaction")
  func due() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let other = try desks.customer("Bo Ek")
    let ticket = try desks.ticket(customer)
    let now = desks.anna.store.environment.now()
    func due(_ hours: UInt64) -> HybridTime { HybridTime(milliseconds: now + hours * 3_600_000) }
    try desks.anna.promise("later", to: customer, due: due(48))
    try desks.anna.promise("some day", to: customer)
    try desks.bo.promise("soon", to: other, due: due(1), amount: Money("19.50", "eur"))
    try desks.anna.promise("in the ticket", to: nil, ticket: ticket, due: due(2))
    try desks.sync()
    for isCompacted in [false, true] {
      if isCompacted { try desks.anna.store.compact(all: true) }
      let rows = try desks.anna.promises().rows
      #expect(rows.map(\.text) == ["soon", "in the ticket", "later", "some day"])
      #expect(rows[0].amount == "19.50" && rows[0].currency == "EUR" && rows[0].by == "bo")
      var filter = Desk.PromiseFilter()
      filter.customer = customer
      #expect(try desks.anna.promises(filter).rows.map(\.text) == ["in the ticket", "later", "some day"])
      filter.ticket = ticket
      #expect(try desks.anna.promises(filter).total == 1)
      filter = Desk.PromiseFilter()
      filter.dueUntil = now + 3 * 3_600_000
      filter.by = "anna"
      #expect(try desks.anna.promises(filter).rows.map(\.text) == ["in the ticket"])
    }
    #expect(throws: DeskError.self) { try Money("1,5", "EUR") }
    #expect(throws: DeskError.self) { try Money("5", "euro") }
    #expect(throws: DeskError.self) {
      try desks.anna.settle(try #require(try desks.anna.promises().rows.first).id, as: "waived")
    }
  }

  @Test("The steps of care are read from the timeline, whoever took them")
  func steps() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    func taken() throws -> [String] {
      try desks.anna.page(ticket).care.filter { $0.evidence != nil }.map(\.name)
    }
    #expect(try taken().isEmpty)
    try desks.anna.write(ticket, NewEntry("message", "Vi beklagar det", channel: "email", direction: "out"))
    #expect(try taken() == ["heard", "apologised"])
    try desks.bo.write(ticket, NewEntry("message", "We send a plumber", channel: "email", direction: "out"))
    try desks.sync()
    #expect(try taken() == ["heard", "apologised", "solution"])
    try desks.bo.compensate(ticket, Money("20", "EUR"), because: "waited")
    try desks.anna.compensate(ticket, Money("10", "EUR"), because: "waited")
    try desks.sync()
    #expect(try taken() == ["heard", "apologised", "solution", "action"])
    // Both gave something, and both see it.
    let amounts = try desks.bo.page(ticket).entries.compactMap { $0.entry.value["amount"]?.string }
    #expect(amounts.sorted() == ["10", "20"])
    try desks.anna.solve(ticket, solution: "New washer", told: "phone")
    try desks.anna.followUp(ticket, channel: "phone", text: "Dry")
    #expect(try taken() == Vocabulary.careSteps)
  }

  @Test(
    "Profiles are merged while the other profile is promised something: the whole has both promises, and each its own after a split"
  )
  func merged() throws {
    let desks = try TwoDesks()
    let (first, second) = (try desks.customer("Maja Lind"), try desks.customer("Maja Lindh"))
    try desks.anna.promise("a call", to: first)
    try desks.sync()
    try desks.anna.mergeCustomers(first, second)
    try desks.bo.promise("a visit", to: second)
    try desks.sync()
    var filter = Desk.PromiseFilter()
    for desk in [desks.anna, desks.bo] {
      for id in [first, second] {
        filter.customer = id
        #expect(Set(try desk.promises(filter).rows.map(\.text)) == ["a call", "a visit"])
        #expect(try desk.brief(id).promises.count == 2)
      }
    }
    try desks.bo.splitCustomer(second)
    try desks.sync()
    for (id, text) in [(first, "a call"), (second, "a visit")] {
      filter.customer = id
      #expect(try desks.anna.promises(filter).rows.map(\.text) == [text])
    }
    #expect(try desks.agree())
  }

  @Test("A ticket's promises are those of all that were merged with it, asked for by any of them")
  func mergedTickets() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let tickets = [try desks.ticket(customer), try desks.ticket(customer)].sorted()
    try desks.anna.promise("one", to: customer, ticket: tickets[0])
    try desks.anna.promise("two", to: customer, ticket: tickets[1])
    try desks.anna.merge(tickets[0], tickets[1])
    for isCompacted in [false, true] {
      if isCompacted { try desks.anna.store.compact(all: true) }
      for ticket in tickets {
        var filter = Desk.PromiseFilter()
        filter.ticket = ticket
        #expect(Set(try desks.anna.promises(filter).rows.map(\.text)) == ["one", "two"])
        #expect(try desks.anna.page(ticket).promises.count == 2)
      }
    }
  }

  @Test("What never reached the customer is no care", arguments: ["cancelled", "failed", "sent"])
  func stopped(_ state: String) throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    var reply = NewEntry("message", "Sorry, we come today", channel: "email", direction: "out")
    reply.care = ["action"]
    let change = try #require(try desks.anna.write(ticket, reply))
    try desks.sync()
    let item = try #require(try desks.bo.page(ticket).entries.first { $0.entry.id == change.id })
    try desks.bo.record(item, as: state)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let steps = try desk.page(ticket).care.filter { $0.evidence != nil }.map(\.name)
      #expect(steps == (state == "sent" ? ["heard", "apologised", "action"] : []))
    }
  }

  @Test("A promise that was kept shows who kept it and when, not when it was due")
  func keptBy() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    let due = HybridTime(milliseconds: desks.now + 96 * 3_600_000)
    let promises = try ["A plumber", "A new tap"].map { text in
      try #require(try desks.anna.promise(text, to: customer, ticket: ticket, due: due)).on
    }
    try desks.sync()
    desks.minutes(60)
    // The one that is kept first, whichever is listed first.
    let kept = try #require(try desks.bo.settle(promises[1], as: "kept"))
    desks.minutes(60)
    try desks.anna.settle(promises[0], as: "kept")
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let evidence = try desk.page(ticket).care.first { $0.name == "action" }?.evidence
      #expect(evidence?.what == "promise kept" && evidence?.by == "bo" && evidence?.at == kept.at)
    }
  }
}
