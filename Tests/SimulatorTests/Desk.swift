import Agent
import Causality
import Codec
import Merge
import Server
import Storage
import TestSupport

@testable import Simulator

/// A server and agents without faults, for stories that are told step by step.
final class Desk {
  let clock = VirtualClock()
  let server: SimServer
  private(set) var agents: [SimAgent] = []
  private var generator: SeededGenerator
  private let sizes: Sizes
  private var count = 0

  init(seed: UInt64 = 1, sizes: Sizes = Sizes()) throws {
    generator = SeededGenerator(seed: seed)
    self.sizes = sizes
    server = try SimServer(generator.split(), NodeClock(clock), sizes)
  }

  /// A new device that has joined the server.
  func agent(_ name: String, isSupervisor: Bool = true) throws -> SimAgent {
    let agent = SimAgent(name, agent: name, generator.split(), NodeClock(clock), sizes)
    try agent.make()
    try join(agent, isSupervisor: isSupervisor)
    agents.append(agent)
    return agent
  }

  func join(_ agent: SimAgent, isSupervisor: Bool = true) throws {
    guard let code = server.invite(agent.agent, isSupervisor: isSupervisor) else {
      throw StorageError.refused("no code")
    }
    try agent.join(Direct(server), code: code)
  }

  /// A device that is gone for good.
  func forget(_ agent: SimAgent) {
    agents.removeAll { $0 === agent }
  }

  /// Another device with a copy of an agent's store.
  func copy(_ agent: SimAgent, _ name: String) throws -> SimAgent {
    let copy = agent.copy(name, NodeClock(clock, offset: Int64(agents.count) + 1))
    try copy.open()
    agents.append(copy)
    return copy
  }

  /// Makes an edit that carries a token; on a new ticket unless one is given. Returns its change.
  @discardableResult
  func edit(_ agent: SimAgent, _ token: String, on entity: EntityID? = nil) throws -> Change {
    clock.advance(by: 1000)
    var draft = Draft(set: ["status": token])
    draft.extra = [("token", .init(token))]
    let change = try agent.store?.commit(Edit(entity.map { .entity($0) } ?? .new(type: "ticket"), draft))
    guard let change = change.flatMap(\.self) else { throw StorageError.refused("\(agent.name) is down") }
    return change
  }

  /// Makes an edit that erases an entity.
  func erase(_ entity: EntityID, by agent: SimAgent) throws {
    var draft = Draft()
    draft.erase = true
    try agent.store?.commit(Edit(.entity(entity), draft))
  }

  @discardableResult
  func sync(_ agent: SimAgent) throws -> SyncReport {
    clock.advance(by: 1000)
    guard let store = agent.store else { throw StorageError.refused("\(agent.name) is down") }
    return try SyncClient(store, Direct(server)).sync()
  }

  /// Syncs all twice, so that each has what the others sent.
  func settle() throws {
    for _ in 0..<2 { for agent in agents { try sync(agent) } }
  }

  /// The tokens that a store holds, each as often as it stands there.
  func tokens(_ agent: SimAgent) throws -> [String] {
    guard let store = agent.store else { return [] }
    var found: [String] = []
    try store.forEachState { (state) throws(StorageError) in
      for placed in try store.changes(of: state.id) { found += Token.all(in: placed.change.body) }
    }
    return found.sorted()
  }
}

/// A network on which nothing goes wrong.
///
/// Unchecked, because `Transport` asks for it: a simulated world is one thread.
struct Direct: Transport, @unchecked Sendable {
  private let server: SimServer

  init(_ server: SimServer) {
    self.server = server
  }

  func exchange(_ call: Call) throws(TransportError) -> Reply {
    guard let reply = server.exchange(call) else { throw TransportError("down", kind: .offline) }
    return reply
  }
}
