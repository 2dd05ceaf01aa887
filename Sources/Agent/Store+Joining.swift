import Causality
import Merge
import Storage

/// What a server gives a device that joins.
public struct Enrolment: Sendable, Hashable {
  /// The name of the workspace that the code was of.
  public let workspace: String
  /// Who the device's agent is to the server.
  public let agent: String
  /// `agent` or `supervisor`.
  public let role: String
  package let token: String
}

/// Joining a server's workspace with a one-time code.
///
/// What a store holds of a workspace is of that workspace's customers: it goes to no other one. Only the answer to the code says
/// of which workspace it is, so it is used up by then.
extension Store {
  /// Trades a one-time code for a token and binds the store to the workspace that the code is of. Nothing is fetched yet: sync
  /// next.
  ///
  /// ```swift
  /// let store = try Store.make(at: "nord", agent: "anna")
  /// let transport = try URLTransport("https://desk.example.org")
  /// try store.join(transport, server: "https://desk.example.org", code: code)
  /// let report = try SyncClient(store, transport).sync()
  /// ```
  ///
  /// Cost: one round trip; another one where the store is of a server at another address, or where its settings were lost.
  /// - Parameters:
  ///   - transport: leads to the server.
  ///   - server: the server's address, which the store keeps as `configuration.server`.
  ///   - code: what the operator made with `askonce admin invite`. It is used up also where the store then refuses the
  ///     workspace.
  ///   - agent: who the agent is, where the code does not say so.
  ///   - isRestored: whether somebody says that the server was set up anew, so that it shares nothing with this store and is to be
  ///     given what this store holds.
  /// - Throws: `SyncError`, `.otherHistory` and `.storage(.otherWorkspace)` among them; then the store is as it was. For a store
  ///   that was opened for reading `.storage(.readOnly)`, and where another process syncs this store `.storage(.locked)`; then
  ///   the code can still be used.
  @discardableResult
  public func join(
    _ transport: any Transport, server: String, code: String, agent: String? = nil, isRestored: Bool = false
  ) throws(SyncError) -> Enrolment {
    let lock: any Sendable
    do throws(StorageError) {
      try requireWriting()
      // Before the code is used up: a sync that waits for its server would go on with the old one.
      lock = try takeSyncLock()
      try settleDoubt()
    } catch {
      throw .storage(error)
    }
    defer { withExtendedLifetime(lock) {} }
    let enrolment = try ServerLink.join(transport, code: code, replica: replica, agent: agent)
    let isAsked: Bool
    do throws(StorageError) {
      try check(workspace: enrolment.workspace)
      isAsked = isRestored ? false : try isInQuestion(server)
    } catch {
      throw .storage(error)
    }
    if isAsked {
      let link = ServerLink(transport, workspace: enrolment.workspace, token: enrolment.token)
      guard try isShared(with: link) else { throw .otherHistory(server) }
    }
    do throws(StorageError) {
      try bind(
        server: server, workspace: enrolment.workspace, agent: enrolment.agent, role: enrolment.role,
        token: enrolment.token)
    } catch {
      throw .storage(error)
    }
    return enrolment
  }

  /// Refuses another workspace than the one that this store is of.
  func check(workspace: String) throws(StorageError) {
    guard let own = configuration.workspace, own != workspace else { return }
    throw .otherWorkspace(own, asked: workspace)
  }

  /// Whether what the mirror holds, or what was set aside, may be of another server's workspace: the name alone does not tell, and
  /// settings that were made anew do not even say the name.
  private func isInQuestion(_ server: String) throws(StorageError) -> Bool {
    let hasAside = try seenLimit() != nil
    guard position > 0 || hasAside else { return false }
    if let known = configuration.server { return known != server }
    // What a store that never had a server gave places itself is its own.
    return hasAside || knownReplicas != [replica]
  }

  /// Whether the server's log begins as the mirror does. Histories that differ at a position differ behind it, so the first place
  /// at which this store knows a sum tells. An empty mirror shares nothing.
  private func isShared(with link: ServerLink) throws(SyncError) -> Bool {
    guard let first = checkpoints.first(where: { $0.position > 0 }) else { return false }
    return try link.sum(at: first.position) == first.sum
  }
}
