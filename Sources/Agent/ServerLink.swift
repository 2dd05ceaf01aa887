import Causality
import Codec
import Storage
import SyncProtocol

/// A workspace on a server, as an agent calls it. Counts what goes over the wire.
package final class ServerLink {
  let transport: any Transport
  /// The device's secret; another one once the device goes on under another replica id.
  package var token: String?
  let base: String
  /// The store that lends its lock while an answer is waited for; nil where none is open.
  private let store: Store?
  /// Requests that were answered.
  package private(set) var roundTrips = 0
  /// Bytes of bodies.
  package private(set) var bytesSent = 0
  package private(set) var bytesReceived = 0

  /// Counts from nothing, for a sync of its own.
  func resetCounts() {
    roundTrips = 0
    bytesSent = 0
    bytesReceived = 0
  }

  package init(_ transport: any Transport, workspace: String, token: String?, lending store: Store? = nil) {
    self.transport = transport
    self.store = store
    self.token = token
    base = "/v1/workspaces/\(workspace)"
  }

  /// - Parameter isLending: false where what is asked depends on the store as it is.
  private func exchange(_ call: Call, isLending: Bool = true) throws(SyncError) -> Reply {
    let answer = try answer(call, from: isLending ? store : nil)
    let reply: Reply
    do throws(TransportError) {
      reply = try answer.get()
    } catch {
      throw SyncError(error)
    }
    roundTrips += 1
    bytesSent += call.body.count
    bytesReceived += reply.body.count
    return reply
  }

  private func answer(_ call: Call, from store: Store?) throws(SyncError) -> Result<Reply, TransportError> {
    let send = { () throws(TransportError) in try self.transport.exchange(call) }
    guard let store else { return Result(catching: send) }
    do throws(StorageError) {
      return try store.lending(send)
    } catch {
      throw .storage(error)
    }
  }

  /// The answer to a request whose refusal ends the sync.
  private func require(_ call: Call, isLending: Bool = true) throws(SyncError) -> Reply {
    let reply = try exchange(call, isLending: isLending)
    guard 200..<300 ~= reply.status else { throw SyncError(reply) }
    return reply
  }

  /// Sends a sync request. A refusal that the agent can do something about is returned.
  package func sync(_ request: SyncRequest) throws(SyncError) -> Result<SyncAnswer<[UInt8]>, Refusal> {
    let call = Call("POST", "\(base)/sync?\(SyncWire.query(request))", token: token, body: request.body)
    let reply = try exchange(call)
    if 300..<400 ~= reply.status { throw SyncError(reply) }
    guard 200..<300 ~= reply.status else {
      let refusal = Refusal(status: reply.status, body: reply.body)
      switch refusal.code {
      case .diverged, .forked, .gap, .tooLarge, .notSupervisor: return .failure(refusal)
      default: throw SyncError(reply)
      }
    }
    guard let head = reply.fields[SyncWire.headField.lowercased()].flatMap(SyncWire.head) else {
      throw .mismatch("the answer has no \(SyncWire.headField) field: is this an AskOnce server?")
    }
    let acknowledgement = reply.fields[SyncWire.acknowledgementField.lowercased()].flatMap(
      SyncWire.acknowledgement)
    return .success(SyncAnswer(head: head, acknowledgement: acknowledgement, body: reply.body))
  }

  /// The chain's sum where a block ends at the server; nil where none ends there.
  package func sum(at position: UInt64) throws(SyncError) -> UInt32? {
    let reply = try exchange(Call("GET", "\(base)/sum?at=\(position)", token: token))
    if reply.status == 404,
      (try? JSONText(parsing: reply.body))?["error"]?.string == Refusal.Code.gap.rawValue
    {
      return nil
    }
    guard 200..<300 ~= reply.status else { throw SyncError(reply) }
    return (try? JSONText(parsing: reply.body))?["sum"]?.string.flatMap(Checksum.parse)
  }

  /// The server's runs, oldest first, with their sizes in bytes.
  package func runs() throws(SyncError) -> [(name: RunName, size: Int)] {
    let reply = try require(Call("GET", "\(base)/runs", token: token))
    guard let list = (try? JSONText(parsing: reply.body))?["runs"]?.elements else {
      throw .mismatch("the server's list of runs cannot be read")
    }
    return list.compactMap { entry in
      guard let name = entry["name"]?.string.flatMap({ RunName($0) }), let size = entry["bytes"]?.int else {
        return nil
      }
      return (name, size)
    }
  }

  /// What was erased, and how far the server and each device are with it, as the server's JSON.
  package func erasures() throws(SyncError) -> JSONText {
    let reply = try require(Call("GET", "\(base)/erasures", token: token))
    guard let value = try? JSONText(parsing: reply.body), value["erasures"]?.elements != nil else {
      throw .mismatch("the server's list of erasures cannot be read")
    }
    return value
  }

  /// A piece of a run, as it lies on the server; nil where the run ends in front of it, because the server wrote it anew
  /// without what was erased.
  package func run(_ name: RunName, from start: Int, count: Int) throws(SyncError) -> [UInt8]? {
    let reply = try exchange(Call("GET", "\(base)/runs/\(name)", token: token, range: (start, count)))
    if reply.status == 416 { return nil }
    guard 200..<300 ~= reply.status else { throw SyncError(reply) }
    return reply.body
  }

  /// Tells the server that this device goes on under another replica id; returns the new token. An edit that was made meanwhile
  /// would be under the old one, so none is.
  package func fork(to replica: ReplicaID) throws(SyncError) -> String {
    let body = JSONText(object: [("replica", JSONText(replica.description))]).text
    let reply = try require(
      Call("POST", "\(base)/fork", token: token, body: Array(body.utf8)), isLending: false)
    guard let token = (try? JSONText(parsing: reply.body))?["token"]?.string else {
      throw .mismatch("the server's answer has no token")
    }
    return token
  }

  /// Trades a one-time code for a token.
  package static func join(
    _ transport: any Transport, code: String, replica: ReplicaID, agent: String?
  ) throws(SyncError) -> Enrolment {
    var members = [("code", JSONText(code)), ("replica", JSONText(replica.description))]
    if let agent { members.append(("agent", JSONText(agent))) }
    let link = ServerLink(transport, workspace: "", token: nil)
    let body = Array(JSONText(object: members).text.utf8)
    let reply = try link.require(Call("POST", "/v1/join", body: body))
    let value = try? JSONText(parsing: reply.body)
    guard let workspace = value?["workspace"]?.string, let agent = value?["agent"]?.string,
      let role = value?["role"]?.string, let token = value?["token"]?.string
    else { throw .mismatch("the server's answer to the code cannot be read") }
    return Enrolment(workspace: workspace, agent: agent, role: role, token: token)
  }
}
