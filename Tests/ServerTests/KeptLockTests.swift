import Codec
import Merge
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// A sync beside a program that opens the store for writing and keeps it open.
@Suite struct KeptLockTests {
  private let desk: LocalDesk

  init() throws { desk = try LocalDesk() }

  /// Lets calls through, each behind something that is done first.
  private struct Meanwhile: Transport {
    let inner: LocalTransport
    let act: @Sendable () -> Void

    func exchange(_ call: Call) throws(TransportError) -> Reply {
      act()
      return try inner.exchange(call)
    }
  }

  /// A program that has the store open; nil while none has.
  private final class Holder: Sendable {
    let store = Mutex<Store?>(nil)

    func open(_ root: String) {
      store.withLock { if $0 == nil { $0 = try? Store(at: root, .writing) } }
    }
  }

  private func edit(_ store: Store, _ name: String) throws {
    try store.commit(Edit(.new(type: "customer"), Draft(set: ["name": name])))
  }

  @Test func theSyncEndsAndTheNextOneGoesOn() throws {
    var environment = desk.environment
    environment.lockTries = 2
    let root = desk.folder + "/anna"
    let anna = try Store.make(at: root, agent: "anna", environment: environment)
    try desk.join(anna)
    try edit(anna, "a")
    let holder = Holder()
    let transport = Meanwhile(inner: desk.transport) { holder.open(root) }
    let error = #expect(throws: SyncError.self) { try SyncClient(anna, transport).sync() }
    guard case .storage(.locked) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    // It went to the server, whose answer is not stored. The other one works on, and so does this one behind it.
    try holder.store.withLock { try edit(try #require($0), "b") }
    #expect(throws: StorageError.locked(root)) { try edit(anna, "c") }
    holder.store.withLock { $0 = nil }
    try edit(anna, "d")
    let report = try SyncClient(anna, desk.transport).sync()
    #expect(anna.unsent.isEmpty && report.notes.isEmpty, "\(report)")
    #expect(anna.position == 3)
    let bo = try desk.store("bo")
    try desk.join(bo)
    #expect(try desk.sync(bo).received == 3)
    #expect(try bo.digest() == anna.digest())
  }
}
