import Agent
import Codec
import Merge
import Storage
import SyncProtocol
import TestSupport
import Testing

@testable import Server

/// Runs are made of the log: their damage costs nobody anything.
@Suite struct DamagedRunTests {
  /// A disk with a log of 30 changes, a run of most of them, and the run's name.
  private static func world() throws -> (disk: MemoryDisk, run: RunName) {
    let disk = MemoryDisk()
    let workspace = try OneDisk.data(disk, sizes: sizes).hosted("nord").workspace
    for number in 0..<10 {
      try workspace.push((0..<3).map { ("a/", "\"set\":{\"a\":\"\(number) \($0)\"}") })
    }
    while try workspace.maintain() {}
    let run = try #require(RunName.parse(try disk.list(RunName.folder)).first)
    return (disk, run)
  }

  private static var sizes: Sizes {
    var sizes = Sizes()
    sizes.serverRun = 4
    return sizes
  }

  /// Damages a run within what it holds, and takes its index away, so that it is read when it is opened.
  private static func damage(_ disk: MemoryDisk, _ run: RunName, keepingIndex: Bool = false) throws {
    var bytes = try #require(disk.bytes(run.path))
    bytes[bytes.count - 12] ^= 0x55
    disk.put(run.path, bytes)
    if !keepingIndex { try disk.remove(run.indexPath) }
  }

  @Test func aWorkspaceWithADamagedRunIsServed() throws {
    let (disk, run) = try Self.world()
    try Self.damage(disk, run)
    #expect(try !Backup.verify(disk).damage.isEmpty)
    let data = try OneDisk.data(disk, sizes: Self.sizes)
    #expect(try data.openAll().isEmpty)
    let workspace = try data.hosted("nord").workspace
    #expect(workspace.head.position == 30)
    while try workspace.maintain() {}
    #expect(try Backup.verify(disk).damage.isEmpty)
    #expect(try RunSet(disk).last > 20)
  }

  /// Found only when somebody reads it.
  @Test func anErasureGoesOnBesideADamagedRun() throws {
    let (disk, run) = try Self.world()
    let workspace = try OneDisk.data(disk, sizes: Self.sizes).hosted("nord").workspace
    try Self.damage(disk, run, keepingIndex: true)
    try workspace.push([("a/0000000007.2", "\"erase\":true")])
    #expect(try workspace.erasureChanges().count == 1)
    var found: [Damage] = []
    while try workspace.maintain(dropped: { found.append($0) }) {}
    #expect(found.map(\.file) == [run.path])
    #expect(workspace.erasedPosition == workspace.head.position)
    #expect(try Backup.verify(disk).damage.isEmpty)
  }

  /// The log has all that is in it.
  @Test func aNewDeviceFetchesTheLogInstead() throws {
    let disk = MemoryDisk()
    let server = try MemoryServer(disk: disk, sizes: Self.sizes)
    func store(_ agent: String) throws -> Store {
      let store = try Store.make(
        disk: MemoryDisk(), root: agent, agent: agent, environment: server.environment)
      try server.join(store)
      return store
    }
    let anna = try store("anna")
    for number in 0..<30 {
      try anna.commit(Edit(.new(type: "customer"), Draft(set: ["name": "\(number)"])))
    }
    try server.sync(anna)
    try server.maintain()
    let run = try #require(RunName.parse(try disk.list(RunName.folder)).first)
    try Self.damage(disk, run, keepingIndex: true)
    let store = try store("bo")
    let report = try server.sync(store)
    #expect(report.received == 30 && store.position == 30)
    #expect(report.notes.count == 1 && report.notes[0].contains(run.description), "\(report.notes)")
    #expect(try server.sync(store).notes.isEmpty)
  }

  @Test func aRepairOfRunsLeavesTheLog() throws {
    let (disk, run) = try Self.world()
    try Self.damage(disk, run)
    let log = disk.bytes(ServerLog.path(1))
    #expect(try Repair.run(disk) == .runsRemoved)
    #expect(disk.bytes(ServerLog.path(1)) == log)
    #expect(disk.bytes(run.path) == nil)
    #expect(try disk.list(Repair.folder).isEmpty)
    #expect(try Repair.run(disk) == nil)
  }

  /// Who only looks at a backup leaves it as it is.
  @Test func aCheckMakesNoIndexAndTellsADamagedOne() throws {
    let (disk, run) = try Self.world()
    var bytes = try #require(disk.bytes(run.indexPath))
    bytes[bytes.count / 2] ^= 1
    disk.put(run.indexPath, bytes)
    #expect(try Backup.verify(disk).damage.map(\.file) == [run.indexPath])
    #expect(disk.bytes(run.indexPath) == bytes)
    try disk.remove(run.indexPath)
    #expect(try Backup.verify(disk).damage.isEmpty)
    #expect(disk.bytes(run.indexPath) == nil)
  }

  /// It is made of its run, as that is of the log.
  @Test func aRepairOfAnIndexLeavesRunAndLog() throws {
    let (disk, run) = try Self.world()
    let others = [ServerLog.path(1), ServerLog.indexPath(1), run.path].map { disk.bytes($0) }
    var bytes = try #require(disk.bytes(run.indexPath))
    bytes[bytes.count / 2] ^= 1
    disk.put(run.indexPath, bytes)
    #expect(try Repair.run(disk) == .indexesRemoved)
    #expect([ServerLog.path(1), ServerLog.indexPath(1), run.path].map { disk.bytes($0) } == others)
    #expect(disk.bytes(run.indexPath) == nil)
    #expect(try disk.list(Repair.folder).isEmpty)
    #expect(try Repair.run(disk) == nil)
  }
}
