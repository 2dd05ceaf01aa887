import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("The life of a ticket")
struct TicketLifeTests {
  @Test("Two agents take a ticket offline: the first has it and owns it, for both")
  func take() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.bo.take(ticket)
    try desks.anna.take(ticket)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let view = try desk.page(ticket).view
      #expect(view.assignee == "bo")
      #expect(view.owner == "bo")
      // Who has it is a question for the two; who owns it is not.
      #expect(view.conflicts.map(\.name) == ["assignee"])
    }
  }

  @Test("A note by a device with a slow clock does not make the ticket older")
  func slowClock() throws {
    let desks = try TwoDesks()
    desks.minutes(20 * 24 * 60)
    let ticket = try desks.ticket(try desks.customer())
    let created = try desks.anna.page(ticket).view.created
    let slow = HybridTime(milliseconds: created.milliseconds - 10 * 86_400_000)
    try desks.bo.store.commit(
      Edit(.entity(ticket), Draft(set: ["say": "hello"]), at: slow))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.page(ticket).view.created == created)
      try desk.store.compact(all: true)
      #expect(try desk.ticket(ticket)?.created == created)
    }
  }

  @Test("Through a transfer the owner stays, until a follow-up; a transfer needs a reason")
  func owner() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.take(ticket)
    #expect(throws: DeskError.self) { try desks.anna.transfer(ticket, to: "bo", because: " ") }
    #expect(throws: DeskError.self) { try desks.anna.transfer(ticket, because: "why not") }
    try desks.anna.transfer(ticket, to: "bo", because: "speaks Finnish")
    try desks.sync()
    var view = try desks.bo.page(ticket).view
    #expect(view.assignee == "bo")
    #expect(view.owner == "anna")
    let entry = try #require(view.timeline.last)
    #expect(entry.kind == "transfer")
    #expect(entry.text == "speaks Finnish")
    #expect(entry.value["from"]?.string == "anna")
    try desks.bo.followUp(ticket, channel: "phone", text: "All is well so far")
    view = try desks.bo.page(ticket).view
    #expect(view.owner == "bo")
    try desks.bo.solve(ticket, solution: "New washer", told: "phone")
    try desks.bo.followUp(ticket, channel: "phone", text: "Dry")
    #expect(try desks.bo.page(ticket).view.owner == "")
  }

  @Test("A message of the customer opens a pending or solved ticket again; a closed one stays closed")
  func customerWrites() throws {
    let desks = try TwoDesks()
    for (status, after) in [
      ("pending", "open"), ("solved", "open"), ("closed", "closed"), ("on-hold", "on-hold"),
    ] {
      let ticket = try desks.ticket(try desks.customer())
      try desks.anna.set(ticket, ["status": status])
      try desks.anna.write(ticket, NewEntry("message", "It leaks again", channel: "email", direction: "in"))
      let page = try desks.anna.page(ticket)
      #expect(page.view.status == after)
      #expect(page.entries.contains { $0.entry.event == "reopened" } == (status == "solved"))
      // What we say changes nothing.
      try desks.anna.set(ticket, ["status": status])
      try desks.anna.write(ticket, NewEntry("message", "We come", channel: "email", direction: "out"))
      #expect(try desks.anna.page(ticket).view.status == status)
    }
  }

  @Test("Two transfers at the same time: the first one's agent has it, both reasons are there")
  func transfers() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.transfer(ticket, to: "carl", because: "knows taps")
    try desks.bo.transfer(ticket, to: "dora", because: "lives there")
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let view = try desk.page(ticket).view
      #expect(view.assignee == "carl")
      #expect(view.owner == "anna")
      #expect(view.timeline.filter { $0.kind == "transfer" }.map(\.text) == ["knows taps", "lives there"])
    }
  }

  @Test("Solving says what is missing, and what is still promised; reopening asks for telling anew")
  func solve() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.promise("A plumber comes", to: nil, ticket: ticket)
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    let both = message { try desks.anna.solve(ticket) }
    #expect(both.contains("solution") && both.contains("told"))
    let told = message { try desks.anna.solve(ticket, solution: "New washer") }
    #expect(!told.contains("in words") && told.contains("told"))
    let solved = try desks.anna.solve(ticket, solution: "New washer", told: "phone")
    #expect(solved.openPromises.map(\.text) == ["A plumber comes"])
    #expect(try desks.anna.page(ticket).view.status == "solved")
    try desks.anna.reopen(ticket, because: "drips again")
    #expect(message { try desks.anna.solve(ticket) }.contains("told"))
    try desks.anna.solve(ticket, told: "email")
    // Nobody has to be told of what no customer asked for.
    let own = try desks.ticket(nil, "Order price lists")
    try desks.anna.solve(own, solution: "Ordered")
  }

  @Test("One solves while the other hands it over: solved, with the new agent, and nothing lost")
  func solveAndTransfer() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.take(ticket)
    try desks.sync()
    try desks.anna.solve(ticket, solution: "New washer", told: "phone")
    try desks.bo.transfer(ticket, to: "carl", because: "needs a visit")
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let view = try desk.page(ticket).view
      #expect(view.status == "solved")
      #expect(view.assignee == "carl")
      #expect(view.owner == "anna")
      #expect(view.solution == "New washer")
    }
    #expect(try desks.agree())
  }

  @Test("Twins are merged by both in opposite directions: one ticket with both timelines, later words too")
  func merge() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let first = try desks.anna.newTicket(
      customer: customer, subject: "Tap", channel: "phone", priority: "low", tags: ["leak"],
      message: "It drips"
    ).on
    let second = try desks.bo.newTicket(
      customer: customer, subject: "Tap!", channel: "email", priority: "urgent", status: "pending",
      tags: ["vip"], message: "It drips still"
    ).on
    try desks.sync()
    try desks.anna.merge(first, second)
    try desks.bo.merge(second, first)
    let goes = max(first, second)
    // Somebody who does not know yet adds to the twin.
    try desks.sync()
    try desks.bo.write(goes, NewEntry("message", "And now?", channel: "email", direction: "in"))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.whole(first) == desk.whole(second))
      let page = try desk.page(goes)
      #expect(page.id == min(first, second))
      #expect(page.parts.map(\.id) == [goes])
      let words = page.entries.filter { $0.entry.direction == "in" }.map(\.text)
      #expect(words == ["It drips", "It drips still", "And now?"])
      #expect(page.view.priority == "urgent")
      #expect(page.view.status == "new")
      #expect(page.view.tags == ["leak", "vip"])
      #expect(page.view.conflicts.isEmpty)
      let rows = try desk.tickets(limit: 10).rows
      #expect(rows.map(\.id) == [page.id])
    }
    // The merge is taken back: the twin has what is its own.
    try desks.anna.unmerge(goes)
    try desks.sync()
    let words = try desks.bo.page(goes).entries.filter { $0.entry.direction == "in" }.map(\.text)
    #expect(words == (goes == second ? ["It drips still", "And now?"] : ["It drips", "And now?"]))
    #expect(try desks.bo.tickets(limit: 10).rows.count == 2)
    let again = try desks.bo.unmerge(goes)
    #expect(again == nil)
    #expect(try desks.agree())
  }

  @Test("A chain of merges is one ticket; other customers' tickets are not merged by mistake")
  func chains() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let tickets = try (1...3).map { try desks.ticket(customer, "Tap \($0)") }.sorted()
    try desks.anna.merge(tickets[1], tickets[2])
    try desks.bo.merge(tickets[0], tickets[1])
    try desks.sync()
    for ticket in tickets { #expect(try desks.anna.whole(ticket) == tickets[0]) }
    #expect(try desks.anna.page(tickets[2]).parts.map(\.id) == Array(tickets[1...]))
    #expect(try desks.anna.merge(tickets[1], tickets[2]) == nil)
    let other = try desks.ticket(try desks.customer("Bo Ek"))
    #expect(throws: DeskError.self) { try desks.anna.merge(tickets[0], other) }
    #expect(try desks.anna.merge(tickets[0], other, anyway: true) != nil)
  }

  @Test("Both split the same words off: each new ticket has them, the old one has not")
  func split() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    let words = try #require(
      try desks.anna.write(ticket, NewEntry("message", "And the invoice?", channel: "email", direction: "in"))
    )
    try desks.sync()
    let first = try #require(try desks.anna.split(ticket, subject: "Invoice", entries: [words.id])).on
    let second = try #require(try desks.bo.split(ticket, subject: "Bill", entries: [words.id])).on
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let left = try desk.page(ticket).entries
      #expect(left.filter(\.entry.isContact).map(\.text) == ["It drips"])
      #expect(left.count { $0.entry.event == "split" } == 2)
      #expect(try desk.page(ticket).splitInto == [first, second].sorted())
      for new in [first, second] {
        let page = try desk.page(new)
        #expect(page.entries.map(\.text) == ["And the invoice?"])
        #expect(page.splitFrom == ticket)
      }
      #expect(try desk.page(first).view.customerName == "Maja Lind")
    }
    #expect(throws: DeskError.self) {
      try desks.anna.split(ticket, subject: "No", entries: [ChangeID(desks.anna.store.replica, 99)])
    }
  }

  @Test("Links stand on both tickets, and one of two concurrent links stays when the other is taken away")
  func links() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let (a, b) = (try desks.ticket(customer, "A"), try desks.ticket(customer, "B"))
    try desks.anna.link(a, b, as: "causes")
    try desks.bo.link(a, b, as: "related")
    try desks.sync()
    #expect(Set(try desks.anna.page(b).links.map(\.relation)) == ["caused-by", "related"])
    try desks.bo.link(a, b, as: "causes", undoing: true)
    try desks.sync()
    #expect(try desks.anna.page(a).links == [try #require(TicketLink("related \(b)"))])
    #expect(throws: DeskError.self) { try desks.anna.link(a, a, as: "related") }
  }

  @Test("No link says the opposite of one that stands on a part of either ticket")
  func linksOfParts() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let (whole, part) = (try desks.ticket(customer, "A"), try desks.ticket(customer, "B"))
    let (other, inner) = (try desks.ticket(customer, "C"), try desks.ticket(customer, "D"))
    try desks.anna.link(part, inner, as: "parent")
    try desks.anna.merge(whole, part)
    try desks.anna.merge(other, inner)
    for (one, two, word) in [(whole, other, "child"), (other, whole, "parent"), (part, other, "child")] {
      #expect(throws: DeskError.self) { try desks.anna.link(one, two, as: word) }
    }
    #expect(try desks.anna.link(whole, other, as: "parent") != nil)
    #expect(Set(try desks.anna.page(whole).links.map(\.relation)) == ["parent"])
  }
}
