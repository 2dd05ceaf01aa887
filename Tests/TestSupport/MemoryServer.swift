import Agent
import Server
import Storage
import Synchronization

/// A server without sockets and files.
package final class MemoryServer: LocalServer {
  package let data: ServerData
  package let endpoints: Endpoints
  package let environment: Environment
  private let workspace: String

  /// Whether nobody has sent anything yet.
  package var isEmpty: Bool { get throws { try data.hosted(workspace).workspace.log.last == 0 } }

  /// - Parameters:
  ///   - now: the clock; by default one that ticks with each look.
  ///   - workspace: the one that it has.
  ///   - disk: where that lies; nothing is on it yet.
  package init(
    now given: (@Sendable () -> UInt64)? = nil, workspace: String = "nord", disk: MemoryDisk = MemoryDisk(),
    sizes: Sizes = .standard
  ) throws {
    self.workspace = workspace
    let clock = Ticks()
    let now = given ?? { clock.next() }
    let disks = Mutex<[String: MemoryDisk]>([workspace: disk])
    environment = Environment(now: now, random: Environment.system.random)
    data = ServerData(
      root: MemoryDisk(), disk: { name in disks.withLock { $0[name] ?? MemoryDisk() } }, now: now,
      random: Environment.system.random, sizes: sizes)
    try data.create(workspace)
    endpoints = Endpoints(data)
  }
}

/// A clock that moves on by seven milliseconds with each look.
package final class Ticks: Sendable {
  private let value: Mutex<UInt64>

  /// - Parameter start: milliseconds since 1970.
  package init(from start: UInt64 = 1_795_281_663_306) { value = Mutex(start) }

  package func next() -> UInt64 {
    value.withLock {
      $0 += 7
      return $0
    }
  }

  package var now: UInt64 { value.withLock { $0 } }
  package func advance(_ milliseconds: UInt64) { value.withLock { $0 += milliseconds } }
}
