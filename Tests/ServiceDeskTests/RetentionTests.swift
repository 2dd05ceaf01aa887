import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

@Suite("Retention: replaced values that devices need not keep")
struct RetentionTests {
  private static let year: UInt64 = 365 * 24 * 60

  /// A customer who moved twice, on two devices, with a year gone by since.
  private func moved() throws -> (desks: TwoDesks, customer: EntityID) {
    let desks = try TwoDesks()
    let customer = try desks.anna.newCustomer(name: "Maja Lind", phones: ["+46 70 123 45 67"]).on
    for city in ["Malmö", "Lund", "Ystad"] {
      try desks.sync()
      let desk = city == "Lund" ? desks.bo : desks.anna
      try desk.store.commit(Edit(.entity(customer), Draft(set: ["address.city": city])))
    }
    try desks.sync()
    desks.minutes(Self.year)
    try desks.anna.setRetention(Retention(days: 300))
    try desks.sync()
    return (desks, customer)
  }

  private func cities(_ desk: Desk, _ customer: EntityID) throws -> [String] {
    try desk.history(of: customer)?.steps.flatMap { step in
      step.edits.filter { $0.field == "address.city" }.compactMap { $0.value?.told }
    } ?? []
  }

  @Test("Compaction thins them, digests agree, and what comes later is taken")
  func thinned() throws {
    let (desks, customer) = try moved()
    let (anna, bo) = (desks.anna, desks.bo)
    #expect(try cities(anna, customer) == ["Malmö", "Lund", "Ystad"])
    try anna.store.compact(all: true)
    #expect(anna.store.thinnedCount == 2)
    #expect(try cities(anna, customer) == ["(no longer kept)", "(no longer kept)", "Ystad"])
    #expect(try cities(bo, customer) == ["Malmö", "Lund", "Ystad"])
    #expect(try desks.agree())
    let history = try #require(try anna.history(of: customer))
    #expect(history.isThinned)
    let why = Explanation(history, "address.city") { _ in "then" }.sentences
    #expect(why[1].contains("set it to (no longer kept) on then, in place of (no longer kept) by anna"))
    // A second time finds nothing to do.
    #expect(try !anna.store.compact(all: true))

    try bo.store.commit(Edit(.entity(customer), Draft(set: ["address.city": "Simrishamn"])))
    try desks.sync()
    #expect(try desks.agree())
    #expect(try anna.state(of: customer, at: .position(2))?.text("address.city") == Thinning.mark.text)
    // The words by which a person is found are those of now.
    #expect(try anna.findCustomers("070-123 45 67").map(\.customer.id) == [customer])
  }

