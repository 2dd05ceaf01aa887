import Agent
import ServiceDesk
import Storage
import TestSupport

/// Two agents with stores of their own and a server between them, under one clock that a test moves: each works offline until
/// both sync.
package final class TwoDesks {
  package let server: MemoryServer
  package let anna: Desk
  package let bo: Desk
  private let clock: Ticks
  /// How far bo's clock runs ahead.
  private let ahead: Ticks

  /// - Parameter agentRun: with how many changes in its log a store makes a run of them.
  package init(agentRun: Int? = nil, seed: UInt64 = 1) throws {
    let clock = Ticks()
    let ahead = Ticks(from: 0)
    self.clock = clock
    self.ahead = ahead
    server = try MemoryServer(now: { clock.next() })
    let random = SharedGenerator(SeededGenerator(seed: seed)).next
    var environment = Environment(now: server.environment.now, random: random)
    if let agentRun { environment.sizes.agentRun = agentRun }
    var skewed = Environment(now: { clock.next() + ahead.now }, random: random)
    if let agentRun { skewed.sizes.agentRun = agentRun }
    anna = Desk(try Store.make(disk: MemoryDisk(), root: "anna", agent: "anna", environment: environment))
    bo = Desk(try Store.make(disk: MemoryDisk(), root: "bo", agent: "bo", environment: skewed))
    // Supervisors, so that a test can erase.
    try server.join(anna.store, role: "supervisor")
    try server.join(bo.store, role: "supervisor")
  }

  package func minutes(_ count: UInt64) { clock.advance(count * 60_000) }
  /// Milliseconds since 1970.
  package var now: UInt64 { clock.now }
  package func skewBo(minutes count: UInt64) { ahead.advance(count * 60_000) }

  /// Both send and receive until both have everything.
  package func sync() throws {
    for desk in [anna, bo, anna] { try server.sync(desk.store) }
  }

  /// Whether both hold the same.
  package func agree() throws -> Bool { try anna.store.digest() == bo.store.digest() }
}
