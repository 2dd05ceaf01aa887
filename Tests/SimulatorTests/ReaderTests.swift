import Agent
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Simulator

/// Readers take no lock: whatever a writer does between two of their calls, they see no older state than before.
@Suite struct ReaderTests {
  /// A disk on which somebody else does something before a path is listed or opened for the first time.
  private final class Interrupted: Disk {
    private let inner: MemoryDisk
    private let prefix: String
    private let isDone = Mutex(false)
    private let act: @Sendable () -> Void

    init(_ inner: MemoryDisk, before prefix: String, _ act: @escaping @Sendable () -> Void) {
      self.inner = inner
      self.prefix = prefix
      self.act = act
    }

    private func look(at path: String) {
      guard path.hasPrefix(prefix) else { return }
      let isFirst = isDone.withLock { done in
        defer { done = true }
        return !done
      }
      if isFirst { act() }
    }

    func list(_ folder: String) throws(DiskError) -> [String] {
      look(at: folder)
      return try inner.list(folder)
    }

    func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
      look(at: path)
      return try inner.open(path, mode)
    }

    func makeFolder(_ folder: String) throws(DiskError) { try inner.makeFolder(folder) }
    func rename(_ path: String, to target: String) throws(DiskError) { try inner.rename(path, to: target) }
    func remove(_ path: String) throws(DiskError) { try inner.remove(path) }
    func syncFolder(_ folder: String) throws(DiskError) { try inner.syncFolder(folder) }
    func lock(_ path: String) throws(DiskError) -> (any Sendable)? { try inner.lock(path) }
  }

  /// A simulated world is one thread.
  private struct Writer: @unchecked Sendable {
    let desk: Desk
    let agent: SimAgent
  }

  /// The runs are listed before a compaction, the log is after it; or the own changes are listed before and read after it.
  @Test(arguments: ["log", "own/"]) func aCompactionInBetweenIsSeen(path: String) throws {
    var sizes = Sizes()
    sizes.ownFile = 100
    let desk = try Desk(sizes: sizes)
    let anna = try desk.agent("anna")
    let bo = try desk.agent("bo")
    for number in 0..<3 { try desk.edit(bo, "bo's \(number)") }
    try desk.sync(bo)
    try desk.sync(anna)
    for number in 0..<3 { try desk.edit(anna, "anna's \(number)") }
    let writer = Writer(desk: desk, agent: anna)
    let disk = Interrupted(anna.disk, before: path) {
      _ = try? writer.desk.sync(writer.agent)
      _ = try? writer.agent.store?.compact(all: true)
    }
    let reader = try Store(disk: disk, root: "anna", .reading, environment: anna.environment)
    #expect(try anna.store?.digest() == reader.digest())
    #expect(anna.store?.unsent.isEmpty == true)
    #expect(!anna.disk.paths.contains { $0.hasPrefix("log/") }, "\(anna.disk.paths)")
  }
}
