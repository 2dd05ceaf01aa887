import Agent
import Codec
import DeskSupport
import Merge
import Storage
import Synchronization
import TestSupport
import Testing

@testable import ServiceDesk

/// A disk that counts how often a file is read.
private struct ReadDisk: Disk {
  final class File: DiskFile {
    private let inner: any DiskFile
    private let counter: Counter

    init(_ inner: any DiskFile, _ counter: Counter) {
      self.inner = inner
      self.counter = counter
    }

    var descriptor: Int32? { inner.descriptor }
    func size() throws(DiskError) -> Int { try inner.size() }
    func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
      counter.reads.add(1, ordering: .relaxed)
      return try inner.read(at: offset, count: count)
    }
    func append(_ bytes: Span<UInt8>) throws(DiskError) { try inner.append(bytes) }
    func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) { try inner.write(bytes, at: offset) }
    func truncate(to size: Int) throws(DiskError) { try inner.truncate(to: size) }
    func sync() throws(DiskError) { try inner.sync() }
  }

  final class Counter: Sendable { let reads = Atomic(0) }

  let inner: any Disk
  let counter = Counter()
  var reads: Int { counter.reads.load(ordering: .relaxed) }

  func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
    File(try inner.open(path, mode), counter)
  }
  func list(_ folder: String) throws(DiskError) -> [String] { try inner.list(folder) }
  func makeFolder(_ folder: String) throws(DiskError) { try inner.makeFolder(folder) }
  func rename(_ path: String, to target: String) throws(DiskError) { try inner.rename(path, to: target) }
  func remove(_ path: String) throws(DiskError) { try inner.remove(path) }
  func syncFolder(_ folder: String) throws(DiskError) { try inner.syncFolder(folder) }
  /// The store that made the files is open still, and does nothing any more.
  func lock(_ path: String) throws(DiskError) -> (any Sendable)? { counter }
}

@Suite("What settling costs")
struct SettlingCostTests {
  /// How many reads it takes to settle a conflict among customers who all granted or withdrew a consent: so many that a list of them
  /// is not in what is read anyway.
  private func reads(_ state: String) throws -> Int {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.store.commit(
      (0..<3000).map { number in
        var draft = Draft(set: ["name": "Customer"])
        draft.set["consent.contact"] = JSONText(object: [("state", JSONText(state)), ("n", JSONText(number))])
        return Edit(.new(type: Vocabulary.customer), draft)
      })
    try desks.sync()
    try desks.anna.set(ticket, ["status": "solved"])
    try desks.bo.set(ticket, ["status": "pending"])
    try desks.sync()
    try desks.anna.store.compact(all: true)
    let conflict = try #require(try desks.anna.conflicts().conflicts.first)
    let disk = ReadDisk(inner: desks.anna.store.disk)
    let store = try Store(
      disk: disk, root: "anna", .writing, environment: desks.anna.store.environment)
    let desk = Desk(store)
    let before = disk.reads
    try desk.settle(conflict, .take(0))
    return disk.reads - before
  }

  @Test("Nothing is read of all the customers who withdrew a consent")
  func withdrawals() throws {
    let (granted, withdrawn) = (try reads("granted"), try reads("withdrawn"))
    #expect(withdrawn == granted)
  }
}
