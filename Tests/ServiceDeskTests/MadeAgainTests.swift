import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

/// Entries of customers who stay, which were made again because the ticket in which they were written is erased.
@Suite("Entries made again at an erasure")
struct MadeAgainTests {
  /// A ticket of a customer who goes, and one of another customer to which entries of it went.
  private struct World {
    let desks: TwoDesks
    let (gone, stays): (EntityID, EntityID)
    let (source, ticket): (EntityID, EntityID)
    let moved: ChangeID

    init() throws {
      desks = try TwoDesks()
      gone = try desks.customer()
      stays = try desks.customer("Bo Ek")
      source = try desks.ticket(gone)
      moved = try Self.write(desks.anna, source, "My zeppelin is late", "in")
      ticket = try #require(try desks.anna.split(source, subject: "Late", entries: [moved])).on
      try desks.anna.set(ticket, ["customer": stays.description])
      try desks.sync()
    }

    @discardableResult
    static func write(_ desk: Desk, _ on: EntityID, _ text: String, _ direction: String) throws -> ChangeID {
      try #require(try desk.write(on, NewEntry("message", text, channel: "email", direction: direction))).id
    }

    /// Lets more entries of the source go to a ticket.
    func move(_ entries: [ChangeID], to ticket: EntityID, by desk: Desk) throws {
      var draft = Draft()
      draft.set[Vocabulary.split] = JSONText(object: [
        ("from", JSONText(source.description)),
        ("entries", JSONText(array: entries.map { JSONText($0.description) })),
      ])
      try desk.store.commit(Edit(.entity(ticket), draft))
    }

    func erase(by desk: Desk) throws { try desk.erase(try desk.erasurePlan(of: gone)) }

    func told(_ desk: Desk, _ ticket: EntityID? = nil) throws -> [[String?]] {
      try desk.page(ticket ?? self.ticket).entries.filter { $0.entry.isContact }.map { [$0.text, $0.state] }
    }
  }

