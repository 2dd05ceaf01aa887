import Agent
import Codec
import Foundation
import Merge
import Storage
import TestSupport
import Testing

@testable import Server

@Suite struct SyncTests {
  @Test func twoAgentsConvergeInOneRoundTripEach() throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    let bo = try desk.store("bo")
    try desk.join(anna)
    try desk.join(bo)
    let made = try #require(
      try anna.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "The tap leaks", "status": "open"]))))
    let report = try desk.sync(anna)
    #expect(report.sent == 1 && report.roundTrips == 2)  // The list of runs, then the push.
    let second = try desk.sync(bo)
    #expect(second.received == 1 && second.roundTrips == 2)  // The list of runs, then the log.
    #expect(try bo.state(of: made.on)?.string("subject") == "The tap leaks")
    try anna.commit(Edit(.entity(made.on), Draft(set: ["status": "solved"])))
    try bo.commit(Edit(.entity(made.on), Draft(set: ["status": "pending"])))
    try desk.sync(anna)
    let third = try desk.sync(bo)
    #expect(third.sent == 1 && third.received == 1 && third.roundTrips == 1)
    try desk.sync(anna)
    #expect(try anna.digest() == bo.digest())
    #expect(try anna.state(of: made.on)?.conflicts == ["status"])
    let idle = try desk.sync(anna)
    #expect(idle.sent == 0 && idle.received == 0 && idle.roundTrips == 1)
  }

  @Test func largeHistoryGoesThroughRunsAndCompaction() throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    try desk.join(anna)
    var tickets: [EntityID] = []
    for batch in 0..<12 {
      let changes = try anna.commit(
        (0..<1000).map {
          Edit(
            .new(type: "ticket"), Draft(set: ["subject": "Ticket \(batch) \($0) of many", "status": "open"]))
        })
      tickets += changes.compactMap { $0?.on }
    }
    let report = try desk.sync(anna)
    #expect(report.sent == 12_000)
    #expect(anna.position == 12_000)
    while try desk.data.hosted("nord").workspace.maintain() {}
    let bo = try desk.store("bo")
    try desk.join(bo)
    let first = try desk.sync(bo)
    #expect(first.received == 12_000)
    try bo.commit(tickets.prefix(50).map { Edit(.entity($0), Draft(set: ["status": "closed"])) })
    try desk.sync(bo)
    try desk.sync(anna)
    #expect(try anna.digest() == bo.digest())
    try anna.compact(all: true)
    let reopened = try Store(at: "\(desk.folder)/anna", .reading, environment: desk.environment)
    #expect(try reopened.digest() == bo.digest())
    #expect(try reopened.state(of: tickets[3])?.string("status") == "closed")
    #expect(reopened.position == 12_050)
    #expect(throws: StorageError.locked("\(desk.folder)/anna")) {
      try Store(at: "\(desk.folder)/anna", .writing, environment: desk.environment)
    }
  }

  @Test func restoredServerGetsBackWhatItLost() throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    let bo = try desk.store("bo")
    try desk.join(anna)
    try desk.join(bo)
    let ticket = try #require(try anna.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "One"])))).on
    try desk.sync(anna)
    try desk.sync(bo)
    let backup = desk.folder + "/backup"
    _ = try Backup.run(desk.data, from: desk.folder + "/server", to: backup)
    try anna.commit(Edit(.entity(ticket), Draft(set: ["subject": "Two"])))
    try desk.sync(anna)
    try desk.sync(bo)
    try bo.commit(Edit(.entity(ticket), Draft(set: ["status": "open"])))
    try desk.sync(bo)
    // The server burns; anna's device with it. Only bo holds what anna sent after the backup.
    let fresh = ServerData(folder: backup, now: desk.environment.now, random: desk.environment.random)
    let transport = LocalTransport(Endpoints(fresh))
    try bo.commit(Edit(.entity(ticket), Draft(set: ["priority": "high"])))
    let report = try SyncClient(bo, transport).sync()
    #expect(report.relayed == 1)
    #expect(report.notes.count == 1)
    let cleo = try desk.store("cleo")
    let code = try fresh.devices("nord").invite(agent: "cleo", role: "agent", expires: .max)
    let enrolment = try ServerLink.join(transport, code: code, replica: cleo.replica, agent: nil)
    try cleo.bind(server: "x", workspace: "nord", agent: "cleo", role: "agent", token: enrolment.token)
    _ = try SyncClient(cleo, transport).sync()
    #expect(try cleo.digest() == bo.digest())
    #expect(try cleo.state(of: ticket)?.string("subject") == "Two")
    #expect(try cleo.state(of: ticket)?.string("priority") == "high")
    _ = try SyncClient(anna, transport).sync()
    #expect(try anna.digest() == bo.digest())
  }

  @Test func copiedStoreGoesOnUnderANewID() throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    try desk.join(anna)
    let ticket = try #require(try anna.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "One"])))).on
    try desk.sync(anna)
    try anna.commit(Edit(.entity(ticket), Draft(set: ["status": "open"])))
    try FileManager.default.copyItem(atPath: "\(desk.folder)/anna", toPath: "\(desk.folder)/copy")
    let copy = try Store(at: "\(desk.folder)/copy", .writing, environment: desk.environment)
    try anna.commit(Edit(.entity(ticket), Draft(set: ["subject": "From the original"])))
    let made = try #require(
      try copy.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "From the copy"])))
    ).on
    var note = Draft()
    note.log["timeline"] = JSONText(object: [("text", JSONText("about \(made)"))])
    try copy.commit(Edit(.entity(made), note))
    let old = copy.replica
    try desk.sync(anna)
    let report = try desk.sync(copy)
    #expect(report.notes.count == 1)
    #expect(copy.replica != old)
    try desk.sync(anna)
    #expect(try anna.digest() == copy.digest())
    var subjects: Set<String> = []
    try anna.forEachState { state in subjects.insert(state.string("subject") ?? "") }
    #expect(subjects == ["From the original", "From the copy"])
    let reopened = try Store(at: "\(desk.folder)/copy", .reading, environment: desk.environment)
    #expect(try reopened.digest() == anna.digest())
    #expect(reopened.unsent.isEmpty)
  }

  @Test func revokedDeviceIsToldSo() throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    try desk.join(anna)
    try desk.sync(anna)
    let registry = try desk.data.hosted("nord").devices
    try registry.revoke(try #require(try registry.devices().first))
    #expect(throws: SyncError.self) { try desk.sync(anna) }
  }

  @Test func storeWithoutAServerCompactsAndJoinsLater() throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    for _ in 0..<5 {
      try anna.commit((0..<1000).map { Edit(.new(type: "ticket"), Draft(set: ["subject": "Ticket \($0)"])) })
      try anna.compact()
    }
    #expect(anna.unsent.count < 5000)
    let before = try anna.digest()
    let reopened = try Store(at: "\(desk.folder)/anna", .reading, environment: desk.environment)
    #expect(try reopened.digest() == before)
    try desk.join(anna)
    let report = try desk.sync(anna)
    #expect(report.sent == 5000)
    let bo = try desk.store("bo")
    try desk.join(bo)
    try desk.sync(bo)
    #expect(try bo.digest() == anna.digest())
  }
}
