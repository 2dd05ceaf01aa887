import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Storage
import TestSupport
import Testing

@Suite("Settling conflicts")
struct SettlingTests {
  /// A ticket whose status and priority two agents set without knowing of each other.
  private func clash(_ desks: TwoDesks) throws -> EntityID {
    let (_, ticket) = try desks.ticket()
    try desks.anna.set(ticket, ["status": "solved"])
    desks.minutes(40)
    try desks.bo.set(ticket, ["status": "open"])
    try desks.sync()
    return ticket
  }

  @Test("A field's conflict says who, when, what each knew, and what was before")
  func sides() throws {
    let desks = try TwoDesks()
    let ticket = try clash(desks)
    let open = try desks.open()
    let conflict = try #require(open.first)
    #expect(open.count == 1 && conflict.kind == .field && conflict.field == "status" && conflict.on == ticket)
    #expect(
      conflict.says
        == "status of the ticket of Lars is \"solved\" by anna and \"open\" by bo, 40 minutes apart, neither knowing; "
        + "\"open\" is shown")
    #expect(conflict.replaced == [JSONText("new")])
    #expect(conflict.rule == "least finished")
    #expect(conflict.shown.map { conflict.sides[$0].value } == JSONText("open"))
    #expect(conflict.sides.allSatisfy { $0.received != nil && $0.position != nil && $0.channel == "phone" })
    #expect(conflict.harm == 65)
    let again = try desks.anna.conflict(String(conflict.id.prefix(5)))
    #expect(again == conflict)
    let parsed = try JSONText(parsing: conflict.json.bytes)
    #expect(parsed["sides"]?.elements?.count == 2)
  }

  @Test("The sentence and the sides have one order, whoever synced first: that in which they count as made")
  func order() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    let lars = Desk(
      try Store.make(disk: MemoryDisk(), root: "lars", agent: "lars", environment: desks.server.environment))
    try desks.server.join(lars.store)
    try desks.server.sync(lars.store)
    for (desk, value) in [(lars, "first"), (desks.bo, "second"), (desks.anna, "third")] {
      try desk.set(ticket, ["topic": value])
      desks.minutes(1)
    }
    try desks.sync()
    try desks.server.sync(lars.store)
    try desks.sync()
    let conflict = try #require(try desks.open().first)
    #expect(conflict.says.contains("is \"first\" by lars, \"second\" by bo and \"third\" by anna"))
    #expect(conflict.sides.map(\.by) == ["lars", "bo", "anna"])
    #expect(conflict.shown == 2)
    try desks.bo.settle(conflict, .take(1))
    #expect(try desks.bo.ticket(ticket)?.topic == "second")
  }

  @Test("Settled, undone and settled again, alike on both sides, with the same id")
  func settleAndUndo() throws {
    let desks = try TwoDesks()
    let ticket = try clash(desks)
    let conflict = try #require(try desks.open().first)
    for number in [-1, 2] {
      // Counted as the call counts them: who follows it to the letter takes the side that was meant.
      let error = #expect(throws: SettlingError.self) { try desks.bo.settle(conflict, .take(number)) }
      #expect(
        error?.description.contains("no side \(number); conflict \(conflict.id) has sides 0 to 1") == true)
    }
    let index = try #require(conflict.sides.firstIndex { $0.by == "anna" })
    try desks.bo.settle(conflict, .take(index), note: "Lars confirmed")
    try desks.sync()
    #expect(try desks.open().isEmpty)
    #expect(try desks.anna.ticket(ticket)?.status == "solved")
    let settled = try desks.anna.conflict(conflict.id)
    #expect(settled.state == .settled)
    #expect(settled.settlement?.by == "bo" && settled.settlement?.note == "Lars confirmed")
    #expect(throws: SettlingError.self) { try desks.anna.settle(settled, .take(0)) }
    // Undone by another than the one who settled it.
    let changes = try desks.anna.unsettle(settled)
    #expect(changes.count == 2)
    try desks.sync()
    let back = try #require(try desks.open().first)
    #expect(back.id == conflict.id && back.state == .open)
    #expect(Set(back.sides.compactMap(\.value)) == [JSONText("solved"), JSONText("open")])
    #expect(Set(back.sides.map(\.by)) == ["anna", "bo"], "the first authors stay")
    #expect(back.sides.allSatisfy { $0.restores != nil })
    #expect(back.says == conflict.says)
    try desks.anna.settle(back, .value(JSONText("pending")))
    try desks.sync()
    #expect(try desks.open().isEmpty)
    #expect(try desks.bo.ticket(ticket)?.status == "pending")
    #expect(try desks.anna.store.digest() == desks.bo.store.digest())
  }

  @Test("One that somebody else settled, and edited since, is not settled again by who still looks at it")
  func stale() throws {
    let desks = try TwoDesks()
    let ticket = try clash(desks)
    let held = try #require(try desks.open().first)
    try desks.bo.settle(held, .value(JSONText("pending")))
    try desks.sync()
    #expect(throws: SettlingError.self) { try desks.anna.settle(held, .take(0)) }
    try desks.bo.set(ticket, ["status": "closed"])
    try desks.sync()
    let error = #expect(throws: SettlingError.self) { try desks.anna.settle(held, .take(0)) }
    guard case .stale = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try desks.anna.ticket(ticket)?.status == "closed")
  }

  @Test("A settlement of a situation that another one took the place of is not the one to take back")
  func staleSituation() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    try desks.anna.set(ticket, ["status": "solved"])
    try desks.bo.reply(ticket, channel: "phone", text: "It still leaks", direction: "in")
    try desks.sync()
    let conflict = try #require(try desks.open().first { $0.field == nil })
    try desks.anna.settle(conflict, .done, note: "Called Lars")
    let held = try desks.anna.conflict(conflict.id)
    try desks.anna.unsettle(held)
    try desks.sync()
    try desks.bo.settle(try desks.bo.conflict(conflict.id), .done, note: "Wrote to Lars")
    try desks.sync()
    #expect(throws: SettlingError.self) { try desks.anna.unsettle(held) }
    #expect(try desks.anna.conflict(conflict.id).settlement?.note == "Wrote to Lars")
  }

  @Test("One that both sides had edited twice keeps its id through an undo, and can be settled again")
  func undoOfLaterEdits() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    for word in ["a", "b"] {
      try desks.anna.set(ticket, ["topic": "anna \(word)"])
      try desks.bo.set(ticket, ["topic": "bo \(word)"])
    }
    try desks.sync()
    let conflict = try #require(try desks.open().first)
    for settlement in [Settlement.take(0), .take(1)] {
      try desks.anna.settle(try desks.anna.conflict(conflict.id), settlement)
      try desks.sync()
      #expect(try desks.open().isEmpty)
      try desks.bo.unsettle(try desks.bo.conflict(conflict.id))
      try desks.sync()
      for desk in [desks.anna, desks.bo] {
        #expect(try desk.conflicts().conflicts.map(\.id) == [conflict.id])
      }
    }
  }

  @Test("An undo shows the value again that was shown before", arguments: [false, true])
  func undoKeepsTheWinner(_ boIsLater: Bool) throws {
    let desks = try TwoDesks()
    let (customer, _) = try desks.ticket()
    let (first, second) = boIsLater ? (desks.anna, desks.bo) : (desks.bo, desks.anna)
    try first.set(customer, ["language": "da"])
    desks.minutes(40)
    try second.set(customer, ["language": "sv"])
    try desks.sync()
    let conflict = try #require(try desks.open().first)
    #expect(try desks.anna.customer(customer)?.state.text("language") == "sv")
    try desks.anna.settle(conflict, .value(JSONText("en")))
    try desks.anna.unsettle(try desks.anna.conflict(conflict.id))
    try desks.sync()
    #expect(try desks.open().first?.says == conflict.says)
    #expect(try desks.bo.customer(customer)?.state.text("language") == "sv")
  }

  @Test("A fact that is settled with another value keeps what it was given for; a secret is refused")
  func fact() throws {
    let desks = try TwoDesks()
    let (customer, _) = try desks.ticket()
    let expires = HybridTime(milliseconds: desks.now + 86_400_000)
    for (desk, value) in [(desks.anna, "tea"), (desks.bo, "coffee")] {
      try desk.setConsent(customer, "marketing", isGranted: true)
      var fact = NewFact("drink", JSONText(value))
      fact.purpose = "marketing"
      fact.expires = expires
      fact.channel = "phone"
      try desk.setFact(customer, fact)
    }
    try desks.sync()
    let conflict = try #require(try desks.open().first { $0.field == "fact.drink" })
    #expect(conflict.says.hasPrefix("fact.drink of Lars is \"tea\" by anna and \"coffee\" by bo"))
    #expect(throws: SettlingError.self) {
      try desks.anna.settle(conflict, .value(JSONText("4111 1111 1111 1111")))
    }
    try desks.anna.settle(conflict, .value(JSONText("juice")))
    try desks.sync()
    let fact = try #require(try desks.bo.customer(customer)?.fact("drink"))
    #expect(fact.value == JSONText("juice"))
    #expect(fact.purpose == "marketing")
    #expect(fact.expires == expires)
    #expect(fact.channel == nil)
  }

  @Test("A fact that held no longer when it was settled with another value holds from then on")
  func expiredFact() throws {
    let desks = try TwoDesks()
    let (customer, _) = try desks.ticket()
    for (desk, value) in [(desks.anna, "tea"), (desks.bo, "coffee")] {
      var fact = NewFact("drink", JSONText(value))
      fact.expires = HybridTime(milliseconds: desks.now + 60_000)
      try desk.setFact(customer, fact)
    }
    try desks.sync()
    desks.minutes(2)
    let conflict = try #require(try desks.anna.conflicts().conflicts.first)
    #expect(conflict.isWithheld && !conflict.json.text.contains("coffee"))
    #expect(throws: SettlingError.self) { try desks.anna.settle(conflict, .take(0)) }
    try desks.anna.settle(conflict, .value(JSONText("juice")))
    try desks.sync()
    let answer = try #require(try desks.bo.answers(customer, ["drink"]).first)
    #expect(answer.state == .known && answer.values.first?.value == JSONText("juice"))
  }

  @Test("An undo that would lose an edit is refused")
  func staleUndo() throws {
    let desks = try TwoDesks()
    let ticket = try clash(desks)
    let conflict = try #require(try desks.open().first)
    try desks.bo.settle(conflict, .take(0))
    try desks.bo.set(ticket, ["status": "closed"])
    try desks.sync()
    let settled = try desks.anna.conflict(conflict.id)
    #expect(throws: SettlingError.self) { try desks.anna.unsettle(settled) }
    #expect(try desks.anna.ticket(ticket)?.status == "closed")
  }

  @Test("Two people who settle differently have a conflict again, shown as such")
  func settledTwice() throws {
    let desks = try TwoDesks()
    _ = try clash(desks)
    let conflict = try #require(try desks.open().first)
    let values = conflict.sides.compactMap(\.value)
    try desks.anna.settle(conflict, .value(values[0]), note: "one")
    try desks.bo.settle(conflict, .value(values[1]), note: "two")
    try desks.sync()
    let again = try #require(try desks.open().first)
    #expect(again.kind == .settledTwice && again.field == "status")
    #expect(again.says.contains("was settled as"))
    try desks.bo.settle(again, .take(0))
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("Two people who settle alike agree")
  func settledAlike() throws {
    let desks = try TwoDesks()
    _ = try clash(desks)
    let conflict = try #require(try desks.open().first)
    try desks.anna.settle(conflict, .value(JSONText("pending")))
    try desks.bo.settle(conflict, .value(JSONText("pending")))
    try desks.sync()
    #expect(try desks.open().isEmpty)
    let all = try desks.anna.conflicts(of: conflict.on)
    #expect(all.contains { $0.state == .equal })
  }

  @Test("A situation is settled by a note, undone, and settled in two ways")
  func situation() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    try desks.bo.reply(ticket, channel: "phone", text: "It still leaks", direction: "in")
    try desks.anna.set(ticket, ["status": "solved"])
    try desks.sync()
    let conflict = try #require(try desks.open().first)
    #expect(throws: SettlingError.self) { try desks.anna.settle(conflict, .value(JSONText("x"))) }
    #expect(throws: SettlingError.self) { try desks.anna.settle(conflict, .take(7)) }
    try desks.anna.settle(conflict, .done, note: "Called Lars")
    try desks.sync()
    #expect(try desks.open().isEmpty)
    let settled = try desks.bo.conflict(conflict.id)
    #expect(settled.state == .settled && settled.settlement?.note == "Called Lars")
    try desks.bo.unsettle(settled)
    try desks.sync()
    #expect(try desks.open().map(\.id) == [conflict.id])
    try desks.anna.settle(conflict, .done, note: "Called Lars")
    try desks.bo.settle(conflict, .done, note: "Wrote to Lars")
    try desks.sync()
    let again = try #require(try desks.open().first)
    #expect(again.kind == .settledTwice)
    try desks.bo.settle(again, .take(0))
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("Lists are merged, objects where they agree, and nothing else")
  func merge() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    func clash(_ one: String, _ other: String) throws -> Conflict {
      var draft = Draft()
      draft.set["parts"] = try JSONText(parsing: one.utf8)
      try desks.anna.store.commit(Edit(.entity(ticket), draft))
      draft.set["parts"] = try JSONText(parsing: other.utf8)
      try desks.bo.store.commit(Edit(.entity(ticket), draft))
      try desks.sync()
      return try #require(try desks.open().first)
    }
    func merged(_ conflict: Conflict) throws -> String? {
      try desks.anna.settle(conflict, .merge)
      try desks.sync()
      return try desks.bo.ticket(ticket)?.field("parts")?.text
    }
    let lists = try merged(try clash(#"["tap","seal"]"#, #"["seal","pipe"]"#))
    #expect(Set(try JSONText(parsing: (lists ?? "").utf8).elements ?? []).count == 3)
    let objects = try merged(try clash(#"{"a":1,"b":2}"#, #"{"b":2,"c":3}"#))
    #expect(try JSONText(parsing: (objects ?? "").utf8).members?.count == 3)
    let contradiction = try clash(#"{"a":1}"#, #"{"a":2}"#)
    #expect(throws: SettlingError.self) { try desks.anna.settle(contradiction, .merge) }
  }

  @Test("What a rule answers is listed on request and never open")
  func ruled() throws {
    let desks = try TwoDesks()
    let (customer, _) = try desks.ticket()
    try desks.anna.set(customer, ["consent.service": "granted"])
    try desks.bo.set(customer, ["consent.service": "withdrawn"])
    try desks.sync()
    #expect(try desks.open().isEmpty)
    var filter = ConflictFilter()
    filter.includesClosed = true
    #expect(try desks.bo.conflicts(filter).conflicts.map(\.state) == [.ruled])
  }

  @Test("Parallel edits that do not clash are marked and never reach the inbox")
  func parallel() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    try desks.anna.set(ticket, ["topic": "water"])
    try desks.bo.set(ticket, ["team": "plumbing"])
    try desks.sync()
    #expect(try desks.open().isEmpty)
    let history = try #require(try desks.anna.history(of: ticket))
    #expect(history.steps.map(\.parallel.count) == [0, 0, 1])
  }
}
