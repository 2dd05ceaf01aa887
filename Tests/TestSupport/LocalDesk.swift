import Agent
import Causality
import Codec
import Foundation
import Merge
import Server
import Storage
import Synchronization

/// A server without sockets and agents with stores in a temporary folder, under one clock.
package final class LocalDesk: Sendable {
  package let folder: String
  package let data: ServerData
  package let endpoints: Endpoints
  package let clock = Mutex<UInt64>(1_795_281_663_306)

  package init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("askonce-\(UUID())").path
    let box = clockBox
    data = ServerData(folder: folder + "/server", now: { box.now() }, random: { Environment.system.random() })
    try data.create("nord")
    endpoints = Endpoints(data)
  }

  private let clockBox = ClockBox()

  package final class ClockBox: Sendable {
    package let value = Mutex<UInt64>(1_795_281_663_306)
    package func now() -> UInt64 {
      value.withLock {
        $0 += 7; return $0
      }
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  package var transport: LocalTransport { LocalTransport(endpoints) }

  package var environment: Environment {
    let box = clockBox
    return Environment(now: { box.now() }, random: Environment.system.random)
  }

  /// - Parameter seed: of the store's randomness; nil for the system's.
  package func store(_ name: String, seed: UInt64? = nil) throws -> Store {
    var environment = environment
    if let seed {
      let generator = SharedGenerator(SeededGenerator(seed: seed))
      environment.random = { generator.value.withLock { $0.next() } }
    }
    return try Store.make(at: "\(folder)/\(name)", agent: name, environment: environment)
  }

  private final class SharedGenerator: Sendable {
    let value: Mutex<SeededGenerator>
    init(_ generator: SeededGenerator) { value = Mutex(generator) }
  }

  package func join(_ store: Store, role: String = "agent") throws {
    let agent = store.configuration.agent
    let code = try data.devices("nord").invite(agent: agent, role: role, expires: .max)
    let enrolment = try ServerLink.join(transport, code: code, replica: store.replica, agent: agent)
    try store.bind(
      server: "http://local", workspace: enrolment.workspace, agent: enrolment.agent, role: enrolment.role,
      token: enrolment.token)
  }

  @discardableResult
  package func sync(_ store: Store) throws -> SyncReport {
    try SyncClient(store, transport).sync()
  }
}

/// Hands calls to the server's endpoints, as HTTP would.
package struct LocalTransport: Transport {
  package let endpoints: Endpoints

  package init(_ endpoints: Endpoints) {
    self.endpoints = endpoints
  }

  package func exchange(_ call: Call) throws(TransportError) -> Reply {
    let parts = call.path.split(separator: "?", maxSplits: 1)
    var parameters: [String: String] = [:]
    for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let sides = pair.split(separator: "=", maxSplits: 1)
      parameters[String(sides[0])] = sides.count > 1 ? String(sides[1]) : ""
    }
    let range = call.range.map { (first: $0.start, last: Optional($0.start + $0.count - 1)) }
    let response = endpoints.answer(
      ServerRequest(
        method: call.method, path: parts[0].split(separator: "/").map(String.init), parameters: parameters,
        token: call.token, body: call.body, range: range))
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
