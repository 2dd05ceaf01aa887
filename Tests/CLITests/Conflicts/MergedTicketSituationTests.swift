import Agent
import Codec
import DeskSupport
import Merge
import Storage
import Testing

@testable import ServiceDesk

/// What happens to tickets that are one is told of the one.
@Suite("Situations of merged tickets")
struct MergedTicketSituationTests {
  /// Two tickets of one customer, ordered; both desks know that the second is a part of the first.
  private func merged(_ desks: TwoDesks) throws -> (whole: EntityID, part: EntityID) {
    let (customer, ticket) = try desks.ticket()
    let other = try desks.anna.newTicket(customer: customer, subject: "The tap!").on
    try desks.anna.merge(ticket, other)
    try desks.sync()
    return (min(ticket, other), max(ticket, other))
  }

  @Test("The whole was solved without having seen a message on its part", arguments: [false, true])
  func unseenMessage(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (whole, part) = try merged(desks)
    #expect(try desks.open().isEmpty)
    let open = try Situation.meet(
      desks, knowing: knowing,
      first: { try desks.bo.reply(part, channel: "phone", text: "It still leaks", direction: "in") },
      then: { try desks.anna.set(whole, ["status": "solved"]) })
    guard let conflict = try Situation.expect(open, .unseenMessage, unless: knowing) else { return }
    #expect(conflict.on == whole)
    // Whether the answer is written on the one or the other does not matter.
    try desks.anna.reply(part, channel: "phone", text: "We come again")
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("What a part's own status was does not count any more, and counts again when it stands for itself")
  func unmerged() throws {
    let desks = try TwoDesks()
    let (whole, part) = try merged(desks)
    try desks.anna.set(part, ["status": "solved"])
    try desks.bo.reply(whole, channel: "phone", text: "It still leaks", direction: "in")
    try desks.bo.reply(part, channel: "phone", text: "And drips", direction: "in")
    try desks.sync()
    #expect(try desks.open().isEmpty)
    try desks.bo.unmerge(part)
    try desks.sync()
    #expect(try desks.open().map(\.kind) == [.unseenMessage])
    #expect(try desks.open().map(\.on) == [part])
  }

  private func promise(_ desk: Desk, _ ticket: EntityID, _ text: String) throws {
    try desk.store.commit(
      .init(
        .new(type: "promise"), Draft(set: ["ticket": "\(ticket)", "text": .init(text), "state": "open"])))
  }

  @Test("Promised on the whole by the one and on the part by the other", arguments: [false, true])
  func promisedTwice(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (whole, part) = try merged(desks)
    let open = try Situation.meet(
      desks, knowing: knowing, first: { try promise(desks.bo, part, "A plumber") },
      then: { try promise(desks.anna, whole, "A refund") })
    let conflict = try Situation.expect(open, .promisedTwice, unless: knowing)
    if let conflict { #expect(conflict.on == whole) }
  }

  @Test("A compensation that the part's timeline tells and a promise that names the whole are of the whole")
  func home() throws {
    let desks = try TwoDesks()
    let (whole, part) = try merged(desks)
    try desks.bo.compensate(part, Money("20", "EUR"), because: "late")
    try promise(desks.anna, whole, "A refund")
    try desks.sync()
    let conflict = try #require(try desks.open().first)
    #expect(conflict.id == Conflict.id(.promisedTwice, whole, nil, conflict.sides.map(\.change)))
  }

  @Test("What was settled on a ticket stays settled when that becomes a part", arguments: [false, true])
  func settledBefore(isPromised: Bool) throws {
    let desks = try TwoDesks()
    let (customer, first) = try desks.ticket()
    let second = try desks.anna.newTicket(customer: customer, subject: "The tap!").on
    try desks.sync()
    let (whole, part) = (min(first, second), max(first, second))
    let open = try Situation.meet(
      desks, knowing: false,
      first: {
        if isPromised { return try promise(desks.bo, part, "A plumber") }
        try desks.bo.compensate(part, Money("20", "EUR"), because: "late")
      },
      then: {
        if isPromised { return try promise(desks.anna, part, "A refund") }
        try desks.anna.compensate(part, Money("30", "EUR"), because: "late")
      })
    let kind = isPromised ? ConflictKind.promisedTwice : .compensatedTwice
    let conflict = try #require(try Situation.expect(open, kind, unless: false))
    try desks.anna.settle(conflict, .done, note: "both are fine")
    try desks.anna.merge(whole, part)
    try desks.sync()
    #expect(try desks.open().isEmpty)
    var filter = ConflictFilter()
    filter.includesClosed = true
    let settled = try desks.bo.conflicts(filter, limit: .max).conflicts.first { $0.id == conflict.id }
    #expect(settled?.state == .settled && settled?.on == whole)
    try desks.bo.unsettle(try #require(settled))
    try desks.sync()
    #expect(try desks.open().map(\.id) == [conflict.id])
  }

  /// The file of the inbox is of before, so that the erasure is the news; in between it was not sent yet.
  private func erase(_ ticket: EntityID, _ desks: TwoDesks) throws -> [Conflict] {
    for desk in [desks.anna, desks.bo] {
      _ = try desk.openConflictCount()
      try desk.store.compact(all: true)
    }
    var draft = Draft()
    draft.erase = true
    try desks.anna.store.commit(Edit(.entity(ticket), draft))
    let open = try desks.anna.conflicts(limit: .max).conflicts
    #expect(open == (try desks.anna.survey().filter { $0.state == .open }))
    try desks.sync()
    #expect(try desks.open().map(\.id) == open.map(\.id))
    return open
  }

  @Test("What is on a part of a ticket that is erased is told of the part", arguments: [false, true])
  func erasedWhole(isBefore: Bool) throws {
    let desks = try TwoDesks()
    let (whole, part) = try merged(desks)
    func meet() throws {
      try desks.anna.set(part, ["status": "solved"])
      try desks.bo.reply(part, channel: "phone", text: "It still leaks", direction: "in")
      try promise(desks.anna, part, "A plumber")
      try promise(desks.bo, part, "A refund")
      try desks.sync()
    }
    if isBefore { try meet() }
    #expect(try erase(whole, desks).map(\.kind) == (isBefore ? [.unseenMessage, .promisedTwice] : []))
    if !isBefore { try meet() }
    let open = try desks.open()
    #expect(open.map(\.kind) == [.unseenMessage, .promisedTwice] && open.allSatisfy { $0.on == part })
    for conflict in open { try desks.bo.settle(conflict, .done) }
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("An answer that stood on a part that is erased is none any more")
  func erasedPart() throws {
    let desks = try TwoDesks()
    let (whole, part) = try merged(desks)
    try desks.anna.set(whole, ["status": "solved"])
    try desks.bo.reply(whole, channel: "phone", text: "It still leaks", direction: "in")
    try desks.sync()
    #expect(try desks.open().map(\.kind) == [.unseenMessage])
    try desks.bo.reply(part, channel: "phone", text: "We come again")
    // The reply opened it again; who knew both said that it is solved.
    try desks.sync()
    #expect(try desks.open().isEmpty)
    #expect(try erase(part, desks).map(\.kind) == [.unseenMessage])
  }

  @Test("It is found among much other news too")
  func manyNews() throws {
    let desks = try TwoDesks()
    let (whole, part) = try merged(desks)
    for desk in [desks.anna, desks.bo] { try desk.store.compact(all: true) }
    #expect(try desks.open().isEmpty)
    for number in 0..<20 { try desks.anna.newTicket(customer: nil, subject: "Ticket \(number)") }
    try desks.bo.reply(part, channel: "phone", text: "It still leaks", direction: "in")
    try desks.anna.set(whole, ["status": "solved"])
    try desks.sync()
    #expect(try desks.open().map(\.on) == [whole])
  }
}
