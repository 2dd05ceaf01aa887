import Agent
import Causality
import Codec
import Merge
import ServiceDesk
import Storage
import Synchronization
import TestSupport
import Testing

/// Two agents with stores of their own and a server between them, under one clock that a test moves.
final class TwoDesks {
  let server: MemoryServer
  let anna: Desk
  let bo: Desk
  /// Milliseconds since 1970.
  private let clock: Clock
  /// How far bo's clock runs ahead.
  private let ahead: Clock

  final class Clock: Sendable {
    let value: Mutex<UInt64>
    init(_ start: UInt64) { value = Mutex(start) }
    func tick() -> UInt64 {
      value.withLock { now in
        now += 7
        return now
      }
    }
    var now: UInt64 { value.withLock { $0 } }
    func advance(_ milliseconds: UInt64) { value.withLock { $0 += milliseconds } }
  }

  /// - Parameter agentRun: with how many changes in its log a store makes a run of them.
  init(agentRun: Int? = nil, seed: UInt64 = 1) throws {
    let clock = Clock(1_795_281_663_306)
    let ahead = Clock(0)
    self.clock = clock
    self.ahead = ahead
    server = MemoryServer(now: { clock.tick() })
    let generator = Mutex(SeededGenerator(seed: seed))
    let random: @Sendable () -> UInt64 = { generator.withLock { $0.next() } }
    var environment = Environment(now: server.environment.now, random: random)
    if let agentRun { environment.sizes.agentRun = agentRun }
    var skewed = Environment(now: { clock.tick() + ahead.now }, random: random)
    if let agentRun { skewed.sizes.agentRun = agentRun }
    anna = Desk(try Store.make(disk: MemoryDisk(), root: "anna", agent: "anna", environment: environment))
    bo = Desk(try Store.make(disk: MemoryDisk(), root: "bo", agent: "bo", environment: skewed))
    try server.join(anna.store)
    try server.join(bo.store)
  }

  func minutes(_ count: UInt64) { clock.advance(count * 60_000) }
  var now: UInt64 { clock.now }
  func skewBo(minutes count: UInt64) { ahead.advance(count * 60_000) }

  /// Everybody syncs until all have everything.
  func sync() throws {
    try server.sync(anna.store)
    try server.sync(bo.store)
    try server.sync(anna.store)
  }

  /// A customer and a ticket that both agents know.
  func ticket() throws -> (customer: EntityID, ticket: EntityID) {
    let customer = try anna.newCustomer(name: "Lars", emails: ["lars@example.org"]).on
    let ticket = try anna.newTicket(customer: customer, subject: "The tap leaks", channel: "phone").on
    try sync()
    return (customer, ticket)
  }

  /// The open conflicts, which both agents must see alike, however they are found.
  func open(sourceLocation: SourceLocation = #_sourceLocation) throws -> [Conflict] {
    let mine = try anna.conflicts(limit: .max).conflicts
    let theirs = try bo.conflicts(limit: .max).conflicts
    #expect(mine == theirs, sourceLocation: sourceLocation)
    // The same from all changes as from what was kept in step.
    let again = try Desk(anna.store).survey().filter { $0.state == .open }
    #expect(again == mine, sourceLocation: sourceLocation)
    #expect(try anna.openConflictCount() == mine.count, sourceLocation: sourceLocation)
    return mine
  }
}
