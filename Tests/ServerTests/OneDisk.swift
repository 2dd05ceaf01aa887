import Agent
import Causality
import Codec
import Storage
import SyncProtocol
import Synchronization
import TestSupport

@testable import Server

/// Server data whose workspace `nord` lies on a disk that a test has in its hands.
enum OneDisk {
  static func data(
    _ disk: any Disk, sizes: Sizes = .standard, now: (@Sendable () -> UInt64)? = nil
  ) throws -> ServerData {
    let clock = Ticks()
    let data = ServerData(
      root: MemoryDisk(), disk: { _ in disk }, now: now ?? { clock.next() },
      random: Environment.system.random,
      sizes: sizes)
    if try disk.readAll(ServerData.settingsPath) == nil { try data.create("nord") }
    return data
  }
}

extension Workspace {
  /// Takes a push of replica `0000000007`: for each change its entity, as in a block, and its body without braces.
  func push(_ changes: [(on: String, body: String)]) throws {
    let replica = ReplicaID(bits: 7)
    let first = lastSequence(of: replica) + 1
    let text = changes.enumerated().map { index, change in
      "{\"seq\":\(first + UInt64(index)),\"times\":[1],\"on\":[\"\(change.on)\"]}\n{\(change.body)}\n"
    }
    let request = SyncRequest(
      after: .start, own: first + UInt64(changes.count) - 1,
      body: Deflater().compress(Array(text.joined().utf8)))
    let sender = Workspace.Sender(replica: replica, agent: "anna", isSupervisor: true)
    _ = try process([try Push(sender, request)])[0].get()
  }
}

/// What a server told its operator.
final class Told: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Waits for nobody: actions run when the test says so.
final class Later: Sendable {
  private let waiting = Mutex<[(seconds: Double, action: @Sendable () -> Void)]>([])

  func add(_ seconds: Double, _ action: @escaping @Sendable () -> Void) {
    waiting.withLock { $0.append((seconds, action)) }
  }

  /// Lets the time of all that waits come. Returns how long that was.
  func fire() -> [Double] {
    let due = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for one in due { one.action() }
    return due.map(\.seconds)
  }
}
