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
}
