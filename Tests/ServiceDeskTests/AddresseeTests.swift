import Agent
import Causality
import Codec
import DeskSupport
import Merge
import TestSupport
import Testing

@testable import ServiceDesk

/// Messages that wait while the ticket is given to another customer than they were written for.
@Suite("For whom a message was written") struct AddresseeTests {
  private func customer(_ name: String, _ desks: TwoDesks) throws -> EntityID {
    let id = try desks.anna.newCustomer(name: name, emails: ["\(name.lowercased())@example.org"]).on
    try desks.sync()
    return id
  }

  private func write(_ desk: Desk, _ ticket: EntityID, _ text: String = "Dear Vera") throws {
    try desk.write(ticket, NewEntry("message", text, channel: "email", direction: "out"))
  }

  private func item(_ desk: Desk, _ ticket: EntityID, _ text: String = "Dear Vera") throws -> TicketPage.Entry
  {
    try #require(try desk.page(ticket).entries.first { $0.text == text })
  }

  /// To whom the messages go that may be sent, and why others are held, as both see it, compacted or not.
  private func outbox(_ desks: TwoDesks) throws -> (to: [String], held: [HoldReason?]) {
    try desks.sync()
    var found: [(to: [String], held: [HoldReason?])] = []
    for isCompacted in [false, true] {
      if isCompacted { try desks.bo.store.compact(all: true) }
      for desk in [desks.anna, desks.bo] {
        let outbox = try desk.outbox("email")
        found.append((outbox.messages.flatMap(\.recipients), outbox.held.map(\.hold)))
        // What the ticket's page says is the same.
        for held in outbox.held { #expect(try desk.holdReason(held) == held.hold) }
      }
    }
    #expect(found.dropFirst().allSatisfy { $0 == found[0] })
    return found[0]
  }

  @Test(
    "It goes to nobody else: not where the ticket was given away beside it, and not where it was later",
    arguments: [false, true])
  func givenAway(_ isLater: Bool) throws {
    let desks = try TwoDesks()
    let (vera, wim) = (try customer("Vera", desks), try customer("Wim", desks))
    let ticket = try desks.ticket(vera)
    try write(desks.anna, ticket)
    if isLater { try desks.sync() }
    try desks.bo.set(ticket, ["customer": wim.description])
    var now = try outbox(desks)
    #expect(now.to.isEmpty && now.held == [.otherCustomer])
    #expect(try item(desks.anna, ticket).state == "held")

    // Who lets it go saw whose it is.
    try desks.bo.release(try item(desks.bo, ticket))
    now = try outbox(desks)
    #expect(now.to == ["wim@example.org"] && now.held.isEmpty)
    // Not where it is another one's again; and who has it in the end is whom it was written for.
    try desks.anna.set(ticket, ["customer": try customer("Ylva", desks).description])
    #expect(try outbox(desks).held == [.otherCustomer])
    try desks.anna.set(ticket, ["customer": vera.description])
    now = try outbox(desks)
    #expect(now.to == ["vera@example.org"] && now.held.isEmpty)
  }

  @Test(
    "While people disagree about whose the ticket is, it goes to neither; settled, it goes where it was meant"
  )
  func disputed() throws {
    for isSettled in [false, true] {
      let desks = try TwoDesks()
      let (vera, wim) = (try customer("Vera", desks), try customer("Wim", desks))
      let ticket = try desks.ticket(nil)
      try desks.anna.set(ticket, ["customer": vera.description])
      try write(desks.anna, ticket)
      desks.minutes(1)
      try desks.bo.set(ticket, ["customer": wim.description])
      var now = try outbox(desks)
      #expect(now.to.isEmpty && now.held == [.disputedCustomer])
      if isSettled {
        let conflict = try #require(try desks.bo.conflicts(of: ticket).first { $0.state == .open })
        try desks.bo.settle(conflict, .value(JSONText(vera.description)))
      } else {
        try desks.bo.release(try item(desks.bo, ticket))
      }
      now = try outbox(desks)
      #expect(now.to == [isSettled ? "vera@example.org" : "wim@example.org"] && now.held.isEmpty)
    }
  }

  @Test("What was written while the ticket was nobody's goes to whoever it is, where people agree on that")
  func nobodys() throws {
    let desks = try TwoDesks()
    let (vera, wim) = (try customer("Vera", desks), try customer("Wim", desks))
    let ticket = try desks.ticket(nil)
    try write(desks.anna, ticket)
    try desks.sync()
    try desks.anna.set(ticket, ["customer": vera.description])
    #expect(try desks.anna.outbox("email").messages.flatMap(\.recipients) == ["vera@example.org"])
    try desks.bo.set(ticket, ["customer": wim.description])
    #expect(try outbox(desks).held == [.disputedCustomer])
    let conflict = try #require(try desks.bo.conflicts(of: ticket).first { $0.state == .open })
    try desks.bo.settle(conflict, .value(JSONText(wim.description)))
    let now = try outbox(desks)
    #expect(now.to == ["wim@example.org"] && now.held.isEmpty)
  }

  @Test("Profiles of one person are one, as long as they are tied")
  func profiles() throws {
    let desks = try TwoDesks()
    let (vera, again) = (try customer("Vera", desks), try customer("Vera", desks))
    let ticket = try desks.ticket(vera)
    try write(desks.anna, ticket)
    try desks.sync()
    try desks.bo.set(ticket, ["customer": again.description])
    #expect(try outbox(desks).held == [.otherCustomer])
    try desks.anna.mergeCustomers(vera, again)
    #expect(try outbox(desks).held.isEmpty)
    try desks.anna.splitCustomer(again)
    #expect(try outbox(desks).held == [.otherCustomer])
  }

  @Test("A part that names nobody goes by the whole, as its author saw it and as it is")
  func parts() throws {
    let desks = try TwoDesks()
    let (vera, wim) = (try customer("Vera", desks), try customer("Wim", desks))
    let ids = try [desks.ticket(nil), desks.ticket(nil)].sorted()
    try desks.anna.set(ids[0], ["customer": vera.description])
    try desks.anna.merge(ids[0], ids[1])
    // As an import may write it: on the part.
    try write(desks.anna, ids[1])
    try desks.sync()
    #expect(try desks.bo.outbox("email").messages.count == 1)
    try desks.bo.set(ids[0], ["customer": wim.description])
    #expect(try outbox(desks).held == [.otherCustomer])
    try desks.anna.release(try item(desks.anna, ids[0]))
    #expect(try outbox(desks).to == ["wim@example.org"])
  }

  @Test("What was split off goes to whom the ticket names to which it went, where people agree on that")
  func split() throws {
    let desks = try TwoDesks()
    let (vera, wim) = (try customer("Vera", desks), try customer("Wim", desks))
    let ylva = try customer("Ylva", desks)
    let ticket = try desks.ticket(vera)
    try write(desks.anna, ticket)
    try desks.sync()
    let other = try #require(
      try desks.bo.split(ticket, subject: "Wim's", entries: [try item(desks.bo, ticket).entry.id])
    ).on
    #expect(try outbox(desks).to == ["vera@example.org"])
    try desks.bo.set(other, ["customer": wim.description])
    #expect(try outbox(desks).to == ["wim@example.org"])
    try desks.anna.set(other, ["customer": vera.description])
    try desks.bo.set(other, ["customer": ylva.description])
    #expect(try outbox(desks).held == [.disputedCustomer])
    try desks.bo.release(try item(desks.bo, other))
    #expect(try outbox(desks).held.isEmpty)
  }

