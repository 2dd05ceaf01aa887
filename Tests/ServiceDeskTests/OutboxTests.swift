import Agent
import Causality
import Codec
import DeskSupport
import Merge
import TestSupport
import Testing

@testable import ServiceDesk

@Suite("Messages that wait to be sent")
struct OutboxTests {
  @Test("One takes a message back while the other's gateway sends it: it is sent, for both")
  func cancelAndSend() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out"))
    try desks.sync()
    let message = try #require(try desks.bo.outbox("email").messages.first)
    #expect(try desks.bo.outbox("sms").messages.isEmpty)
    try desks.bo.record(message.entry, as: "sending")
    try desks.bo.record(message.entry, as: "sent", detail: "id-17")
    try desks.anna.cancel(try #require(try desks.anna.page(ticket).entries.last))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let entry = try #require(try desk.page(ticket).entries.last)
      #expect(entry.state == "sent")
      #expect(entry.detail == "id-17")
      #expect(try desk.page(ticket).view.conflicts.isEmpty)
      #expect(try desk.outbox("email").messages.isEmpty)
    }
    #expect(throws: DeskError.self) { try desks.anna.record(message.entry, as: "flown") }
  }

  @Test(
    "One takes a message back beside a try that fails: it is taken back; behind one that worked, it is sent",
    arguments: ["queued", "failed", "sent"])
  func cancelBesideTry(_ outcome: String) throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out"))
    try desks.sync()
    let message = try #require(try desks.bo.outbox("email").messages.first)
    let sending = try desks.bo.record(message.entry, as: "sending")
    try desks.anna.cancel(try #require(try desks.anna.page(ticket).entries.last))
    try desks.sync()
    try desks.bo.record(message.entry, as: outcome, behind: outcome == "sent" ? nil : sending)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.page(ticket).entries.last?.state == (outcome == "sent" ? "sent" : "cancelled"))
      let outbox = try desk.outbox("email")
      #expect(outbox.messages.isEmpty && outbox.interrupted.isEmpty)
    }
    // Who knew of the try has the last word.
    try desks.bo.record(message.entry, as: "failed", behind: sending)
    #expect(try desks.bo.page(ticket).entries.last?.state == (outcome == "sent" ? "sent" : "cancelled"))
  }

  @Test("Two gateways try at once, one fails: it is sent; what one is sending, the other leaves alone")
  func gateways() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out"))
    try desks.sync()
    let message = try #require(try desks.anna.outbox("email").messages.first)
    try desks.anna.record(message.entry, as: "sending")
    try desks.sync()
    let others = try desks.bo.outbox("email")
    #expect(others.messages.isEmpty && others.interrupted.isEmpty)
    #expect(try desks.anna.outbox("email").interrupted.count == 1)
    try desks.anna.record(message.entry, as: "sent")
    try desks.bo.record(message.entry, as: "failed", detail: "no such address")
    try desks.sync()
    for desk in [desks.anna, desks.bo] { #expect(try desk.page(ticket).entries.last?.state == "sent") }
  }

  @Test(
    "Of two gateways that take a message at the same time the one whose mark the server has first sends it, whatever comes of that",
    arguments: ["sent", "failed", "queued", nil])
  func claims(_ outcome: String?) throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out"))
    try desks.sync()
    let message = try #require(try desks.anna.outbox("email").messages.first)
    let first = try #require(try desks.anna.record(message.entry, as: "sending"))
    let second = try #require(try desks.bo.record(message.entry, as: "sending"))
    #expect(try desks.anna.claimed(message, by: first) == nil)
    try desks.sync()
    #expect(try desks.anna.claimed(message, by: first)?.entry.entry.id == message.entry.entry.id)
    #expect(try desks.bo.claimed(message, by: second) == nil)
    if let outcome {
      try desks.anna.record(message.entry, as: outcome, behind: outcome == "sent" ? nil : first)
    }
    try desks.bo.withdraw(second, of: message.entry)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.page(ticket).entries.last?.state == outcome ?? "sending")
      #expect(try desk.outbox("email").messages.count == (outcome == "queued" ? 1 : 0))
    }
    // What the first one left without a word is nobody else's.
    #expect(try desks.anna.outbox("email").interrupted.count == (outcome == nil ? 1 : 0))
    #expect(try desks.bo.outbox("email").interrupted.isEmpty)
  }

  @Test(
    "What came beside a gateway's mark stops the message: taken back, hidden, or crossed with words of the customer"
  )
  func claimsBeside() throws {
    for step in 0..<3 {
      let desks = try TwoDesks()
      let ticket = try desks.ticket(try desks.customer())
      try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out"))
      try desks.sync()
      let message = try #require(try desks.bo.outbox("email").messages.first)
      let item = try #require(try desks.anna.page(ticket).entries.last)
      switch step {
      case 0: try desks.anna.cancel(item)
      case 1: try desks.anna.redact(ticket, item.entry.id, because: "a PIN")
      default: try desks.anna.write(ticket, NewEntry("message", "Wait!", channel: "email", direction: "in"))
      }
      let mark = try #require(try desks.bo.record(message.entry, as: "sending"))
      try desks.sync()
      #expect(try desks.bo.claimed(message, by: mark) == nil)
      try desks.bo.withdraw(mark, of: message.entry)
      try desks.sync()
      for desk in [desks.anna, desks.bo] {
        let entry = try desk.page(ticket).entries.first { $0.entry.id == item.entry.id }
        #expect(entry?.state == (step == 2 ? "held" : "cancelled"))
        #expect(try desk.outbox("email").messages.isEmpty)
        #expect(try desk.holdReason(message) == (step == 2 ? .crossed(1) : nil))
      }
    }
  }

  @Test(
    "What the customer does not allow is held back, whoever wrote it when",
    arguments: ["service", "marketing", "contact"])
  func consent(_ purpose: String) throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.anna.newTicket(customer: customer, subject: "A recall").on
    try desks.anna.setConsent(customer, "marketing", isGranted: true)
    var entry = NewEntry("message", "A new tap", channel: "email", direction: "out")
    if purpose == "marketing" { entry.purpose = purpose }
    try desks.anna.write(ticket, entry)
    try desks.sync()
    #expect(try desks.bo.outbox("email").messages.count == 1)
    try desks.bo.setConsent(customer, purpose, isGranted: false)
    var outbox = try desks.bo.outbox("email")
    #expect(outbox.messages.isEmpty && outbox.held.count == 1)
    // Who wrote to us is answered, whatever they said about being contacted.
    try desks.anna.write(ticket, NewEntry("message", "When do you come?", channel: "email", direction: "in"))
    try desks.anna.write(ticket, NewEntry("message", "Today", channel: "email", direction: "out"))
    try desks.sync()
    outbox = try desks.bo.outbox("email")
    #expect(outbox.messages.contains { $0.entry.text == "Today" } == (purpose != "service"))
    try desks.bo.setConsent(customer, "service", isGranted: true)
    #expect(try desks.bo.outbox("email").messages.contains { $0.entry.text == "Today" })
  }

  @Test(
    "A message that waits goes out from the ticket that it went along to, also where it crossed and was let go"
  )
  func split() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.bo.write(ticket, NewEntry("message", "And the bill?", channel: "email", direction: "in"))
    let reply = try #require(
      try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out")))
    try desks.sync()
    for isCompacted in [false, true] {
      if isCompacted { try desks.anna.store.compact(all: true) }
      #expect(try desks.anna.outbox("email").held.map(\.entry.entry.id) == [reply.id])
    }
    let other = try #require(
      try desks.anna.split(
        ticket, subject: "The bill",
        entries: try desks.anna.page(ticket).entries.filter { $0.entry.channel == "email" }.map(\.entry.id))
    ).on
    #expect(try desks.anna.outbox("email").held.map(\.ticket.id) == [other])
    let held = try #require(try desks.anna.page(other).entries.first { $0.entry.id == reply.id })
    try desks.anna.release(held)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let outbox = try desk.outbox("email")
      #expect(outbox.messages.map(\.entry.entry.id) == [reply.id])
      #expect(outbox.messages.map(\.ticket.id) == [other])
    }
    let message = try #require(try desks.bo.outbox("email").messages.first)
    try desks.bo.record(message.entry, as: "sent")
    #expect(try desks.bo.outbox("email").messages.isEmpty)
  }

  @Test("What was hidden before it went out does not go out, whoever lets it go")
  func redacted() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    let reply = try #require(
      try desks.anna.write(ticket, NewEntry("message", "Her PIN is 1234", channel: "email", direction: "out"))
    )
    try desks.sync()
    try desks.bo.redact(ticket, reply.id, because: "a PIN")
    let entry = try #require(try desks.bo.page(ticket).entries.last)
    #expect(entry.state == "cancelled")
    #expect(throws: DeskError.self) { try desks.bo.release(entry) }
    try desks.anna.cancel(try #require(try desks.anna.page(ticket).entries.last))
    try desks.anna.release(try #require(try desks.anna.page(ticket).entries.last))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let outbox = try desk.outbox("email")
      #expect(outbox.messages.isEmpty && outbox.held.isEmpty)
      // Nobody was answered by it.
      #expect(try desk.page(ticket).entries.last?.state == "cancelled")
    }
    // What went out first stays as it went out.
    let second = try #require(
      try desks.anna.write(ticket, NewEntry("message", "Monday", channel: "email", direction: "out")))
    try desks.anna.record(try #require(try desks.anna.page(ticket).entries.last), as: "sent")
    try desks.anna.redact(ticket, second.id, because: "another's day")
    #expect(try desks.anna.page(ticket).entries.last?.state == "sent")
  }

  @Test("What a lost gateway was sending can be let go or taken back", arguments: [false, true])
  func lostGateway(_ again: Bool) throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out"))
    try desks.sync()
    let message = try #require(try desks.bo.outbox("email").messages.first)
    try desks.bo.record(message.entry, as: "sending")
    try desks.sync()
    let entry = try #require(try desks.anna.page(ticket).entries.last)
    #expect(entry.state == "sending")
    if again { try desks.anna.release(entry) } else { try desks.anna.cancel(entry) }
    try desks.sync()
    #expect(try desks.bo.outbox("email").messages.count == (again ? 1 : 0))
    #expect(try desks.bo.page(ticket).entries.last?.state == (again ? "queued" : "cancelled"))
    // Were it alive after all, and had sent it, it is sent.
    if !again {
      try desks.bo.record(message.entry, as: "sent")
      #expect(try desks.bo.page(ticket).entries.last?.state == "sent")
    }
  }
}
