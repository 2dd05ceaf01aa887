import Agent
import Causality
import Merge
import Server
import Storage
import TestSupport
import Testing

@testable import Simulator

/// Erasures that a server lost, and devices that may not give them back. In what bo holds, what the erasure took is a stub.
@Suite struct WaitingTests {
  /// A desk whose server lost an erasure and two edits around it by anna, whose device is gone; bo is no supervisor.
  private struct Scene {
    let desk: Desk
    let anna: SimAgent
    let bo: SimAgent
    let ticket: EntityID

    init(annaIsGone: Bool = true) throws {
      desk = try Desk()
      anna = try desk.agent("anna")
      bo = try desk.agent("bo", isSupervisor: false)
      ticket = try desk.edit(anna, "erased").on
      try desk.settle()
      desk.server.backUp()
      try desk.edit(anna, "before")
      try desk.erase(ticket, by: anna)
      try desk.edit(anna, "behind")
      try desk.sync(anna)
      try desk.sync(bo)
      desk.server.restore(newest: true)
      if annaIsGone { desk.forget(anna) }
    }
  }

  @Test func anErasureWaitsForASupervisor() throws {
    let scene = try Scene()
    let report = try scene.desk.sync(scene.bo)
    #expect(report.relayed == 1 && report.notes.contains { $0.contains("supervisor's code") }, "\(report)")
    #expect(try scene.desk.tokens(scene.bo) == ["before"])
    // It says so each time, and asks the server no more than usual.
    let second = try scene.desk.sync(scene.bo)
    #expect(second.relayed == 0 && second.roundTrips == 1 && second.notes.count == 1, "\(second)")
    try scene.desk.join(scene.bo, isSupervisor: true)
    let third = try scene.desk.sync(scene.bo)
    #expect(third.relayed == 2 && third.notes.isEmpty, "\(third)")
    #expect(try scene.desk.tokens(scene.bo) == ["before", "behind"])
    #expect(try scene.bo.store?.state(of: scene.ticket)?.isErased == true)
    #expect(!scene.bo.disk.paths.contains { $0.hasPrefix("old/") }, "\(scene.bo.disk.paths)")
  }

  /// What anna's own device sends again needs nobody's help.
  @Test func whatItsAuthorSendsAgainWaitsNoMore() throws {
    let scene = try Scene(annaIsGone: false)
    try scene.desk.sync(scene.bo)
    #expect(try scene.bo.store?.isWaiting == true)
    try scene.desk.sync(scene.anna)
    let report = try scene.desk.sync(scene.bo)
    #expect(report.relayed == 0 && report.notes.isEmpty, "\(report)")
    #expect(try scene.bo.store?.isWaiting == false)
    #expect(!scene.bo.disk.paths.contains { $0.hasPrefix("old/") }, "\(scene.bo.disk.paths)")
    #expect(try scene.desk.tokens(scene.bo) == ["before", "behind"])
    #expect(try scene.anna.store?.digest() == scene.bo.store?.digest())
  }

  /// The server loses something once more while an erasure waits: that is given back all the same.
  @Test func whatIsLostLaterIsGivenBackMeanwhile() throws {
    let scene = try Scene()
    let cleo = try scene.desk.agent("cleo", isSupervisor: false)
    try scene.desk.sync(scene.bo)
    scene.desk.server.backUp()
    try scene.desk.edit(cleo, "cleo's")
    try scene.desk.sync(cleo)
    try scene.desk.sync(scene.bo)
    scene.desk.server.restore(newest: true)
    scene.desk.forget(cleo)
    let report = try scene.desk.sync(scene.bo)
    #expect(report.relayed == 1, "\(report)")
    #expect(try scene.desk.tokens(scene.bo) == ["before", "cleo's"])
    #expect(try scene.bo.store?.isWaiting == true)
    try scene.desk.join(scene.bo, isSupervisor: true)
    #expect(try scene.desk.sync(scene.bo).relayed == 2)
    #expect(try scene.desk.tokens(scene.bo) == ["before", "behind", "cleo's"])
  }

  /// Nothing of that depends on the device being up all the time.
  @Test func whatWaitsSurvivesPowerLoss() throws {
    let scene = try Scene()
    for seed in 1..<60 {
      scene.bo.disk.faults.crashAfter = seed
      _ = try? scene.desk.sync(scene.bo)
      scene.bo.restart(losingPower: true)
      try scene.bo.open()
    }
    try scene.desk.sync(scene.bo)
    #expect(try scene.bo.store?.isWaiting == true)
    try scene.desk.join(scene.bo, isSupervisor: true)
    try scene.desk.sync(scene.bo)
    #expect(try scene.desk.tokens(scene.bo) == ["before", "behind"])
  }
}
