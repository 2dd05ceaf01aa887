import Codec
import Merge
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// What a client does behind a sync that broke, and behind a move of the store to another server.
@Suite struct BrokenSyncTests {
  /// Breaks behind some calls, until it is mended.
  private final class Breaking: Transport {
    let inner: LocalTransport
    private let left: Mutex<Int>

    init(_ inner: LocalTransport, after count: Int) {
      self.inner = inner
      left = Mutex(count)
    }

    func mend() { left.withLock { $0 = .max } }

    func exchange(_ call: Call) throws(TransportError) -> Reply {
      let isBroken = left.withLock { left in
        left -= 1
        return left < 0
      }
      if isBroken { throw TransportError("broken", kind: .interrupted) }
      return try inner.exchange(call)
    }
  }

  private let server: MemoryServer

  init() throws { server = try MemoryServer() }

  private func store(_ agent: String, _ sizes: Sizes = .standard, role: String = "agent") throws -> (
    store: Store, disk: MemoryDisk
  ) {
    let disk = MemoryDisk()
    var environment = server.environment
    environment.sizes = sizes
    environment.pause = { _ in }
    let store = try Store.make(disk: disk, root: agent, agent: agent, environment: environment)
    try server.join(store, role: role)
    return (store, disk)
  }

  private func edit(_ store: Store, _ name: String) throws -> EntityID {
    try #require(try store.commit(Edit(.new(type: "customer"), Draft(set: ["name": name])))).on
  }

  @Test func anErasureIsToldByTheSyncThatCarriesItOut() throws {
    var sizes = Sizes.standard
    sizes.pull = 1
    let anna = try store("anna", role: "supervisor").store
    let bo = try store("bo", sizes).store
    let customer = try edit(anna, "Ida")
    try server.sync(anna)
    try server.sync(bo)
    var draft = Draft()
    draft.erase = true
    try anna.commit(Edit(.entity(customer), draft))
    try server.sync(anna)
    _ = try edit(anna, "Bo")
    try server.sync(anna)
    let breaking = Breaking(server.transport, after: 1)
    #expect(throws: SyncError.self) { try SyncClient(bo, breaking).sync() }
    #expect(bo.isErased(customer) && bo.position == 2)
    breaking.mend()
    let report = try SyncClient(bo, breaking).sync()
    #expect(report.erased == [customer])
    #expect(try server.sync(bo).erased.isEmpty)
  }

  /// A client takes news that bring nothing for a stream that a proxy holds back.
  @Test func whatABrokenSyncBroughtCountsAsBrought() throws {
    var sizes = Sizes.standard
    sizes.agentRun = 1
    let anna = try store("anna").store
    let (bo, disk) = try store("bo", sizes)
    _ = try edit(anna, "Ida")
    try server.sync(anna)
    try server.sync(bo)
    _ = try edit(anna, "Bo")
    try server.sync(anna)
    var fills = true
    let client = try SyncClient(bo, server.transport) { _ in disk.faults.isFull = fills }
    #expect(throws: SyncError.self) { try client.sync() }
    #expect(client.hasMoved == true)
    fills = false
    disk.faults.isFull = false
    let again = try SyncClient(bo, server.transport)
    #expect(try again.sync().received == 0)
    #expect(again.hasMoved == false)
    #expect(try client.sync().received == 0)
    #expect(client.hasMoved == true)
  }

  @Test func theTokenOfAnotherServerGoesToNoServerBefore() throws {
    let bo = try store("bo").store
    let client = try SyncClient(bo, server.transport)
    _ = try edit(bo, "Ida")
    let other = try MemoryServer()
    let code = try other.invite("bo")
    try bo.join(other.transport, server: "http://other", code: code)
    for use in [
      { _ = try client.sync() }, { _ = try client.waitForNews { true } },
      { _ = try client.erasureStanding() },
    ] as [() throws -> Void] {
      let error = #expect(throws: SyncError.self) { try use() }
      guard case .moved("http://other") = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
    #expect(try server.isEmpty)
    #expect(try SyncClient(bo, other.transport).sync().sent == 1)
  }
}
