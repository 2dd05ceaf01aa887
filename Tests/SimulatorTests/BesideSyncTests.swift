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
