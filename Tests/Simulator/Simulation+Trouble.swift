import Merge
import Server
import Storage
import SyncProtocol
import TestSupport

/// What goes wrong in a storm, beyond messages.
extension Simulation {
  func disturb() {
    let idle = agents.filter { !$0.isBusy }
    guard let agent = idle.randomElement(using: &generator),
      let fault = Plan.Fault.allCases.filter(plan.has).randomElement(using: &generator)
    else { return }
    switch fault {
    case .loss, .delay, .duplication, .cuts: return
    case .partitions: agent.offlineUntil = step + generator.int(1...20)
    case .agentCrashes:
      if generator.oneIn(4) {
        // kill -9: the machine goes on.
        agent.restart(losingPower: false)
      } else {
        agent.disk.faults.crashAfter = generator.int(1...25)
      }
    case .serverCrashes:
      if !server.isUp {
        server.restart(losingPower: generator.oneIn(2))
      } else if generator.oneIn(4) {
        server.restart(losingPower: false)
      } else {
        server.disk.faults.crashAfter = generator.int(1...25)
      }
    case .fullDisks:
      let disk = generator.oneIn(2) ? agent.disk : server.disk
      disk.faults.isFull.toggle()
    case .inputOutputErrors:
      let disk = generator.oneIn(2) ? agent.disk : server.disk
      disk.faults.failsOneIn = disk.faults.failsOneIn == nil ? generator.int(2...20) : nil
    case .agentRot: destroying("a bit of \(agent.name) flips") { agent.rot().map { "\($0)" } }
    case .serverRot: destroying("a bit of the server flips") { server.rot().map { "\($0)" } }
    case .clockJumps:
      let node = generator.oneIn(3) ? server.clock : agent.clock
      node.offset = Int64(
        generator.pick([0, 400, -400, 200_000, -200_000, 90_000_000, -90_000_000, 30_000_000_000])
          + generator.int(0...997))
    case .serverRestores: restoreServer(newest: false)
    case .copies:
      guard agents.count < 8, !agent.disk.isDown else { return }
      // A server tells changes under one id apart by their times: no two devices have one to the millisecond.
      let ahead = Int64(generator.int(1...997))
      let copy = agent.copy(
        "\(agent.name)c\(agents.count)", NodeClock(clock, offset: agent.clock.offset + ahead))
      agents.append(copy)
      note("\(agent.name) is copied as \(copy.name)")
    case .agentRestores:
      guard !agent.disk.isDown, agent.olderCopy != nil, generator.oneIn(2) else {
        if !agent.disk.isDown { agent.keepCopy() }
        return
      }
      destroying("\(agent.name) goes back to an older copy") {
        agent.rollBack()
        return ""
      }
    case .revocations:
      guard agents.filter({ !$0.isRevoked }).count > 2, server.isUp, generator.oneIn(3) else { return }
      destroying("\(agent.agent) is revoked") { revoke(agent) }
    }
    count(fault.rawValue)
    note("\(fault) \(agent.name)")
  }

  private func revoke(_ agent: SimAgent) -> String? {
    do {
      try server.revoke(agent.agent)
    } catch {
      return nil
    }
    for device in agents where device.agent == agent.agent { device.isRevoked = true }
    return ""
  }

  func restoreServer(newest: Bool) {
    destroying("the server is restored") {
      server.restore(newest: newest)
      // The backup may be older than a revocation.
      for agent in agents where agent.isRevoked { try? server.revoke(agent.agent) }
      return "to position \((try? server.hosted()?.workspace.head.position).map { "\($0)" } ?? "?")"
    }
  }

  /// What an operator does who finds the server's files damaged.
  func mendServer() {
    guard generator.oneIn(2) else { return restoreServer(newest: true) }
    destroying("the server is repaired") {
      server.repair()
      return server.damage
    }
    if !server.isIntact || !server.knowsDevices { restoreServer(newest: true) }
  }

  /// Does what may destroy the last copy of an edit, and excuses what is then nowhere any more.
  ///
  /// What is nowhere before is a failure of the product.
  private func destroying(_ what: String, _ body: () -> String?) {
    checkNothingIsLost(before: what)
    guard let detail = body() else { return }
    count("losses")
    note("\(what) \(detail)")
    // What is left of an edit may be what a server that is down now wrote and did not acknowledge: power loss may take it.
    let held = held(losingPower: true)
    let lost = journal.wanted.filter { !held.contains($0) }
    if !lost.isEmpty { note("excused: \(lost.joined(separator: " "))") }
    journal.excuse(lost)
  }

  func checkNothingIsLost(before what: String) {
    let held = held()
    let lost = journal.wanted.filter { !held.contains($0) && !isOfRevoked($0) }
    if !lost.isEmpty {
      let edits = lost.map { "\($0) on \(journal.done[$0]?.change.on.description ?? "nothing")" }
      fail("lost before \(what): \(edits.joined(separator: ", "))")
    }
  }

  /// What a revoked device made and never sent is not owed to anybody.
  func excuseUnsentOfRevoked() {
    let held = held(losingPower: true)
    journal.excuse(journal.wanted.filter { !held.contains($0) && isOfRevoked($0) })
  }

  /// Whether the edit was made on a device that was revoked, which may not have sent it.
  private func isOfRevoked(_ token: String) -> Bool {
    agents.contains { $0.isRevoked && $0.agent == journal.done[token]?.agent }
  }

  /// The edits that are whole on the server or on a device that may sync.
  private func held(losingPower: Bool = false) -> Set<String> {
    var held = Survey.tokens(on: server.disk, losingPower: losingPower)
    for agent in agents where !agent.isRevoked {
      held.formUnion(Survey.tokens(on: agent.disk, losingPower: losingPower))
    }
    return held
  }
}