  @Test("While people disagree about it, nothing goes that by one of them is to stay")
  func disputed() throws {
    let (desks, customer) = try moved()
    try desks.anna.setRetention(Retention(days: 3650))
    desks.minutes(1)
    try desks.bo.setRetention(Retention(days: 10))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.settings().retention?.days == 3650)
      try desk.store.compact(all: true)
      #expect(try cities(desk, customer) == ["Malmö", "Lund", "Ystad"])
    }
    // Settled, it counts.
    let conflict = try #require(try desks.anna.conflicts().conflicts.first)
    try desks.anna.settle(conflict, .value(JSONText(object: [("days", JSONText(10))])))
    try desks.anna.store.compact(all: true)
    #expect(try cities(desks.anna, customer) == ["(no longer kept)", "(no longer kept)", "Ystad"])
  }

  @Test("A new device gets everything from the server, and a thinned one goes on under a new server")
  func fromTheServer() throws {
    let (desks, customer) = try moved()
    try desks.anna.store.compact(all: true)
    let device = Desk(
      try Store.make(disk: MemoryDisk(), root: "new", agent: "carl", environment: desks.server.environment))
    try desks.server.join(device.store)
    try desks.server.sync(device.store)
    #expect(try cities(device, customer) == ["Malmö", "Lund", "Ystad"])
    #expect(try device.store.digest() == desks.anna.store.digest())
  }

  @Test("Figures, conflicts and consent are derived from what is never thinned")
  func covered() {
    for field in ["status", "assignee", "team", "owner", "priority", "reply.b2x9m1c0aa.3", "ref"] {
      #expect(!Retention.covers(type: "ticket", field: ExactString(field)))
    }
    #expect(Retention.covers(type: "ticket", field: "subject"))
    #expect(Retention.covers(type: "ticket", field: "draft.anna"))
    #expect(!Retention.covers(type: "customer", field: "consent.marketing"))
    #expect(Retention.covers(type: "customer", field: "fact.shoe_size"))
    #expect(!Retention.covers(type: "settings", field: "hours"))
    #expect(!Retention.covers(type: "unheard-of", field: "a"))
  }

  @Test("Nobody can set what stands for a thinned value")
  func mark() throws {
    let desks = try TwoDesks()
    let customer = try desks.anna.newCustomer(name: "Maja Lind").on
    #expect(throws: StorageError.self) {
      var draft = Draft()
      draft.set["a"] = Thinning.mark
      try desks.anna.store.commit(Edit(.entity(customer), draft))
    }
  }

  @Test("Two set it at once: a disagreement like any other, and the setting can be taken back")
  func settings() throws {
    let desks = try TwoDesks()
    try desks.anna.setRetention(Retention(days: 30))
    try desks.bo.setRetention(Retention(days: 60))
    try desks.sync()
    #expect(try desks.anna.settings().retention == desks.bo.settings().retention)
    try desks.anna.setRetention(nil)
    try desks.sync()
    #expect(try desks.bo.settings().retention == nil)
    #expect(Retention(days: 0) == nil && Retention(days: Retention.maximum + 1) == nil)
  }

  @Test("The inbox and what was settled are the same before and after")
  func conflicts() throws {
    let desks = try TwoDesks()
    let ticket = try desks.anna.newTicket(customer: nil, subject: "A tap").on
    try desks.sync()
    try desks.anna.store.commit(Edit(.entity(ticket), Draft(set: ["subject": "A leaking tap"])))
    try desks.bo.store.commit(Edit(.entity(ticket), Draft(set: ["subject": "No water"])))
    try desks.sync()
    try desks.anna.store.commit(Edit(.entity(ticket), Draft(set: ["subject": "A tap that leaks"])))
    try desks.anna.setRetention(Retention(days: 300))
    try desks.sync()
    desks.minutes(Self.year)
    let before = try desks.anna.survey()
    #expect(!before.isEmpty)
    try desks.anna.store.compact(all: true)
    #expect(desks.anna.store.thinnedCount == 0)
    #expect(try desks.anna.survey() == before)
  }

  @Test("An answer that went out by an old fact is a conflict as before where the values are no longer kept")
  func staleFact() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.anna.setFact(customer, NewFact("shoe size", JSONText("38")))
    try desks.sync()
    try desks.bo.setFact(customer, NewFact("shoe size", JSONText("40")))
    desks.minutes(40)
    var reply = NewEntry("message", "We send size 38", channel: "email", direction: "out")
    reply.facts = ["shoe_size"]
    try desks.anna.write(ticket, reply)
    try desks.sync()
    let before = try desks.anna.conflicts().conflicts
    #expect(before.map(\.kind) == [.staleFact])
    try desks.bo.setFact(customer, NewFact("shoe size", JSONText("42")))
    try desks.sync()
    desks.minutes(Self.year)
    try desks.anna.setRetention(Retention(days: 300))
    try desks.sync()
    try desks.anna.store.compact(all: true)
    #expect(desks.anna.store.thinnedCount == 2)
    try desks.anna.store.disk.remove("runs/conflicts")
    for desk in [Desk(desks.anna.store), desks.bo] {
      #expect(try desk.conflicts().conflicts.map(\.id) == before.map(\.id))
    }
  }
}
