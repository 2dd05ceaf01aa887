import Agent
import Causality
import Codec
import Foundation
import Merge
import Server
import ServiceDesk
import Storage
import SyncProtocol
import TestSupport
import Testing

/// A supervisor, two agents and a server, all on real files.
private final class ErasureWorld {
  /// Stands in every text that is to go.
  static let secret = "Zquixomar"

  let local: LocalDesk
  let sofia: Desk
  let anna: Desk
  let bo: Desk
  let customer: EntityID
  let ticket: EntityID

  init() throws {
    let local = try LocalDesk()
    self.local = local
    let stores = try ["sofia", "anna", "bo"].map { try local.store($0) }
    try local.join(stores[0], role: "supervisor")
    for store in stores[1...] { try local.join(store) }
    (sofia, anna, bo) = (Desk(stores[0]), Desk(stores[1]), Desk(stores[2]))
    customer = try anna.newCustomer(name: "Maja \(Self.secret)", phones: ["+46 70 123 45 67"]).on
    ticket = try anna.newTicket(
      customer: customer, subject: "The tap of \(Self.secret) leaks", channel: "phone",
      message: "\(Self.secret) says it drips"
    ).on
    try anna.promise("to call \(Self.secret) back", to: customer, ticket: ticket)
    try anna.newTicket(customer: try anna.newCustomer(name: "Olle Berg").on, subject: "Another's")
    try settle()
  }

  var all: [Desk] { [sofia, anna, bo] }

  func settle() throws { for _ in 0..<2 { for desk in all { try local.sync(desk.store) } } }

  /// What a server does behind.
  func maintain() throws {
    let workspace = try local.data.hosted("nord").workspace
    while try workspace.maintain() {}
  }

  func traces(_ text: String = ErasureWorld.secret) -> [String] { Traces.files(with: text, in: local.folder) }

  /// The devices that owe a receipt for everything that was erased, by agent.
  func owing() throws -> [String] {
    let link = ServerLink(local.transport, workspace: "nord", token: sofia.store.configuration.token)
    let report = try link.erasures()
    let last = report["erasures"]?.elements?.compactMap { $0["position"]?.int }.max() ?? 0
    return (report["devices"]?.elements ?? []).filter { $0["erased"]?.int ?? 0 < last }
      .compactMap { $0["agent"]?.string }
  }

  func digests() throws -> Set<String> { Set(try all.map { try $0.store.digest() }) }

  func erase() throws -> ErasurePlan {
    let plan = try sofia.erasurePlan(of: customer)
    try sofia.erase(plan, because: "asked for")
    return plan
  }
}

@Suite struct ErasureTests {
  private let secret = ErasureWorld.secret

  @Test func allPayloadIsGoneFromEveryFile() throws {
    let world = try ErasureWorld()
    for desk in world.all { try desk.store.compact(all: true) }
    // Lists, words and conflicts are derived from what is there, and hold it too.
    for desk in world.all {
      _ = try desk.tickets()
      _ = try desk.search("drips")
      _ = try desk.conflicts()
    }
    #expect(world.traces().contains { $0.hasPrefix("server/") })
    #expect(world.traces().contains { $0.hasPrefix("bo/runs/") })
    let plan = try world.erase()
    #expect(plan.profiles == [world.customer])
    #expect(plan.others.map(\.type).sorted() == ["promise", "ticket"])
    #expect(try world.sofia.customer(world.customer)?.state.isErased == true)
    try world.local.sync(world.sofia.store)
    try world.maintain()
    // The supervisor's device and the server are done; the others still hold it, and owe it.
    #expect(Set(world.traces().map { $0.prefix { $0 != "/" } }) == ["anna", "bo"])
    #expect(try world.owing() == ["anna", "bo"])
    try world.local.sync(world.anna.store)
    #expect(try world.owing() == ["bo"])
    try world.local.sync(world.bo.store)
    #expect(try world.owing() == [])
    #expect(world.traces() == [])
    try world.settle()
    #expect(try world.digests().count == 1)
    #expect(try world.bo.tickets().rows.filter { !$0.isErased }.map(\.subject) == ["Another's"])
    for name in ["sofia", "anna", "bo"] {
      let check = try Store.verify(
        disk: FolderDisk("\(world.local.folder)/\(name)"), root: name, repairing: false,
        environment: world.local.environment)
      #expect(check.findings == [])
    }
    let disk = FolderDisk("\(world.local.folder)/server/nord")
    #expect(try Backup.verify(disk).damage == [])
  }

