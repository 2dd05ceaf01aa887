import Agent
import HTTP
import Server

/// A server with the workspace `nord`, in memory and on a socket of this machine. Public, for tests that see no more of the
/// library than its users do.
public final class LoopbackServer: LocalServer {
  package let data: ServerData
  package let endpoints: Endpoints
  private let service: Service
  private let server: HTTPServer

  public init() throws {
    let memory = try MemoryServer(now: Environment.system.now)
    data = memory.data
    endpoints = memory.endpoints
    service = Service(memory.data) { _ in }
    server = try HTTPServer(.init(), handler: service)
    service.start()
  }

  /// `http://127.0.0.1:43210`
  public var address: String { "http://\(server.address)" }

  /// A one-time code for an agent.
  ///
  /// - Parameter role: `agent` or `supervisor`.
  public func code(for agent: String, role: String = "agent") throws -> String {
    try invite(agent, role: role)
  }

  /// Ends it, and the streams of those who wait for news.
  public func stop() {
    service.stop()
    server.stop(grace: .zero)
    server.waitUntilStopped()
  }
}
