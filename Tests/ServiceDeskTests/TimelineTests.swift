import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("Timelines")
struct TimelineTests {
  private func message(_ text: String, _ direction: String) -> NewEntry {
    NewEntry("message", text, channel: "email", direction: direction)
  }

  @Test("A reply that crossed with a message of the customer is held back, on every device")
  func held() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    let reply = try #require(try desks.anna.write(ticket, message("We come on Monday", "out")))
    let word = try #require(try desks.bo.write(ticket, message("Not on Monday", "in")))
    func item(_ desk: Desk) throws -> TicketPage.Entry {
      try #require(try desk.page(ticket).entries.first { $0.entry.id == reply.id })
    }
    #expect(try item(desks.anna).state == "queued")
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try item(desk).state == "held")
      #expect(try item(desk).crossed == [word.id])
    }
    // What was written knowing of it is not held.
    let second = try #require(try desks.anna.write(ticket, message("On Tuesday then", "out")))
    let state = try desks.anna.page(ticket).entries.first { $0.entry.id == second.id }?.state
    #expect(state == "queued")
  }

  @Test("Times: when it happened, when it was written down, when the server got it")
  func times() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    let now = desks.anna.store.environment.now()
    var call = NewEntry("call", "Wants Monday", channel: "phone", direction: "in")
    call.happened = HybridTime(milliseconds: now - 3_600_000)
    call.duration = 240
    call.lines = [("anna", "Monday?"), ("Maja", "Yes")]
    call.files = [.init(name: "tap.jpg", size: 3, sha256: "ab")]
    try desks.anna.write(ticket, call)
    #expect(try desks.anna.page(ticket).entries.first?.entry.received == nil)
    try desks.sync()
    let entry = try #require(try desks.bo.page(ticket).entries.first?.entry)
    #expect(entry.happened.milliseconds == now - 3_600_000)
    #expect(entry.at.milliseconds > entry.happened.milliseconds)
    #expect(try #require(entry.received) >= entry.at.milliseconds)
    #expect(entry.value["duration"]?.int == 240)
    #expect(entry.value["lines"]?.elements?.count == 2)
    #expect(entry.value["files"]?.elements?.first?["name"]?.string == "tap.jpg")
  }

  @Test("One redacts, the other corrects: the words are hidden, the trace is there")
  func redaction() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    let entry = try #require(try desks.anna.write(ticket, message("Card 4111", "in")))
    try desks.sync()
    try desks.anna.redact(ticket, entry.id, because: "card number")
    try desks.bo.correct(ticket, entry.id, text: "Card ending 4111", because: "misread")
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let item = try #require(try desk.page(ticket).entries.first { $0.entry.id == entry.id })
      #expect(item.text == "")
      #expect(item.redacted?.reason == "card number")
      #expect(item.redacted?.by == "anna")
      #expect(item.corrected?.by == "bo")
      #expect(try desk.page(ticket).view.conflicts.isEmpty)
      let shown = try desk.page(ticket).view.state.withoutRedactedWords
      #expect(!shown.line.contains("Card 4111") && !shown.line.contains("Card ending 4111"))
    }
    #expect(throws: DeskError.self) { try desks.anna.redact(ticket, entry.id, because: "") }
    let nothing = ChangeID(desks.anna.store.replica, 999)
    #expect(throws: DeskError.self) { try desks.anna.redact(ticket, nothing, because: "x") }
  }

  @Test("A note is no reply; who is mentioned follows; two follow at once")
  func notes() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    #expect(throws: DeskError.self) {
      try desks.anna.write(ticket, NewEntry("note", "x", channel: nil, direction: "out"))
    }
    #expect(throws: DeskError.self) { try desks.anna.write(ticket, NewEntry("message", "x")) }
    try desks.anna.write(ticket, NewEntry("note", "@bo, ask (@carl.ek) about mail@example.org. @dora."))
    try desks.bo.follow(ticket, "eva")
    try desks.sync()
    #expect(try desks.bo.page(ticket).view.followers == ["bo", "carl.ek", "dora", "eva"])
    try desks.bo.follow(ticket, "bo", undoing: true)
    #expect(try desks.bo.page(ticket).view.followers == ["carl.ek", "dora", "eva"])
    #expect(try desks.bo.page(ticket).entries.last?.state == nil)
  }

  @Test("Two save a reply of one name: one is shown, and nothing unknown is said to a customer")
  func saved() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.saveReply("hello", "Hello {name}, about {subject}: {agent}")
    try desks.bo.saveReply("bye", "Bye {name}")
    try desks.sync()
    #expect(try desks.bo.savedReply("hello", for: ticket) == "Hello Maja Lind, about The tap leaks: bo")
    #expect(try desks.bo.settings().savedReplies == ["bye", "hello"])
    let own = try desks.ticket(nil, "Price lists")
    #expect(throws: DeskError.self) { try desks.bo.savedReply("hello", for: own) }
    #expect(try desks.bo.savedReply("none", for: own) == nil)
    #expect(throws: DeskError.self) { try desks.bo.saveReply("typo", "Hello {nme}") }
    try desks.bo.saveReply("code", "{ } {a b} {\"a\":1} {name}{")
    #expect(try desks.bo.savedReply("code", for: ticket) == "{ } {a b} {\"a\":1} Maja Lind{")
    // As another program may have saved it.
    var draft = Draft()
    draft.set["saved.typo"] = JSONText(object: [("text", JSONText("Hello {nme}"))])
    try desks.bo.store.commit(Edit(.entity(Vocabulary.settingsID), draft))
    #expect(throws: DeskError.self) { try desks.bo.savedReply("typo", for: ticket) }
    // A value is no text to be filled.
    let odd = try desks.bo.newCustomer(name: "{agent}").on
    let mine = try desks.bo.newTicket(customer: odd, subject: "A").on
    #expect(try desks.bo.savedReply("bye", for: mine) == "Bye {agent}")
  }

  @Test("Moved to another channel, a ticket keeps everything")
  func channel() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.set(ticket, ["channel": "chat"])
    try desks.bo.write(ticket, message("Hello", "out"))
    try desks.sync()
    let page = try desks.anna.page(ticket)
    #expect(page.view.channel == "chat")
    #expect(page.entries.map(\.entry.channel) == ["phone", "email"])
  }
}
