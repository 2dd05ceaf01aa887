import Agent
import Foundation
import Server

/// A server without sockets and agents with stores in a temporary folder, under one clock.
package final class LocalDesk: LocalServer, Sendable {
  package let folder: String
  package let data: ServerData
  package let endpoints: Endpoints
  private let clock = Ticks()

  package init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("askonce-\(UUID())").path
    let clock = clock
    data = ServerData(
      folder: folder + "/server", now: { clock.next() }, random: { Environment.system.random() })
    try data.create("nord")
    endpoints = Endpoints(data)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  package var environment: Environment {
    let clock = clock
    return Environment(now: { clock.next() }, random: Environment.system.random)
  }

  /// - Parameter seed: of the store's randomness; nil for the system's.
  package func store(_ name: String, seed: UInt64? = nil) throws -> Store {
    var environment = environment
    if let seed { environment.random = SharedGenerator(SeededGenerator(seed: seed)).next }
    return try Store.make(at: "\(folder)/\(name)", agent: name, environment: environment)
  }
}
