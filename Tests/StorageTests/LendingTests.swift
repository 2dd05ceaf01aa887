import Codec
import Merge
import Storage
import TestSupport
import Testing

@testable import Agent

@Suite("A store whose lock is lent")
struct LendingTests {
  private let disk = MemoryDisk()
  private let environment = NodeClock(VirtualClock()).environment(SeededGenerator(seed: 3))

  private func open() throws -> Store {
    try Store(disk: disk, root: "", .writing, environment: environment)
  }

  private func edit(_ store: Store, _ name: String) throws {
    try store.commit(Edit(.new(type: "customer"), Draft(set: ["name": name])))
  }

  private func names() throws -> [String] {
    var names: [String] = []
    try Store(disk: disk, root: "", .reading, environment: environment).forEachState {
      (state) throws(StorageError) in
      names.append(state.registers["name"]?.heads.first?.value.plain ?? "")
    }
    return names.sorted()
  }

  @Test("Others write meanwhile, and what both wrote is there")
  func others() throws {
    let store = try Store.make(disk: disk, root: "", agent: "anna", environment: environment)
    try edit(store, "a")
    #expect(throws: StorageError.self) { try open() }
    try store.lending {
      if let other = try? open() { try? edit(other, "b") }
    }.get()
    try edit(store, "c")
    #expect(try names() == ["a", "b", "c"])
    #expect(store.lastOwnSequence == 3)
    #expect(throws: StorageError.self) { try open() }
    // Where nobody came, nothing is read.
    store.lend().map { mark in try? store.takeBack(mark) }
    try edit(store, "d")
    #expect(try names() == ["a", "b", "c", "d"])
  }

  @Test("Of two that lent it, the second sees that the first one had it back")
  func twoLenders() throws {
    _ = try Store.make(disk: disk, root: "", agent: "anna", environment: environment)
    let walk: Store = try open()
    let first = try #require(walk.lend())
    let gateway: Store = try open()
    try edit(gateway, "sending")
    let second = try #require(gateway.lend())
    try walk.takeBack(first)
    try edit(walk, "settled")
    walk.lock = nil
    try gateway.takeBack(second)
    try edit(gateway, "sent")
    #expect(try names() == ["sending", "sent", "settled"])
    #expect(gateway.lastOwnSequence == 3)
  }

  @Test("A store that cannot have its lock again writes nothing before it has it")
  func lost() throws {
    let store = try Store.make(disk: disk, root: "", agent: "anna", environment: environment)
    try edit(store, "a")
    let mark = try #require(store.lend())
    disk.faults.failsOneIn = 1
    #expect(throws: StorageError.self) { try store.takeBack(mark) }
    disk.faults.failsOneIn = nil
    let other: Store = try open()
    #expect(throws: StorageError.self) { try edit(store, "b") }
    try edit(other, "c")
    other.lock = nil
    try edit(store, "d")
    #expect(try names() == ["a", "c", "d"])
  }

  /// A disk on which a process that waits for a lock gets it when something else is done with it.
  private struct Waiting: Disk {
    let inner: MemoryDisk
    let meanwhile: @Sendable () -> Void

    func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
      try inner.open(path, mode)
    }
    func list(_ folder: String) throws(DiskError) -> [String] { try inner.list(folder) }
    func makeFolder(_ folder: String) throws(DiskError) { try inner.makeFolder(folder) }
    func rename(_ path: String, to target: String) throws(DiskError) { try inner.rename(path, to: target) }
    func remove(_ path: String) throws(DiskError) { try inner.remove(path) }
    func syncFolder(_ folder: String) throws(DiskError) { try inner.syncFolder(folder) }
    func lock(_ path: String) throws(DiskError) -> (any Sendable)? {
      meanwhile()
      return try inner.lock(path)
    }
  }

  @Test(
    "Whoever waits for the lock goes by what the store is when it gets it: a copy's edits go to its new folder"
  )
  func forkMeanwhile() throws {
    let store = try Store.make(disk: disk, root: "", agent: "anna", environment: environment)
    try edit(store, "a")
    store.lock = nil
    let (disk, environment) = (disk, environment)
    // The first look at the lock is the late store's own.
    let late = try Store(
      disk: Waiting(inner: disk) {
        guard let store = try? Store(disk: disk, root: "", .writing, environment: environment),
          store.configuration.ownFolder == nil
        else { return }
        _ = try? store.adopt(store.fork(sent: Store.Sent(store.replica)), token: "token")
        store.lock = nil
      }, root: "", .writing, environment: environment)
    try edit(late, "b")
    #expect(late.configuration.ownFolder != nil)
    #expect(try names() == ["a", "b"])
  }

  @Test("While the lock is lent nothing is written")
  func lent() throws {
    let store = try Store.make(disk: disk, root: "", agent: "anna", environment: environment)
    try edit(store, "a")
    let mark = try #require(store.lend())
    #expect(throws: StorageError.locked("")) { try edit(store, "b") }
    try store.takeBack(mark)
    try edit(store, "c")
    #expect(try names() == ["a", "c"])
  }

  /// Counts what a store tells those who derive something from its files.
  private final class Follower: StoreFollower {
    var erasures = 0

    func storeWillCompact() {}
    func storeWillMerge() {}
    func storeDidCompact(hasNewRuns: Bool) {}
    func thinning() throws(StorageError) -> Thinning? { nil }
    func storeWillErase() {}
    func storeDidErase() { erasures += 1 }
  }

  @Test("Somebody who keeps the store open does not stop this for ever, and what both wrote is there")
  func kept() throws {
    var environment = environment
    environment.lockTries = 3
    let store = try Store.make(disk: disk, root: "", agent: "anna", environment: environment)
    let follower = Follower()
    store.addFollower(follower)
    try edit(store, "a")
    let erased = try #require(store.unsent.first).on
    var other: Store?
    #expect(throws: StorageError.locked("")) {
      try store.lending { other = try? open() }.get()
    }
    #expect(throws: StorageError.locked("")) { try edit(store, "b") }
    #expect(throws: StorageError.locked("")) { try store.compact() }
    let kept = try #require(other)
    try edit(kept, "c")
    var erasure = Draft()
    erasure.erase = true
    try kept.commit(Edit(.entity(erased), erasure))
    #expect(try kept.eraseLocally())
    // Freed: the next edit takes the lock, and knows what was written.
    other = nil
    kept.lock = nil
    #expect(follower.erasures == 0)
    try edit(store, "d")
    #expect(follower.erasures == 1)
    #expect(store.lastOwnSequence == 4)
    #expect(store.isErased(erased))
    #expect(try names() == ["", "c", "d"])
    #expect(throws: StorageError.locked("")) { try open() }
  }
}
