import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

/// What was written on one customer's ticket or profile, and was found to be another's.
@Suite("Entries that went to another customer")
struct MovedEntriesTests {
  /// A ticket of one customer with a message of another's, which went to a ticket of that one's.
  private struct Split {
    let desks: TwoDesks
    let (mine, other): (EntityID, EntityID)
    let (ticket, theirs): (EntityID, EntityID)
    let moved: ChangeID

    init() throws {
      desks = try TwoDesks()
      mine = try desks.customer()
      other = try desks.customer("Bo Ek")
      ticket = try desks.ticket(mine)
      moved = try #require(
        try desks.anna.write(
          ticket, NewEntry("message", "My zeppelin is late", channel: "email", direction: "in"))
      ).id
      theirs = try #require(try desks.anna.split(ticket, subject: "Late", entries: [moved])).on
      try desks.anna.set(theirs, ["customer": other.description])
      try desks.sync()
    }

    func words(_ desk: Desk, _ ticket: EntityID) throws -> [String] {
      try desk.page(ticket).entries.filter { $0.entry.isContact }.map(\.text)
    }
  }

  @Test("Handed out to each is what is theirs, wherever it was written")
  func exported() throws {
    let world = try Split()
    for desk in [world.desks.anna, world.desks.bo] {
      func said(_ customer: EntityID) throws -> (states: [ChangeID], changes: Set<ChangeID>) {
        let data = try desk.personalData(customer)
        let entries = data.entities.flatMap(\.logs.values).joined().filter {
          $0.value["kind"]?.string == "message"
        }
        return (entries.map(\.id), Set(data.changes.map(\.change.id)))
      }
      let (mine, theirs) = (try said(world.mine), try said(world.other))
      #expect(theirs.states == [world.moved] && theirs.changes.contains(world.moved))
      #expect(mine.states.count == 1 && mine.states != theirs.states && !mine.changes.contains(world.moved))
    }
    // What by a conflict may be either's is handed out to both.
    try world.desks.anna.split(world.ticket, subject: "Late, too", entries: [world.moved])
    let entries = try world.desks.anna.personalData(world.mine).entities.flatMap {
      $0.logs[Vocabulary.timeline] ?? []
    }
    #expect(entries.contains { $0.id == world.moved })
  }

  @Test("An entry that opened its ticket goes alone, with its correction and nothing else of the ticket")
  func opening() throws {
    let desks = try TwoDesks()
    let (mine, other) = (try desks.customer(), try desks.customer("Bo Ek"))
    let opened = try desks.anna.newTicket(
      customer: mine, subject: "Divorce papers", channel: "email", message: "A zeppelin bill")
    try desks.anna.correct(opened.on, opened.id, text: "A balloon bill")
    let theirs = try #require(try desks.anna.split(opened.on, subject: "Bill", entries: [opened.id])).on
    try desks.anna.set(theirs, ["customer": other.description])
    try desks.sync()
    func text(_ customer: EntityID) throws -> (states: String, changes: String) {
      let data = try desks.bo.personalData(customer)
      let states = data.entities.map { state in
        let registers = state.registers.map { "\($0.key) \($0.value.heads.map(\.value.text))" }
        return "\(registers) \(state.logs.values.joined().map(\.value.text))"
      }
      let changes = data.changes.map { String(decoding: $0.change.body, as: UTF8.self) }
      return (states.joined(), changes.joined(separator: "\n"))
    }
    for said in [try text(mine).states, try text(mine).changes] {
      #expect(said.contains("Divorce") && !said.contains("zeppelin") && !said.contains("balloon"), "\(said)")
    }
    for said in [try text(other).states, try text(other).changes] {
      #expect(!said.contains("Divorce") && said.contains("zeppelin") && said.contains("balloon"), "\(said)")
    }
    #expect(!(try text(other).states.contains(mine.description)))
  }

  @Test(
    "With the ticket that they went to they are hidden where they were written", arguments: [false, true])
  func erased(_ isCompacted: Bool) throws {
    let world = try Split()
    let desks = world.desks
    if isCompacted { for desk in [desks.anna, desks.bo] { try desk.store.compact(all: true) } }
    #expect(try desks.anna.erasurePlan(of: world.other, keepingTickets: true).hidden.isEmpty)
    let plan = try desks.anna.erasurePlan(of: world.other)
    #expect(plan.others == [world.theirs])
    #expect(plan.hidden.map(\.on) == [world.ticket] && plan.hidden.map(\.entries) == [[world.moved]])
    #expect(try desks.bo.search("zeppelin").map(\.id) == [world.ticket])
    try desks.anna.erase(plan)
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] {
      #expect(try world.words(desk, world.ticket) == ["It drips", ""])
      #expect(try desk.page(world.ticket).entries.first { $0.entry.id == world.moved }?.redacted != nil)
      #expect(try desk.search("zeppelin").isEmpty)
      #expect(
        try desk.shown(try #require(try desk.ticket(world.ticket))).view.timeline.allSatisfy {
          !$0.text.contains("zeppelin")
        })
      #expect(try desk.store.state(of: world.ticket)?.disagreements.isEmpty == true)
    }
    #expect(try desks.anna.erasurePlan(of: world.other).hidden.isEmpty)
  }

  @Test("What went to the ticket of one who stays, too, is shown there as before")
  func staying() throws {
    let world = try Split()
    let desks = world.desks
    let kept = try desks.ticket(world.mine, "Kept")
    var draft = Draft()
    draft.set[Vocabulary.split] = JSONText(object: [
      ("from", JSONText(world.ticket.description)),
      ("entries", JSONText(array: [JSONText(world.moved.description)])),
    ])
    try desks.anna.store.commit(Edit(.entity(kept), draft))
    try desks.sync()
    let plan = try desks.anna.erasurePlan(of: world.other)
    #expect(plan.others == [world.theirs] && plan.hidden.isEmpty)
    try desks.anna.erase(plan)
    try desks.sync()
    #expect(try world.words(desks.bo, kept).sorted() == ["It drips", "My zeppelin is late"])
    #expect(try world.words(desks.bo, world.ticket) == ["It drips"])
  }

  @Test("They stay as they were when the ticket of which they were is erased", arguments: [false, true])
  func stayingWords(_ isCompacted: Bool) throws {
    let world = try Split()
    let (desks, theirs) = (world.desks, world.theirs)
    func write(_ text: String, _ direction: String) throws -> ChangeID {
      let entry = NewEntry("message", text, channel: "email", direction: direction)
      return try #require(try desks.bo.write(world.ticket, entry)).id
    }
    let said = try ["sent", "corrected", "hidden", "waiting"].map { try write("Dear Bo, \($0)", "out") }
    let split = JSONText(object: [
      ("from", JSONText(world.ticket.description)),
      ("entries", JSONText(array: ([world.moved] + said).map { JSONText($0.description) })),
    ])
    var draft = Draft()
    draft.set[Vocabulary.split] = split
    try desks.bo.store.commit(Edit(.entity(theirs), draft))
    let sent = try #require(try desks.bo.page(theirs).entries.first { $0.entry.id == said[0] })
    try desks.bo.record(sent, as: "sent", detail: "m1")
    try desks.bo.correct(world.ticket, said[1], text: "Dear Bo, better")
    try desks.bo.redact(world.ticket, said[2], because: "a card number")
    try desks.sync()
    if isCompacted { for desk in [desks.anna, desks.bo] { try desk.store.compact(all: true) } }
    func entries(_ desk: Desk) throws -> [[String?]] {
      try desk.page(theirs).entries.filter { $0.entry.isContact }.map { item in
        let (entry, hidden, mended) = (item.entry, item.redacted?.by, item.corrected?.by)
        return ["\(entry.effective)", entry.by, item.text, item.state, item.detail, hidden, mended]
      }
    }
    let before = try entries(desks.bo)
    #expect(before.count == 5 && before.map { $0[3] } == [nil, "sent", "queued", "cancelled", "queued"])
    let plan = try desks.anna.erasurePlan(of: world.mine)
    #expect(plan.others == [world.ticket] && plan.hidden.isEmpty)
    #expect(plan.remade.map(\.on) == [theirs] && plan.remade.map(\.from) == [world.ticket])
    #expect(plan.remade.map(\.entries) == [([world.moved] + said).sorted()])
    #expect(try desks.anna.erasurePlan(of: world.mine, keepingTickets: true).remade.isEmpty)
    try desks.anna.erase(plan)
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] {
      // What waits is held, since a gateway may have it in its hands.
      var after = try entries(desk)
      #expect(after.map { $0[3] } == [nil, "sent", "held", "cancelled", "held"])
      for index in [2, 4] { after[index][3] = "queued" }
      #expect(after == before)
      #expect(try desk.search("zeppelin").map(\.id) == [theirs])
      #expect(try desk.personalData(world.other).entities.flatMap(\.logs.values).joined().count >= 5)
      #expect(try desk.conflicts().conflicts.isEmpty)
    }
    let bodies = try desks.bo.store.changes(of: theirs).flatMap(\.change.body)
    #expect(!String(decoding: bodies, as: UTF8.self).contains("Bo, hidden"))
    try desks.bo.erase(try desks.bo.erasurePlan(of: world.other))
    try desks.sync()
    #expect(try desks.anna.search("zeppelin").isEmpty)
  }

  @Test("What was given to another profile is that one's to be found and handed out, and hidden with it")
  func given() throws {
    let desks = try TwoDesks()
    let (first, second) = (try desks.customer(), try desks.customer("M Lind"))
    let (mine, theirs) = (min(first, second), max(first, second))
    try desks.anna.mergeCustomers(mine, theirs)
    try desks.sync()
    let written = try #require(try desks.bo.note(mine, text: "Has a zeppelin"))
    try desks.bo.note(mine, text: "Has a dog")
    try desks.anna.splitCustomer(mine)
    try desks.sync()
    for question in try desks.anna.splitQuestions(touching: nil) {
      try desks.anna.answer(question, belongsTo: question.change == written.id ? theirs : mine)
    }
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.search("zeppelin").map(\.id) == [theirs])
      #expect(try desk.search("dog").map(\.id) == [mine])
      let data = try desk.personalData(mine)
      #expect(data.customer.logs[Vocabulary.timeline]?.map { $0.value["text"]?.string } == ["Has a dog"])
      #expect(!data.changes.contains { $0.change.id == written.id })
      #expect(data.changes.contains { $0.change.on == mine })
      #expect(try desk.personalData(theirs).customer.logs[Vocabulary.timeline]?.count == 1)
    }
    #expect(try desks.anna.erasurePlan(of: mine).hidden.isEmpty)
    let plan = try desks.anna.erasurePlan(of: theirs)
    #expect(plan.hidden.map(\.on) == [mine] && plan.hidden.map(\.entries) == [[written.id]])
    try desks.anna.erase(plan)
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] {
      let state = try desk.shown(try #require(try desk.customer(mine))).view.state
      let texts = state.logs[Vocabulary.timeline]?.map { $0.value["text"]?.string }
      #expect(Set(texts ?? []) == [nil, "Has a dog"] && texts?.count == 2)
      #expect(try desk.search("zeppelin").isEmpty)
    }
  }
}