  @Test func aNewDeviceAndAReopenedServerGetStubs() throws {
    let world = try ErasureWorld()
    _ = try world.erase()
    try world.settle()
    try world.maintain()
    let data = ServerData(folder: world.local.folder + "/server", now: { 1_795_281_999_000 }, random: { 7 })
    let workspace = try data.hosted("nord").workspace
    #expect(workspace.erasedPosition == workspace.head.position)
    let dora = try world.local.store("dora")
    try world.local.join(dora)
    try world.local.sync(dora)
    #expect(try dora.digest() == world.sofia.store.digest())
    #expect(world.traces() == [])
  }

  @Test func whoEditedMeanwhileIsToldAndKeepsNothing() throws {
    let world = try ErasureWorld()
    try world.bo.reply(world.ticket, channel: "phone", text: "Bo calls \(secret)")
    try world.bo.store.commit(Edit(.entity(world.customer), Draft(set: ["nick": "\(secret)X"])))
    _ = try world.erase()
    try world.local.sync(world.sofia.store)
    let report = try world.local.sync(world.bo.store)
    #expect(report.erased.contains(world.customer))
    #expect(
      report.notes.contains { $0.hasPrefix("\(world.customer) was erased by sofia while you edited it") })
    #expect(try world.bo.conflicts().conflicts.map(\.kind).contains(.erasedEdit))
    try world.settle()
    try world.maintain()
    #expect(world.traces() == [])
    #expect(try world.digests().count == 1)
    #expect(throws: StorageError.self) {
      try world.bo.store.commit(Edit(.entity(world.customer), Draft(set: ["name": "again"])))
    }
  }

  /// What is made for an erased customer by somebody who does not know is no part of the erasure: it is told, and the next one
  /// takes it.
  @Test func whatIsMadeMeanwhileIsLeftOver() throws {
    let world = try ErasureWorld()
    let made = try world.bo.newTicket(customer: world.customer, subject: "\(secret) again").on
    _ = try world.erase()
    try world.local.sync(world.sofia.store)
    try world.local.sync(world.bo.store)
    #expect(try world.bo.leftovers(of: [world.customer]) == [made])
    try world.settle()
    #expect(try world.sofia.leftovers(of: [world.customer]) == [made])
    #expect(!world.traces().isEmpty)
    let plan = try world.sofia.erasurePlan(of: world.customer)
    #expect(plan.profiles.isEmpty && plan.others == [made])
    try world.sofia.erase(plan)
    try world.settle()
    try world.maintain()
    #expect(world.traces() == [])
    #expect(try world.sofia.leftovers(of: [world.customer]) == [])
    #expect(try world.owing() == [])
  }

  @Test func twoSupervisorsEraseAtOnce() throws {
    let world = try ErasureWorld()
    let other = try world.local.store("tove")
    try world.local.join(other, role: "supervisor")
    try world.local.sync(other)
    let tove = Desk(other)
    _ = try world.erase()
    try tove.erase(try tove.erasurePlan(of: world.customer), because: "asked for twice")
    try world.local.sync(world.sofia.store)
    try world.local.sync(other)
    try world.settle()
    try world.local.sync(other)
    try world.maintain()
    #expect(world.traces() == [])
    #expect(try world.digests() == [other.digest()])
    #expect(try world.owing() == [])
  }

  /// An edit in an agent's device that was erased at the server first, and one that came to the server first.
  @Test func mergedProfilesGoTogether() throws {
    let world = try ErasureWorld()
    let twin = try world.anna.newCustomer(name: "M. \(secret)", emails: ["maja@\(secret).example"]).on
    let second = try world.anna.newTicket(customer: twin, subject: "\(secret)'s second").on
    try world.anna.mergeCustomers(world.customer, twin)
    try world.settle()
    let plan = try world.sofia.erasurePlan(of: twin)
    #expect(plan.profiles == [world.customer, twin].sorted())
    #expect(plan.others.contains(second) && plan.others.contains(world.ticket))
    try world.sofia.erase(plan)
    try world.settle()
    try world.maintain()
    #expect(world.traces() == [])
  }

  @Test func ticketsMayStayOrBeSomebodyElses() throws {
    let world = try ErasureWorld()
    let plan = try world.sofia.erasurePlan(of: world.customer, keepingTickets: true)
    #expect(plan.kept == [world.ticket])
    #expect(plan.others.map(\.type) == ["promise"])
    // Two agents say whose it is at the same time.
    let olle = try world.anna.newCustomer(name: "Olle").on
    try world.settle()
    try world.anna.store.commit(Edit(.entity(world.ticket), Draft(set: ["customer": olle.description])))
    try world.bo.store.commit(
      Edit(.entity(world.ticket), Draft(set: ["customer": world.customer.description, "note": "x"])))
    let bo = try world.bo.newTicket(customer: world.customer, subject: "s").on
    try world.bo.store.commit(Edit(.entity(bo), Draft(set: ["customer": olle.description])))
    try world.settle()
    let later = try world.sofia.erasurePlan(of: world.customer)
    #expect(!later.others.contains(bo))
  }

  @Test func onlySupervisorsErase() throws {
    let world = try ErasureWorld()
    let plan = try world.bo.erasurePlan(of: world.customer)
    #expect(throws: DeskError.self) { try world.bo.erase(plan) }
    // A program that does not ask itself: the server refuses, and everything else goes on.
    var draft = Draft()
    draft.erase = true
    try world.bo.store.commit(Edit(.entity(world.customer), draft))
    let other = try world.bo.newCustomer(name: "After it").on
    #expect(try world.bo.customer(world.customer)?.state.isErased == true)
    let report = try world.local.sync(world.bo.store)
    #expect(report.notes.contains { $0.contains("may not erase \(world.customer)") })
    #expect(try world.bo.customer(world.customer)?.state.string("name") == "Maja \(secret)")
    try world.settle()
    #expect(try world.sofia.store.state(of: other)?.string("name") == "After it")
    #expect(try world.digests().count == 1)
    #expect(throws: SyncError.self) {
      try ServerLink(world.local.transport, workspace: "nord", token: world.bo.store.configuration.token)
        .erasures()
    }
  }

  /// The inbox had forgotten what concerned the customer, and has it again.
  @Test(arguments: [0, 20]) func whatAnErasureHidThatWasTakenBackIsInTheInboxAgain(_ others: Int) throws {
    let world = try ErasureWorld()
    for desk in [world.anna, world.bo] {
      let language = desk === world.bo ? "sv" : "da"
      try desk.store.commit(Edit(.entity(world.customer), Draft(set: ["language": language])))
      try desk.newCustomer(name: "Twin", emails: ["twin@example.org"])
    }
    try world.settle()
    let conflicts = try world.bo.conflicts(limit: .max).conflicts
    #expect(conflicts.map(\.kind) == [.createdTwice, .field])
    for conflict in conflicts {
      var draft = Draft()
      draft.erase = true
      try world.bo.store.commit(Edit(.entity(conflict.on), draft))
    }
    #expect(try world.bo.openConflictCount() == 0)
    try world.bo.store.compact(all: true)
    #expect(try world.bo.openConflictCount() == 0)
    if others == 0 { #expect(try world.bo.store.withdrawErasures().count == 2) }
    if others == 0 { #expect(try world.bo.openConflictCount() == 2) }
    for number in 0..<others { try world.bo.newTicket(customer: nil, subject: "Ticket \(number)") }
    try world.local.sync(world.bo.store)
    #expect(try world.bo.openConflictCount() == 2)
    #expect(try world.bo.conflicts(limit: .max).conflicts.map(\.id) == conflicts.map(\.id))
  }

  @Test func aStoreWithoutAServerErasesAtOnce() throws {
    let local = try LocalDesk()
    let desk = Desk(try local.store("solo"))
    let customer = try desk.newCustomer(name: "Maja \(secret)").on
    try desk.newTicket(customer: customer, subject: "\(secret) leaks", message: "\(secret)")
    try desk.erase(try desk.erasurePlan(of: customer))
    #expect(Traces.files(with: secret, in: local.folder) == [])
    #expect(try desk.customer(customer)?.state.isErased == true)
    // It joins as a supervisor's device later: the erasure goes along.
    try local.join(desk.store, role: "supervisor")
    try local.sync(desk.store)
    let other = try local.store("other")
    try local.join(other)
    try local.sync(other)
    #expect(try other.digest() == desk.store.digest())
    #expect(try other.state(of: customer)?.isErased == true)
    #expect(Traces.files(with: secret, in: local.folder) == [])
  }

  /// It erased what was its own alone, and then joins where it may not: the server does not take the erasure, and what is gone
  /// stays gone.
  @Test func aStoreThatErasedByItselfJoinsAsAnAgents() throws {
    let local = try LocalDesk()
    let desk = Desk(try local.store("solo"))
    let customer = try desk.newCustomer(name: "Maja \(secret)").on
    let kept = try desk.newCustomer(name: "Olle").on
    try desk.erase(try desk.erasurePlan(of: customer))
    try local.join(desk.store)
    let report = try local.sync(desk.store)
    #expect(report.notes.contains { $0.contains("may not erase \(customer)") })
    let other = try local.store("other")
    try local.join(other)
    try local.sync(other)
    #expect(try other.digest() == desk.store.digest())
    #expect(try other.state(of: kept)?.string("name") == "Olle")
    #expect(Traces.files(with: secret, in: local.folder) == [])
  }

  /// The store of a device as it was months ago, and a server as it was before the erasure.
  @Test func neitherAStaleStoreNorAnOldBackupBringsItBack() throws {
    let world = try ErasureWorld()
    let files = FileManager.default
    let folder = world.local.folder
    try world.bo.reply(world.ticket, channel: "phone", text: "unsent of \(secret)")
    let server = "\(folder)/server/nord"
    let backup = FileManager.default.temporaryDirectory.appendingPathComponent("backup-\(UUID())").path
    let stale = FileManager.default.temporaryDirectory.appendingPathComponent("stale-\(UUID())").path
    defer {
      try? files.removeItem(atPath: backup)
      try? files.removeItem(atPath: stale)
    }
    try files.copyItem(atPath: server, toPath: backup)
    try files.copyItem(atPath: "\(folder)/bo", toPath: stale)
    _ = try world.erase()
    try world.settle()
    try world.maintain()
    #expect(world.traces() == [])

    // The server goes back to the backup, which still has it.
    try files.removeItem(atPath: server)
    try files.copyItem(atPath: backup, toPath: server)
    let data = ServerData(
      folder: folder + "/server", now: world.local.environment.now, random: world.local.environment.random)
    let transport = LocalTransport(Endpoints(data))
    #expect(!world.traces().isEmpty)
    // Not the supervisor's device, but one that knew: what the server lost comes back from it, erasure included.
    _ = try SyncClient(world.anna.store, transport).sync()
    for _ in 0..<2 { for desk in world.all { _ = try SyncClient(desk.store, transport).sync() } }
    let workspace = try data.hosted("nord").workspace
    while try workspace.maintain() {}
    #expect(world.traces() == [])
    #expect(try world.digests().count == 1)

    // A device comes back with the store of long ago, and an edit that it never sent.
    try files.copyItem(atPath: stale, toPath: "\(folder)/stale")
    let old = try Store(at: "\(folder)/stale", .writing, environment: world.local.environment)
    _ = try SyncClient(old, transport).sync()
    while try workspace.maintain() {}
    for desk in world.all { _ = try SyncClient(desk.store, transport).sync() }
    _ = try SyncClient(old, transport).sync()
    #expect(world.traces() == [])
    #expect(try world.digests() == [old.digest()])
  }
}
