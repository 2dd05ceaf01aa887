import Agent
import Causality
import Codec
import DeskSupport
import Merge
import TestSupport
import Testing

@testable import ServiceDesk

/// Messages that were let go although the customer had written meanwhile.
@Suite struct ReleaseTests {
  private func written(_ text: String) -> NewEntry {
    NewEntry("message", text, channel: "email", direction: "in")
  }

  @Test(
    "What arrives behind a release holds the message again, also where it counts as made earlier than what was seen"
  )
  func releasedTooEarly() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    let lars = Desk(
      try Store.make(disk: MemoryDisk(), root: "lars", agent: "lars", environment: desks.server.environment))
    try desks.server.join(lars.store)
    try desks.server.sync(lars.store)
    try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out"))
    try desks.sync()
    // Offline: nobody hears of it for a while.
    let call = try #require(
      try lars.write(ticket, NewEntry("call", "I sold the house", channel: "phone", direction: "in")))
    desks.minutes(3)
    let mail = try #require(try desks.bo.write(ticket, written("When?")))
    try desks.sync()
    func item(_ desk: Desk) throws -> TicketPage.Entry {
      try #require(try desk.page(ticket).entries.first { $0.text == "On Monday" })
    }
    #expect(try item(desks.anna).crossed == [mail.id])
    try desks.anna.release(try item(desks.anna))
    #expect(try item(desks.anna).state == "queued")
    try desks.sync()
    try desks.server.sync(lars.store)
    try desks.sync()
    for isCompacted in [false, true] {
      if isCompacted { try desks.anna.store.compact(all: true) }
      for desk in [desks.anna, desks.bo, lars] {
        #expect(try item(desk).crossed == [call.id])
        #expect(try desk.outbox("email").messages.isEmpty)
      }
    }
    // Who has seen that too lets it go, and what was seen before stays seen.
    try desks.bo.release(try item(desks.bo))
    try desks.sync()
    #expect(try desks.anna.outbox("email").messages.count == 1)
  }

  @Test(
    "One release is enough, in whatever order the customer's words happened and were written down",
    arguments: ["queued", "failed", "cancelled"])
  func releasedAtOnce(_ state: String) throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out"))
    func item(_ desk: Desk) throws -> TicketPage.Entry {
      try #require(try desk.page(ticket).entries.first { $0.text == "On Monday" })
    }
    try desks.bo.write(ticket, written("When?"))
    desks.minutes(5)
    var call = NewEntry("call", "Monday?", channel: "phone", direction: "in")
    call.happened = HybridTime(milliseconds: desks.now - 3_600_000)
    try desks.bo.write(ticket, call)
    if state != "queued" { try desks.anna.record(try item(desks.anna), as: state) }
    try desks.sync()
    #expect(try item(desks.anna).state == (state == "queued" ? "held" : state))
    try desks.anna.release(try item(desks.anna))
    try desks.sync()
    for desk in [desks.anna, desks.bo] { #expect(try item(desk).state == "queued") }
    // A try that fails forgets nothing of what was seen.
    let message = try #require(try desks.bo.outbox("email").messages.first)
    try desks.bo.record(message.entry, as: "failed")
    try desks.bo.release(try item(desks.bo))
    try desks.sync()
    #expect(try desks.anna.outbox("email").messages.count == 1)
  }

  @Test("Two release a message, each having seen other words: together they saw all")
  func releasedByTwo() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    let reply = try #require(
      try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out")))
    try desks.sync()
    func item(_ desk: Desk) throws -> TicketPage.Entry {
      try #require(try desk.page(ticket).entries.first { $0.entry.id == reply.id })
    }
    for (desk, text) in [(desks.anna, "When?"), (desks.bo, "And?")] { try desk.write(ticket, written(text)) }
    // Who saw the earlier words lets it go last.
    for desk in [desks.bo, desks.anna] {
      try desk.release(try item(desk))
      #expect(try item(desk).state == "queued")
    }
    try desks.sync()
    for isCompacted in [false, true] {
      if isCompacted { try desks.bo.store.compact(all: true) }
      for desk in [desks.anna, desks.bo] { #expect(try item(desk).state == "queued") }
    }
  }

  @Test("One id that is no array stands for all that whoever let it go had seen before it")
  func releasedByAnOlderVersion() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.write(ticket, NewEntry("message", "On Monday", channel: "email", direction: "out"))
    func item(_ desk: Desk) throws -> TicketPage.Entry {
      try #require(try desk.page(ticket).entries.first { $0.text == "On Monday" })
    }
    try desks.bo.write(ticket, written("When?"))
    desks.minutes(1)
    let last = try #require(try desks.bo.write(ticket, written("And?")))
    try desks.sync()
    #expect(try item(desks.anna).crossed.count == 2)
    let field = Desk.replyField(try item(desks.anna).entry.id)
    let value = JSONText(object: [("state", JSONText("queued")), ("despite", JSONText(last.id.description))])
    var draft = Draft()
    draft.set[field] = value
    try desks.anna.store.commit(Edit(.entity(ticket), draft))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try item(desk).state == "queued")
      #expect(try desk.outbox("email").messages.count == 1)
    }
    // Not for what nobody had seen then, whenever it was written.
    var call = NewEntry("call", "Monday?", channel: "phone", direction: "in")
    call.happened = HybridTime(milliseconds: desks.now - 3_600_000)
    try desks.bo.write(ticket, call)
    try desks.sync()
    #expect(try item(desks.anna).state == "held")
  }
}
