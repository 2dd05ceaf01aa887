import Agent
import Server

/// A server with the workspace `nord` and without sockets.
package protocol LocalServer {
  var data: ServerData { get }
  var endpoints: Endpoints { get }
}

extension LocalServer {
  package var transport: LocalTransport { LocalTransport(endpoints) }

  /// A one-time code for an agent.
  package func invite(_ agent: String, role: String = "agent") throws -> String {
    try data.devices("nord").invite(agent: agent, role: role, expires: .max)
  }

  /// Enrols a store's agent and binds the store to the workspace.
  package func join(_ store: Store, role: String = "agent") throws {
    let agent = store.configuration.agent
    let enrolment = try ServerLink.join(
      transport, code: try invite(agent, role: role), replica: store.replica, agent: agent)
    try store.bind(
      server: "http://local", workspace: enrolment.workspace, agent: enrolment.agent, role: enrolment.role,
      token: enrolment.token)
  }

  @discardableResult
  package func sync(_ store: Store) throws -> SyncReport {
    try SyncClient(store, transport).sync()
  }

  /// What a server does behind.
  package func maintain() throws {
    let workspace = try data.hosted("nord").workspace
    while try workspace.maintain() {}
  }

  /// Fetches without sending.
  package func pull(_ store: Store) throws {
    _ = try? SyncClient(store, LocalTransport(endpoints, pulls: 12)).sync()
  }
}
