import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Storage
import TestSupport
import Testing

/// Disagreements between profiles of one person, through two stores and a server.
@Suite("Conflicts of merged profiles")
struct MergedProfileTests {
  /// Two profiles that both agents know; each has a name and a language of its own, and a ticket.
  private func profiles(
    _ desks: TwoDesks, languages: (String, String) = ("da", "sv")
  ) throws -> (one: EntityID, two: EntityID) {
    let one = try desks.anna.newCustomer(name: "Lars Holm", phones: ["+45 20 12 34 56"]).on
    try desks.anna.set(one, ["language": languages.0])
    try desks.sync()
    let two = try desks.bo.newCustomer(name: "Lars Holm", emails: ["lars@example.org"]).on
    try desks.bo.set(two, ["language": languages.1])
    try desks.sync()
    return (min(one, two), max(one, two))
  }

  private func shown(_ desk: Desk, _ id: EntityID, _ field: ExactString) throws -> String? {
    try desk.customer(id)?.state.text(field)
  }

  @Test("Where their values differ is open for everybody, and only there")
  func found() throws {
    let desks = try TwoDesks()
    let (one, two) = try profiles(desks)
    #expect(try desks.open().isEmpty, "two profiles are no conflict")
    desks.minutes(5)
    try desks.anna.mergeCustomers(two, one)
    try desks.sync()
    let open = try desks.open()
    let conflict = try #require(open.first)
    #expect(open.count == 1 && conflict.kind == .field && conflict.field == "language" && conflict.on == one)
    #expect(Set(conflict.sides.map(\.on)) == [one, two])
    #expect(Set(conflict.sides.compactMap(\.value?.plain)) == ["da", "sv"])
    #expect(Set(conflict.sides.map(\.by)) == ["anna", "bo"])
    #expect(conflict.says.contains("on profiles that were merged"))
    #expect(try desks.bo.conflicts(of: two).map(\.id) == [conflict.id], "by either profile")
    var filter = ConflictFilter()
    filter.on = two
    #expect(try desks.bo.conflicts(filter).conflicts.map(\.id) == [conflict.id])
    // Why the whole says what it says.
    let explanation = Explanation(try #require(try desks.bo.history(of: two)), "language") { _ in "then" }
    #expect(explanation.steps.filter(\.isHead).count == 2)
  }

  @Test("Equal values are no conflict")
  func equal() throws {
    let desks = try TwoDesks()
    let (one, two) = try profiles(desks, languages: ("da", "da"))
    try desks.anna.mergeCustomers(one, two)
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("Settled on one device, seen on the other, undone, split: each has its own again")
  func settled() throws {
    let desks = try TwoDesks()
    let (one, two) = try profiles(desks)
    try desks.anna.mergeCustomers(one, two)
    try desks.sync()
    let conflict = try #require(try desks.open().first)
    let index = try #require(conflict.sides.firstIndex { $0.value?.plain == "sv" })
    try desks.bo.settle(conflict, .take(index), note: "He said so")
    try desks.sync()
    #expect(try desks.open().isEmpty)
    for desk in [desks.anna, desks.bo] {
      for id in [one, two] { #expect(try shown(desk, id, "language") == "sv") }
    }
    let settled = try desks.anna.conflict(conflict.id)
    #expect(settled.state == .settled && settled.settlement?.note == "He said so")
    // Undone by the other one.
    #expect(try desks.anna.unsettle(settled).count == 2)
    try desks.sync()
    let back = try #require(try desks.open().first)
    #expect(back.id == conflict.id && back.sides.allSatisfy { $0.restores != nil })
    #expect(Set(back.sides.map(\.on)) == [one, two])
    // Two people after all: nobody lost what was theirs, and nothing is left to settle.
    let (first, second) = (
      try desks.anna.store.state(of: one)?.text("language"),
      try desks.anna.store.state(of: two)?.text("language")
    )
    #expect(Set([first, second]) == ["da", "sv"])
    try desks.bo.splitCustomer(two)
    try desks.sync()
    #expect(try desks.open().isEmpty)
    #expect(try desks.anna.customer(one)?.state.text("language") == first)
    #expect(try desks.anna.customer(two)?.state.text("language") == second)
    #expect(try desks.anna.store.digest() == desks.bo.store.digest())
  }

  @Test("Two people who settle it differently have a conflict again")
  func settledTwice() throws {
    let desks = try TwoDesks()
    let (one, two) = try profiles(desks)
    try desks.anna.mergeCustomers(one, two)
    try desks.sync()
    let conflict = try #require(try desks.open().first)
    try desks.anna.settle(conflict, .take(0))
    try desks.bo.settle(conflict, .take(1))
    try desks.sync()
    let again = try #require(try desks.open().first)
    #expect(again.kind == .settledTwice && again.on == one)
    try desks.bo.settle(again, .value(JSONText("da")))
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("A profile's own conflict keeps its id when the profile is merged")
  func ownConflict() throws {
    let desks = try TwoDesks()
    let (one, two) = try profiles(desks, languages: ("da", "da"))
    try desks.anna.set(two, ["fact.size": "43"])
    try desks.bo.set(two, ["fact.size": "44"])
    try desks.sync()
    let conflict = try #require(try desks.open().first)
    #expect(conflict.on == two)
    try desks.anna.mergeCustomers(one, two)
    try desks.sync()
    let moved = try #require(try desks.open().first)
    #expect(moved.id == conflict.id && moved.on == one)
    try desks.bo.settle(moved, .take(0))
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("A withdrawal on one profile stands against a reply on the other's ticket", arguments: [false, true])
  func withdrawal(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (one, two) = try profiles(desks, languages: ("da", "da"))
    let ticket = try desks.anna.newTicket(customer: two, subject: "The tap leaks", channel: "email").on
    try desks.anna.mergeCustomers(one, two)
    try desks.sync()
    try desks.bo.set(one, ["consent.contact": "withdrawn"])
    if knowing { try desks.sync() }
    desks.minutes(40)
    try desks.anna.reply(ticket, channel: "email", text: "An offer")
    try desks.sync()
    #expect(try desks.open().map(\.kind) == (knowing ? [] : [.withdrawnConsent]))
    // Split, it is another person's withdrawal.
    try desks.anna.splitCustomer(two)
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("An erased profile is no part of the whole any more")
  func erased() throws {
    let desks = try TwoDesks()
    let (one, two) = try profiles(desks)
    try desks.anna.mergeCustomers(one, two)
    try desks.sync()
    #expect(try desks.open().count == 1)
    var draft = Draft()
    draft.erase = true
    try desks.anna.store.commit(Edit(.entity(one), draft))
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test(
    "An element taken out by one and put in by another is listed as settled by rule, never open",
    arguments: [false, true])
  func addWins(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    func edit(_ desk: Desk, _ change: (inout Draft) -> Void) throws {
      var draft = Draft()
      change(&draft)
      try desk.store.commit(Edit(.entity(ticket), draft))
    }
    try edit(desks.anna) { $0.add["tags"] = ["urgent"] }
    try desks.server.sync(desks.anna.store)
    if knowing { try desks.sync() }
    try edit(desks.bo) { $0.add["tags"] = ["urgent"] }
    try edit(desks.anna) { $0.drop["tags"] = ["urgent"] }
    try desks.sync()
    #expect(try desks.open().isEmpty)
    var filter = ConflictFilter()
    filter.includesClosed = true
    let all = try desks.bo.conflicts(filter, limit: .max).conflicts
    #expect(all == (try Desk(desks.anna.store).survey()))
    guard !knowing else { return #expect(all.isEmpty) }
    let ruled = try #require(all.first)
    #expect(all.count == 1 && ruled.state == .ruled && ruled.field == "tags" && ruled.rule == "add wins")
    #expect(
      ruled.says.hasPrefix("\"urgent\" in tags of the ticket of Lars was taken out by anna and put in by bo"))
    #expect(try desks.bo.ticket(ticket)?.tags == ["urgent"])
  }

  @Test("A ticket without a customer is named by its number, else by what it is about")
  func names() throws {
    let desks = try TwoDesks()
    for (fields, name): ([ExactString: String], String) in [
      (["ref": "INC0000045"], "ticket INC0000045"), (["subject": "Another"], "the ticket \"Another\""),
    ] {
      let id = try #require(try desks.anna.store.commit(Edit(.new(type: "ticket"), Draft(set: fields)))).on
      try desks.sync()
      try desks.anna.set(id, ["status": "solved"])
      try desks.bo.set(id, ["status": "open"])
      try desks.sync()
      let conflict = try #require(try desks.open().first { $0.on == id })
      #expect(conflict.says.hasPrefix("status of \(name) is "), "\(conflict.says)")
    }
  }
}