  @Test("One release is enough, of what was taken back too, and a try that fails forgets nothing of it")
  func releasedOnce() throws {
    let desks = try TwoDesks()
    let (vera, wim) = (try customer("Vera", desks), try customer("Wim", desks))
    let ticket = try desks.ticket(vera)
    try write(desks.anna, ticket)
    try desks.anna.cancel(try item(desks.anna, ticket))
    try desks.bo.write(ticket, NewEntry("message", "When?", channel: "email", direction: "in"))
    try desks.bo.set(ticket, ["customer": wim.description])
    try desks.sync()
    try desks.bo.release(try item(desks.bo, ticket))
    #expect(try item(desks.bo, ticket).state == "queued")
    let message = try #require(try desks.bo.outbox("email").messages.first)
    let mark = try desks.bo.record(message.entry, as: "sending")
    try desks.bo.record(message.entry, as: "queued", behind: mark)
    #expect(try outbox(desks).to == ["wim@example.org"])
  }

  @Test("A gateway that has marked it looks once more before it sends")
  func claimed() throws {
    let desks = try TwoDesks()
    let (vera, wim) = (try customer("Vera", desks), try customer("Wim", desks))
    let ticket = try desks.ticket(vera)
    try write(desks.anna, ticket)
    try desks.sync()
    let message = try #require(try desks.bo.outbox("email").messages.first)
    try desks.anna.set(ticket, ["customer": wim.description])
    let mark = try #require(try desks.bo.record(message.entry, as: "sending"))
    try desks.sync()
    #expect(try desks.bo.claimed(message, by: mark) == nil)
    try desks.bo.withdraw(mark, of: message.entry)
    #expect(try desks.bo.holdReason(message) == .otherCustomer)
    #expect(try outbox(desks).held == [.otherCustomer])
  }
}
