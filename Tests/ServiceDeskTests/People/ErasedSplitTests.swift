import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Storage
import Testing

@testable import ServiceDesk

/// Profiles that were one and of which one is erased.
@Suite struct ErasedSplitTests {
  let desks: TwoDesks
  /// Three profiles, ordered; both agents know them.
  let ids: [EntityID]

  init() throws {
    desks = try TwoDesks()
    let anna = desks.anna
    ids = try (0..<3).map { try anna.newCustomer(name: "P\($0)").on }.sorted()
    try desks.sync()
  }

  /// Merges the first two, or all in a chain, has bo do something to the whole, and splits them; both agents know all of it.
  private func whole(chained: Bool = false, _ work: (Desk) throws -> Void) throws {
    try desks.anna.mergeCustomers(ids[0], ids[1])
    if chained { try desks.anna.mergeCustomers(ids[1], ids[2]) }
    try desks.sync()
    try work(desks.bo)
    try desks.sync()
    try desks.anna.splitCustomer(ids[1])
    if chained { try desks.anna.splitCustomer(ids[2]) }
    try desks.sync()
  }

  @discardableResult
  private func erase(_ id: EntityID, by desk: Desk) throws -> ErasurePlan {
    let plan = try desk.erasurePlan(of: id)
    try desk.erase(plan)
    return plan
  }

