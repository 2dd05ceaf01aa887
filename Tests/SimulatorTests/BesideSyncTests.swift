import Agent
import Codec
import Merge
import Storage
import TestSupport
import Testing

@testable import Simulator

/// What other processes do on a device while its sync waits for the server.
@Suite struct BesideSyncTests {
  /// A network on which somebody edits the same store during each request.
  ///
  /// Unchecked, because `Transport` asks for it: a simulated world is one thread.
  private final class Busy: Transport, @unchecked Sendable {
    private let desk: Desk
    private let agent: SimAgent
    private(set) var requests = 0

    init(_ desk: Desk, _ agent: SimAgent) {
      (self.desk, self.agent) = (desk, agent)
    }

    func exchange(_ call: Call) throws(TransportError) -> Reply {
      requests += 1
      // A sync that never ends is found out all the same.
      if requests > 100 { throw TransportError("too many requests", kind: .offline) }
      let (disk, environment) = (agent.disk, agent.environment)
      if let store = try? Store(disk: disk, root: agent.name, .writing, environment: environment) {
        _ = try? store.commit(
          Edit(.new(type: "ticket"), Draft(set: ["subject": "late \(requests)"])))
      }
      return try Direct(desk.server).exchange(call)
    }
  }

  /// A network on which the server carries out an erasure while a device copies one of its runs.
  ///
  /// Unchecked, because `Transport` asks for it: a simulated world is one thread.
  private final class Shrinking: Transport, @unchecked Sendable {
    private let desk: Desk
    private let erase: () throws -> Void
    private(set) var pieces = 0
    private(set) var refusals = 0

    init(_ desk: Desk, erase: @escaping () throws -> Void) {
      (self.desk, self.erase) = (desk, erase)
    }

    func exchange(_ call: Call) throws(TransportError) -> Reply {
      if call.path.contains("/runs/") {
        pieces += 1
        do {
          if pieces == 3 { try erase() }
        } catch {
          throw TransportError("\(error)")
        }
      }
      let reply = try Direct(desk.server).exchange(call)
      if reply.status == 416 { refusals += 1 }
      return reply
    }
  }

  @Test func aRunThatGetsShorterWhileItIsCopiedIsFetchedAnew() throws {
    var sizes = Sizes()
    sizes.serverRun = 10
    sizes.runPiece = 1000
    let desk = try Desk(sizes: sizes)
    let anna = try desk.agent("anna")
    var generator = SeededGenerator(seed: 1)
    var tickets: [EntityID] = []
    for _ in 1...40 {
      // Words that hardly get shorter by being compressed.
      let text = (0..<12).map { _ in String(generator.next(), radix: 36) }.joined()
      let store = try #require(anna.store)
      let made = try store.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": text])))
      tickets.append(try #require(made).on)
    }
    try desk.sync(anna)
    for _ in 0..<10 { desk.server.maintain() }
    let bo = try desk.agent("bo")
    let shrinking = Shrinking(desk) {
      for ticket in tickets.dropLast() { try desk.erase(ticket, by: anna) }
      try desk.sync(anna)
      try desk.server.settle()
    }
    _ = try SyncClient(try #require(bo.store), shrinking).sync()
    #expect(shrinking.refusals == 1, "\(shrinking.pieces)")
    try desk.settle()
    #expect(try bo.store?.digest() == anna.store?.digest())
  }

  @Test func aSyncEndsThoughEditsKeepComing() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    let bo = try desk.agent("bo")
    try desk.edit(anna, "before")
    let store = try #require(anna.store)
    let busy = Busy(desk, anna)
    let report = try SyncClient(store, busy).sync()
    #expect(report.sent > 1 && busy.requests > 2)
    #expect(store.unsent.count == 1)
    try desk.settle()
    #expect(try bo.store?.digest() == anna.store?.digest())
    #expect(anna.store?.unsent.isEmpty == true)
  }
}