  @Test("A reply of who had seen the words goes out, wherever it was written", arguments: [false, true])
  func answered(_ isOffline: Bool) throws {
    let world = try World()
    let desks = world.desks
    // By the device that wrote the words down, and by another one that got them, also while somebody erases.
    try World.write(desks.anna, world.ticket, "On Monday", "out")
    if !isOffline { try World.write(desks.bo, world.ticket, "At nine", "out") }
    if !isOffline { try desks.sync() }
    try world.erase(by: desks.anna)
    if isOffline { try World.write(desks.bo, world.ticket, "At nine", "out") }
    #expect(try desks.anna.outbox("email").held.isEmpty)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(
        try world.told(desk) == [
          ["My zeppelin is late", nil], ["On Monday", "queued"], ["At nine", "queued"],
        ])
      let outbox = try desk.outbox("email")
      #expect(outbox.messages.count == 2 && outbox.held.isEmpty)
      #expect(try desk.conflicts().conflicts.isEmpty)
    }
  }

  @Test("What crossed with words stays held for them, and what somebody let go in spite of them goes")
  func crossed() throws {
    let world = try World()
    let desks = world.desks
    let more = try World.write(desks.anna, world.source, "And it is red", "in")
    try world.move([world.moved, more], to: world.ticket, by: desks.anna)
    for text in ["On Monday", "At nine"] { try World.write(desks.bo, world.ticket, text, "out") }
    try desks.sync()
    let held = try desks.anna.outbox("email").held.map(\.entry)
    #expect(held.map(\.crossed) == [[more], [more]])
    try desks.anna.release(held[0])
    try desks.sync()
    try world.erase(by: desks.bo)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let outbox = try desk.outbox("email")
      #expect(outbox.messages.map(\.entry.text) == ["On Monday"])
      #expect(outbox.held.map(\.entry.text) == ["At nine"])
      #expect(outbox.held.map(\.hold) == [.crossed(1)])
    }
    try desks.anna.release(try #require(try desks.anna.outbox("email").held.first).entry)
    #expect(try desks.anna.outbox("email").messages.count == 2)
  }

  @Test("Two who erase without knowing of each other double nothing")
  func twice() throws {
    let world = try World()
    let desks = world.desks
    let reply = try World.write(desks.anna, world.source, "Dear Bo", "out")
    let paid = try #require(try desks.anna.compensate(world.source, Money("20", "EUR"), because: "late")).id
    try world.move([world.moved, reply, paid], to: world.ticket, by: desks.anna)
    try desks.sync()
    for desk in [desks.anna, desks.bo] { try world.erase(by: desk) }
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] {
      #expect(try world.told(desk) == [["My zeppelin is late", nil], ["Dear Bo", "held"]])
      let entries = try desk.page(world.ticket).entries
      #expect(entries.count { $0.entry.kind == Vocabulary.compensation } == 1)
      #expect(try desk.conflicts().conflicts.isEmpty)
      #expect(try desk.outbox("email").held.count == 1)
    }
    try desks.anna.release(try #require(try desks.anna.outbox("email").held.first).entry)
    try desks.sync()
    let message = try #require(try desks.bo.outbox("email").messages.first)
    try desks.bo.record(message.entry, as: "sent")
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let outbox = try desk.outbox("email")
      #expect(outbox.messages.isEmpty && outbox.held.isEmpty)
      #expect(try world.told(desk).last == ["Dear Bo", "sent"])
    }
    // What is done with one of them is done with both.
    let shown = try #require(try desks.anna.page(world.ticket).entries.first { $0.text.contains("zeppelin") })
    let third = try #require(
      try desks.anna.split(world.ticket, subject: "A third", entries: [shown.entry.id])
    ).on
    #expect(try world.told(desks.anna) == [["Dear Bo", "sent"]])
    #expect(try world.told(desks.anna, third) == [["My zeppelin is late", nil]])
    try desks.anna.redact(world.ticket, shown.entry.id, because: "a card number")
    #expect(try desks.anna.search("zeppelin").isEmpty)
  }

  @Test("One that was sent at the one counts, whatever the other one made of it")
  func sentMeanwhile() throws {
    for (first, second) in [(0, 1), (1, 0)] {
      let world = try World()
      let both = [world.desks.anna, world.desks.bo]
      let reply = try World.write(world.desks.anna, world.source, "Dear Bo", "out")
      try world.move([world.moved, reply], to: world.ticket, by: world.desks.anna)
      try world.desks.sync()
      for desk in both { try world.erase(by: desk) }
      let held = try #require(try both[first].outbox("email").held.first).entry
      try both[first].record(held, as: "sent")
      try world.desks.sync()
      #expect(try world.told(both[second]).last == ["Dear Bo", "sent"])
      #expect(try both[second].outbox("email").held.isEmpty)
    }
  }

  @Test("Of two gateways with a copy each the one whose mark is first sends")
  func claimedTwice() throws {
    let world = try World()
    let desks = world.desks
    let reply = try World.write(desks.anna, world.source, "Dear Bo", "out")
    try world.move([world.moved, reply], to: world.ticket, by: desks.anna)
    try desks.sync()
    var marks: [(message: OutgoingMessage, mark: Change)] = []
    for desk in [desks.anna, desks.bo] {
      try world.erase(by: desk)
      try desk.release(try #require(try desk.outbox("email").held.first).entry)
      let message = try #require(try desk.outbox("email").messages.first)
      marks.append((message, try #require(try desk.record(message.entry, as: "sending"))))
    }
    try desks.sync()
    let claimed = try zip([desks.anna, desks.bo], marks).map { desk, own in
      try desk.claimed(own.message, by: own.mark) != nil
    }
    #expect(claimed.count { $0 } <= 1 && !claimed[1])
  }

  @Test("A message that went to two tickets waits on one of them")
  func twoTickets() throws {
    let world = try World()
    let desks = world.desks
    let reply = try World.write(desks.anna, world.source, "Dear Bo", "out")
    let second = try desks.ticket(world.stays, "Late, too")
    for ticket in [world.ticket, second] {
      try world.move([world.moved, reply], to: ticket, by: desks.anna)
    }
    try desks.sync()
    try world.erase(by: desks.anna)
    #expect(try desks.anna.outbox("email").held.count == 1)
    let all: [[String?]] = try [world.ticket, second].flatMap { try world.told(desks.anna, $0) }
    #expect(all.count { $0[0] == "My zeppelin is late" } == 2 && all.count { $0[0] == "Dear Bo" } == 1)
  }

  @Test("What was made again before an erasure was interrupted is not made once more")
  func interrupted() throws {
    let world = try World()
    let desks = world.desks
    let reply = try World.write(desks.anna, world.source, "Dear Bo", "out")
    try desks.anna.record(
      try #require(try desks.anna.page(world.source).entries.first { $0.entry.id == reply }), as: "sent")
    try world.move([world.moved, reply], to: world.ticket, by: desks.anna)
    let moved = try #require(try desks.anna.erasurePlan(of: world.gone).remade.first)
    try desks.anna.store.commit { (batch) throws(StorageError) in
      _ = try desks.anna.remake(moved, along: world.gone, in: &batch)
    }
    // Both are there now, and one is shown.
    let before = try world.told(desks.anna)
    #expect(before == [["My zeppelin is late", nil], ["Dear Bo", "sent"]])
    let plan = try desks.anna.erasurePlan(of: world.gone)
    #expect(plan.remade.isEmpty)
    try desks.anna.erase(plan)
    #expect(try world.told(desks.anna) == before)
    // How far it came is in the entry, too.
    let copies = try desks.anna.store.state(of: world.ticket)?.logs[Vocabulary.timeline] ?? []
    #expect(copies.contains { $0.value["state"]?.string == "sent" })
  }

  @Test("An erasure that the server does not take leaves nothing of what came along with it")
  func refused() throws {
    let world = try World()
    let desks = world.desks
    try World.write(desks.bo, world.ticket, "At nine", "out")
    // Words of who goes on a ticket of who stays, and a ticket of who stays that became a part.
    let kept = try desks.ticket(world.stays, "Mine")
    let words = try World.write(desks.anna, kept, "Maja's bill", "in")
    let theirs = try #require(try desks.anna.split(kept, subject: "Hers", entries: [words])).on
    try desks.anna.set(theirs, ["customer": world.gone.description])
    let part = try desks.ticket(world.stays, "A part")
    try desks.anna.merge(world.source, part, anyway: true)
    try desks.sync()
    func all(_ desk: Desk) throws -> [String] {
      try [world.source, world.ticket, kept, theirs, part].map { ticket in
        let page = try desk.page(ticket)
        return "\(page.id) \(page.entries.map { "\($0.entry.id) \($0.text) \($0.state ?? "")" })"
      }
    }
    let before = try all(desks.anna)
    let plan = try desks.anna.erasurePlan(of: world.gone)
    #expect(!plan.remade.isEmpty && !plan.hidden.isEmpty && plan.freed == [part])
    try desks.anna.erase(plan)
    let after = try desks.anna.newCustomer(name: "Made behind it").on
    try desks.server.join(desks.anna.store, role: "agent")
    let report = try desks.server.sync(desks.anna.store)
    #expect(report.notes.contains { $0.contains("may not erase") })
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] {
      #expect(try all(desk) == before)
      #expect(try desk.customer(after) != nil)
      #expect(try desk.outbox("email").messages.map(\.entry.text) == ["At nine"])
    }
  }
}
