import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import TestSupport
import Testing

/// What is looked at again where an entry is about something that changed and does not lead to the entry's owner, or not any
/// more. In each the file of the inbox is of before the change.
@Suite("What leads to an entry of the inbox")
struct InboxLeadTests {
  /// Two profiles made unknowing with one address, the lesser id first.
  private func twins(_ desks: TwoDesks) throws -> (lesser: EntityID, greater: EntityID) {
    let one = try desks.anna.newCustomer(name: "Maja Ek", emails: ["maja@example.org"]).on
    let two = try desks.bo.newCustomer(name: "M Ek", emails: ["maja@example.org"]).on
    try desks.sync()
    return (min(one, two), max(one, two))
  }

  /// Writes the files of both, so that all that follows is news.
  private func settle(_ desks: TwoDesks) throws {
    for desk in [desks.anna, desks.bo] {
      _ = try desk.openConflictCount()
      try desk.store.compact(all: true)
    }
  }

  @Test("A twin that lost what it shared ends the entry at the other")
  func lostContact() throws {
    let desks = try TwoDesks()
    let (lesser, greater) = try twins(desks)
    #expect(try desks.open().map(\.on) == [lesser])
    try settle(desks)
    var draft = Draft()
    draft.drop["emails"] = ["maja@example.org"]
    try desks.anna.store.commit(Edit(.entity(greater), draft))
    #expect(try desks.anna.conflicts().total == 0)
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test(
    "With one more than tells people apart, what customers share makes twins of none of them",
    arguments: [false, true])
  func switchboard(isForAMoment: Bool) throws {
    let desks = try TwoDesks()
    try desks.anna.newCustomer(name: "Hotel", emails: ["desk@example.org"])
    for number in 1...63 { try desks.bo.newCustomer(name: "Guest \(number)", emails: ["desk@example.org"]) }
    try desks.sync()
    #expect(try desks.open().count == 63)
    try settle(desks)
    let last = try desks.bo.newCustomer(name: "Guest 64", emails: ["desk@example.org"]).on
    if isForAMoment {
      var draft = Draft()
      draft.drop["emails"] = ["desk@example.org"]
      try desks.bo.store.commit(Edit(.entity(last), draft))
    }
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("Who got an address of late is a twin of who had it before, and of who comes with it")
  func lateContact() throws {
    let desks = try TwoDesks()
    let one = try desks.anna.newCustomer(name: "Maja", emails: []).on
    let two = try desks.bo.newCustomer(name: "Maja Ek", emails: ["maja@example.org"]).on
    try desks.sync()
    try settle(desks)
    #expect(try desks.open().isEmpty)
    var draft = Draft()
    draft.add["emails"] = ["maja@example.org"]
    try desks.bo.store.commit(Edit(.entity(one), draft))
    try desks.sync()
    #expect(try desks.open().map(\.on) == [min(one, two)])
  }

  @Test("A new twin of a merged profile is found at the first of those that are one")
  func twinOfAPart() throws {
    let desks = try TwoDesks()
    // Twins are found at the lesser one, so the new one has to be the greatest.
    let (early, late) =
      desks.anna.store.replica < desks.bo.store.replica ? (desks.anna, desks.bo) : (desks.bo, desks.anna)
    let one = try early.newCustomer(name: "Lars", emails: ["one@example.org"]).on
    let two = try early.newCustomer(name: "Lars", emails: ["two@example.org"]).on
    try early.mergeCustomers(one, two)
    try desks.server.sync(early.store)
    try settle(desks)
    try late.newCustomer(name: "Lars", emails: ["two@example.org"])
    try desks.server.sync(late.store)
    try desks.server.sync(early.store)
    let open = try desks.open()
    #expect(open.map(\.kind) == [.createdTwice])
    #expect(open.map(\.on) == [min(one, two)])
  }

  @Test("A promise to a part of a merged customer meets one to another part")
  func promiseToAPart() throws {
    let desks = try TwoDesks()
    let one = try desks.anna.newCustomer(name: "Lars One", emails: ["one@example.org"]).on
    let two = try desks.anna.newCustomer(name: "Lars Two", emails: ["two@example.org"]).on
    try desks.sync()
    try desks.anna.mergeCustomers(one, two)
    try promise(desks.anna, ["customer": "\(one)", "text": "A new tap"])
    try desks.server.sync(desks.anna.store)
    try settle(desks)
    try promise(desks.bo, ["customer": "\(two)", "text": "Money back"])
    try settle(desks)
    try desks.sync()
    #expect(try desks.open().contains { $0.kind == .promisedTwice })
  }

  @Test("A promise that was moved to another ticket is none of the first one's any more")
  func movedPromise() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    let (_, other) = try desks.ticket()
    try promise(desks.anna, ["ticket": "\(ticket)", "text": "A new tap"])
    let moved = try promise(desks.bo, ["ticket": "\(ticket)", "text": "Money back"])
    try desks.sync()
    #expect(try desks.open().map(\.kind) == [.promisedTwice])
    try settle(desks)
    try desks.anna.set(moved, ["ticket": "\(other)"])
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("A merge that was taken back ends that both were merged into each other")
  func clearedMerge() throws {
    let desks = try TwoDesks()
    let tickets = [try desks.ticket().ticket, try desks.ticket().ticket].sorted()
    try desks.anna.set(tickets[0], ["merged": "\(tickets[1])"])
    try desks.bo.set(tickets[1], ["merged": "\(tickets[0])"])
    try desks.sync()
    #expect(try desks.open().map(\.kind) == [.mergedBothWays])
    try settle(desks)
    var draft = Draft()
    draft.clear.insert("merged")
    try desks.anna.store.commit(Edit(.entity(tickets[1]), draft))
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test(
    "A message that nobody had seen is open again when the answer that waits is hidden, or held back for what the customer says",
    arguments: ["redacted", "held", "call", "message"])
  func answerStopped(_ how: String) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    try desks.bo.reply(ticket, channel: "phone", text: "It still leaks", direction: "in")
    try desks.anna.set(ticket, ["status": "closed"])
    try desks.sync()
    #expect(try desks.open().map(\.kind) == [.unseenMessage])
    let reply = try #require(
      try desks.anna.write(
        ticket, NewEntry(Vocabulary.message, "We come again", channel: "email", direction: "out")))
    try desks.sync()
    #expect(try desks.open().isEmpty)
    try settle(desks)
    switch how {
    case "redacted": try desks.anna.redact(ticket, reply.id, because: "another's day")
    case "held":
      try desks.anna.record(try #require(try desks.anna.page(ticket).entries.last), as: "held")
    default:
      let kind = how == "call" ? Vocabulary.call : Vocabulary.message
      try desks.anna.write(ticket, NewEntry(kind, "Hello?", channel: "phone", direction: "in"))
    }
    // Of few news all are looked at.
    for number in 0..<40 { try desks.anna.newTicket(customer: nil, subject: "Ticket \(number)") }
    try desks.sync()
    #expect(try desks.open().map(\.kind) == [.unseenMessage])
    try settle(desks)
    #expect(try desks.open().map(\.kind) == [.unseenMessage])
  }

  @Test("Who the customer is called is told alike of a promise that people disagree about")
  func renamed() throws {
    let desks = try TwoDesks()
    let (customer, _) = try desks.ticket()
    let made = try promise(desks.anna, ["customer": "\(customer)", "text": "A new tap"])
    try desks.sync()
    try desks.anna.set(made, ["text": "A new sink"])
    try desks.bo.set(made, ["text": "A new drain"])
    try desks.sync()
    #expect(try desks.open().map(\.customerName) == ["Lars"])
    try settle(desks)
    try desks.anna.set(customer, ["name": "Lars Ek"])
    try desks.sync()
    #expect(try desks.open().map(\.customerName) == ["Lars Ek"])
  }

  @discardableResult
  private func promise(_ desk: Desk, _ fields: [ExactString: String]) throws -> EntityID {
    try #require(try desk.store.commit(Edit(.new(type: "promise"), Draft(set: fields)))).on
  }
}
