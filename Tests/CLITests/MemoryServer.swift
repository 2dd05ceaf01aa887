import Agent
import Causality
import Server
import Storage
import Synchronization
import TestSupport
import Testing

/// A server without sockets and files.
final class MemoryServer {
  private let data: ServerData
  let environment: Environment

  /// - Parameter now: the clock; by default one that ticks with each look.
  init(now given: (@Sendable () -> UInt64)? = nil) {
    let clock = Mutex<UInt64>(1_795_281_663_306)
    let now: @Sendable () -> UInt64 =
      given ?? {
        clock.withLock {
          $0 += 7
          return $0
        }
      }
    let disks = Mutex<[String: MemoryDisk]>([:])
    environment = Environment(now: now, random: Environment.system.random)
    data = ServerData(
      root: MemoryDisk(), disk: { name in disks.withLock { $0[name] ?? MemoryDisk() } }, now: now,
      random: Environment.system.random)
    disks.withLock { $0["nord"] = MemoryDisk() }
    #expect(throws: Never.self) { try self.data.create("nord") }
  }

  var transport: MemoryTransport { MemoryTransport(Endpoints(data)) }

  func invite(_ agent: String, role: String = "agent") throws -> String {
    try data.devices("nord").invite(agent: agent, role: role, expires: .max)
  }

  /// What a server does behind.
  func maintain() throws {
    let workspace = try data.hosted("nord").workspace
    while try workspace.maintain() {}
  }

  func join(_ store: Store) throws {
    let agent = store.configuration.agent
    let code = try invite(agent)
    let enrolment = try ServerLink.join(transport, code: code, replica: store.replica, agent: agent)
    try store.bind(
      server: "http://local", workspace: "nord", agent: agent, role: enrolment.role, token: enrolment.token)
  }

  func sync(_ store: Store) throws {
    _ = try SyncClient(store, transport).sync()
  }

  /// Fetches without sending.
  func pull(_ store: Store) throws {
    _ = try? SyncClient(store, MemoryTransport(Endpoints(data), pulls: 12)).sync()
  }
}

/// Hands calls to the server's endpoints.
struct MemoryTransport: Transport {
  private let endpoints: Endpoints
  /// How many more calls go through, without what they push; nil for all, with what they push.
  private let pulls: Pulls?

  private final class Pulls: Sendable {
    let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }
  }

  init(_ endpoints: Endpoints, pulls: Int? = nil) {
    self.endpoints = endpoints
    self.pulls = pulls.map { Pulls($0) }
  }

  func exchange(_ call: Call) throws(TransportError) -> Reply {
    let left = pulls?.left.withLock { left in
      left -= 1
      return left
    }
    if let left, left < 0 { throw TransportError("enough") }
    let parts = call.path.split(separator: "?", maxSplits: 1)
    var parameters: [String: String] = [:]
    for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let sides = pair.split(separator: "=", maxSplits: 1)
      parameters[String(sides[0])] = sides.count > 1 ? String(sides[1]) : ""
    }
    let response = endpoints.answer(
      ServerRequest(
        method: call.method, path: parts[0].split(separator: "/").map(String.init), parameters: parameters,
        token: call.token, body: pulls == nil ? call.body : [],
        range: call.range.map { ($0.start, $0.start + $0.count - 1) }))
    var fields: [String: String] = [:]
    for field in response.fields { fields[field.name.lowercased()] = field.value }
    var body: [UInt8] = []
    switch response.body {
    case .bytes(let bytes): body = bytes
    case .extents(let extents):
      for extent in extents { body += (try? extent.file.read(at: extent.offset, count: extent.length)) ?? [] }
    case .live: break
    }
    return Reply(status: response.status, fields: fields, body: body)
  }
}
