import Agent
import TestSupport

/// One agent's way to the server: loses, delays, repeats and cuts messages, and lets the rest of the world go on
/// while a message is under way.
///
/// Unchecked, because `Transport` asks for it: a simulation is one thread, and its parts know each other.
final class Network: Transport, @unchecked Sendable {
  private unowned let simulation: Simulation
  private unowned let agent: SimAgent
  private var exchanges = 0

  /// A sync that needs more round trips than this does not end.
  static let limit = 10_000

  init(_ simulation: Simulation, _ agent: SimAgent) {
    self.simulation = simulation
    self.agent = agent
  }

  func exchange(_ call: Call) throws(TransportError) -> Reply {
    exchanges += 1
    if exchanges > Self.limit {
      simulation.fail("a sync of \(agent.name) does not end")
      throw TransportError("too many round trips")
    }
    simulation.note("\(agent.name): \(call.method) \(call.path) \(call.body.count) bytes")
    let reply = try deliver(call)
    simulation.note("\(agent.name): \(reply.status) \(reply.body.count) bytes")
    return reply
  }

  private func deliver(_ call: Call) throws(TransportError) -> Reply {
    guard simulation.isStormy else {
      guard let reply = simulation.server.exchange(call) else { throw TransportError("down", kind: .offline) }
      return reply
    }
    try wait()
    if agent.offlineUntil > simulation.step || !simulation.server.isUp {
      throw TransportError("unreachable", kind: .offline)
    }
    if simulation.happens(.loss) { throw TransportError("the request got lost") }
    if simulation.happens(.delay) {
      simulation.lateCalls.append(call)
      throw TransportError("no answer in time")
    }
    if simulation.happens(.duplication) { _ = simulation.server.exchange(call) }
    guard var reply = simulation.server.exchange(call) else { throw TransportError("the connection broke") }
    try wait()
    if simulation.happens(.loss) { throw TransportError("the answer got lost") }
    if simulation.happens(.cuts), !reply.body.isEmpty {
      // Only what is made of members may be handed on in part.
      guard reply.status == 200 || reply.status == 206, reply.fields["content-type"] == "application/gzip"
      else {
        throw TransportError("the answer was cut off")
      }
      reply.body.removeLast(simulation.generator.int(0...reply.body.count))
    }
    return reply
  }

  /// Others act, and this device may go down.
  private func wait() throws(TransportError) {
    simulation.goOn()
    simulation.workBeside(agent)
    if simulation.happens(.agentCrashes, among: simulation.plan.machineOdds * 3) {
      simulation.note("\(agent.name) crashes while it waits")
      agent.disk.goDown()
    }
    if agent.disk.isDown { throw TransportError("this device crashed") }
  }
}