  private func everywhere(_ check: (Desk) throws -> Void) throws {
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] { try check(desk) }
  }

  // MARK: Withdrawals

  @Test(
    "A withdrawal that held for two holds for the one that stays, whoever erases the other one",
    arguments: [true, false])
  func withdrawal(isTwice: Bool) throws {
    for id in ids { try desks.anna.setConsent(id, "contact", isGranted: true) }
    try whole { try $0.setConsent(ids[0], "contact", isGranted: false, channel: "phone") }
    let before = try #require(try desks.anna.consents(ids[1]).answer("contact").head)
    let plan = try erase(ids[0], by: desks.anna)
    #expect(plan.withdrawn.map(\.on) == [ids[1]] && plan.withdrawn.map(\.purpose) == ["contact"])
    #expect(plan.withdrawn.map(\.change) == [before.id])
    if isTwice { try erase(ids[0], by: desks.bo) }
    #expect(try !desks.anna.consents(ids[1]).allows("contact"))
    try everywhere { (desk) throws in
      let answer = try desk.consents(ids[1]).answer("contact")
      #expect(!answer.isGranted && answer.head?.by == "bo" && answer.head?.at == before.at)
      // How it was said may tell of the one who is erased.
      #expect(answer.channel == nil && answer.head?.value["at"] == before.value["at"])
      #expect(try desk.conflicts(limit: .max).conflicts.allSatisfy { $0.state != .open })
    }
    try desks.bo.setConsent(ids[1], "contact", isGranted: true)
    try everywhere { (desk) throws in #expect(try desk.consents(ids[1]).allows("contact")) }
    #expect(try desks.anna.erasurePlan(of: ids[0]).withdrawn.isEmpty)
  }

  @Test("What the one that stays said since, or never was a question of theirs, is not made again")
  func answered() throws {
    try whole { desk in
      try desk.setConsent(ids[0], "contact", isGranted: false)
      try desk.setConsent(ids[1], "service", isGranted: false)
    }
    try desks.bo.setConsent(ids[1], "contact", isGranted: true)
    try desks.bo.setConsent(ids[0], "marketing", isGranted: false)
    try desks.sync()
    #expect(try desks.anna.erasurePlan(of: ids[0]).withdrawn.isEmpty)
    #expect(try desks.anna.erasurePlan(of: ids[1]).withdrawn.isEmpty)
    try erase(ids[0], by: desks.anna)
    try everywhere { (desk) throws in
      #expect(try desk.consents(ids[1]).allows("contact") && !desk.consents(ids[1]).allows("service"))
    }
  }

  @Test("A withdrawal holds for the end of a chain of which the middle is erased")
  func middle() throws {
    try whole(chained: true) { try $0.setConsent(ids[0], "contact", isGranted: false) }
    try everywhere { (desk) throws in
      for id in ids { #expect(try !desk.consents(id).allows("contact")) }
    }
    #expect(try erase(ids[1], by: desks.anna).withdrawn.map(\.on) == [ids[2]])
    try everywhere { (desk) throws in
      for id in [ids[0], ids[2]] { #expect(try !desk.consents(id).allows("contact")) }
    }
  }

  @Test("Who wrote to the one that stays, knowing of the withdrawal, crossed nothing when it is made again")
  func crossed() throws {
    let ticket = try desks.ticket(ids[1])
    try whole { try $0.setConsent(ids[0], "contact", isGranted: false) }
    try desks.anna.write(ticket, NewEntry("call", "Called back", channel: "phone", direction: "out"))
    try erase(ids[0], by: desks.bo)
    try everywhere { (desk) throws in
      #expect(try !desk.consents(ids[1]).allows("contact"))
      #expect(try !desk.conflicts(limit: .max).conflicts.contains { $0.kind == .withdrawnConsent })
    }
  }

  // MARK: Questions

  @Test("What turns out to be an erased customer's is taken off the one that stays, and made again nowhere")
  func erasedOwner() throws {
    try desks.anna.set(ids[0], ["address.city": "Lund"])
    try whole { desk in
      var draft = Draft(set: ["address.city": "Ystad"])
      draft.log[Vocabulary.timeline] = JSONText(object: [("kind", "note"), ("text", "likes cats")])
      try desk.store.commit(Edit(.entity(ids[0]), draft))
    }
    try erase(ids[1], by: desks.anna)
    try desks.sync()
    for id in [ids[0], ids[1]] { #expect(try desks.bo.splitQuestions(touching: id).count == 1) }
    let question = try #require(try desks.bo.splitQuestions(touching: ids[1]).first)
    try desks.bo.answer(question, belongsTo: ids[1])
    try everywhere { (desk) throws in
      let view = try #require(try desk.customer(ids[0]))
      #expect(view.field("address.city")?.shown.value.plain == "Lund" && view.timeline.isEmpty)
      #expect(view.state.redaction(of: question.change) != nil)
      #expect(try desk.customer(ids[1])?.state.isErased == true)
      #expect(try desk.splitQuestions(touching: nil).isEmpty)
    }
  }

  @Test("Answered both ways, it can be answered again after one of the two was erased", arguments: [0, 1])
  func contradicted(owner: Int) throws {
    try whole { try $0.set(ids[0], ["fact.allergy": "nuts"]) }
    let asked = try #require(try desks.anna.splitQuestions(touching: nil).first)
    try desks.anna.answer(asked, belongsTo: ids[1])
    try desks.bo.answer(asked, belongsTo: ids[0])
    try desks.sync()
    try erase(ids[1], by: desks.anna)
    try desks.sync()
    let again = try #require(try desks.bo.splitQuestions(touching: ids[1]).first)
    #expect(again.isContradicted && again.others == [ids[1]])
    try desks.bo.answer(again, belongsTo: ids[owner])
    try everywhere { (desk) throws in
      #expect(try desk.customer(ids[0])?.facts.map(\.value.plain) == (owner == 0 ? ["nuts"] : []))
      #expect(try desk.splitQuestions(touching: nil).isEmpty)
    }
  }

  @Test("A ticket that turns out to be an erased customer's goes with the next erasure")
  func ticket() throws {
    var ticket: EntityID?
    try whole { ticket = try $0.newTicket(customer: ids[0], subject: "Whose?").on }
    try erase(ids[1], by: desks.anna)
    try desks.sync()
    let question = try #require(try desks.bo.splitQuestions(touching: ids[1]).first)
    try desks.bo.answer(question, belongsTo: ids[1])
    try desks.sync()
    #expect(try desks.anna.leftovers(of: [ids[1]]) == [try #require(ticket)])
    #expect(try erase(ids[1], by: desks.anna).others == [try #require(ticket)])
    try everywhere { (desk) throws in #expect(try desk.splitQuestions(touching: nil).isEmpty) }
  }

  @Test("Who knows of an erasure writes of the one that stays, though a merge at the same time tied the two")
  func mergedMeanwhile() throws {
    try desks.anna.mergeCustomers(ids[0], ids[1])
    try desks.anna.set(ids[0], ["fact.floor": "1"])
    try erase(ids[1], by: desks.bo)
    try desks.sync()
    for desk in [desks.anna, desks.bo] { try desk.set(ids[0], ["fact.door": "2"]) }
    try everywhere { (desk) throws in
      #expect(try desk.splitQuestions(touching: ids[1]).map(\.items) == [[.field("fact.floor", "1")]])
    }
  }
}
