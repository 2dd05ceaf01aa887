import Agent
import Causality
import ChangeCodec
import Codec
import Merge
import Storage
import SyncProtocol
import TestSupport
import Testing

@testable import Server

/// A server whose log lost its end: it says so, deletes nothing, and after a repair goes on with what devices give back.
@Suite("A server's log that lost its end")
struct ServerLostEndTests {
  private static var sizes: Sizes {
    var sizes = Sizes()
    sizes.serverRun = 4
    return sizes
  }

  /// A log of 30 changes with a run of most of them.
  private static func world() throws -> (disk: MemoryDisk, run: RunName) {
    let disk = MemoryDisk()
    let hosted = try OneDisk.data(disk, sizes: sizes).hosted("nord")
    _ = try hosted.devices.enrol(agent: "anna", role: "agent", replica: .init(bits: 7))
    for number in 0..<10 {
      try hosted.workspace.push((0..<3).map { ("a/", "\"set\":{\"a\":\"\(number) \($0)\"}") })
    }
    while try hosted.workspace.maintain() {}
    return (disk, try #require(RunName.parse(try disk.list(RunName.folder)).first))
  }

  enum Loss: CaseIterable {
    case partOfAMember, members, all, file, fileAndIndex
  }

  private static func lose(_ loss: Loss, _ disk: MemoryDisk) throws {
    let path = ServerLog.path(1)
    let bytes = try #require(disk.bytes(path))
    switch loss {
    case .partOfAMember: disk.put(path, Array(bytes.dropLast()))
    case .members:
      let last = try #require(bytes[(bytes.count / 2)...].firstRange(of: [0x1F, 0x8B, 0x08]))
      disk.put(path, Array(bytes[..<last.lowerBound]))
    case .all: disk.put(path, [])
    case .file, .fileAndIndex:
      try disk.remove(path)
      if loss == .fileAndIndex { try disk.remove(ServerLog.indexPath(1)) }
    }
  }

  @Test(arguments: Loss.allCases) func itIsDamageUntilARepairAndNothingIsDeleted(loss: Loss) throws {
    let (disk, run) = try Self.world()
    try Self.lose(loss, disk)
    let runBytes = try #require(disk.bytes(run.path))
    let before = disk.paths.map { disk.bytes($0) }
    #expect(try Backup.verify(disk).damage.map(\.file) == [ServerLog.path(1)])
    for _ in 0..<2 {
      let error = #expect(throws: StorageError.self) {
        try OneDisk.data(disk, sizes: Self.sizes).hosted("nord")
      }
      #expect("\(String(describing: error))".contains("log/0000000001.jsonl.gz"))
    }
    #expect(disk.paths.map { disk.bytes($0) } == before)

    let kept = try Backup.verify(disk).changes
    #expect(try Repair.run(disk) == .logEnds(kept))
    #expect(try Backup.verify(disk).damage.isEmpty && Repair.run(disk) == nil)
    // A run that reaches behind the end may be all that is left of the changes there.
    if kept < run.last {
      #expect(disk.bytes(run.path) == nil)
      #expect(disk.bytes("\(Repair.folder)/\(run).jsonl.gz") == runBytes)
    } else {
      #expect(disk.bytes(run.path) == runBytes)
    }
    let data = try OneDisk.data(disk, sizes: Self.sizes)
    let workspace = try data.hosted("nord").workspace
    #expect(workspace.head.position == kept && data.takeFindings().isEmpty)
    try workspace.push([("a/", "\"set\":{\"a\":\"again\"}")])
    #expect(try OneDisk.data(disk, sizes: Self.sizes).hosted("nord").workspace.head.position == kept + 1)
  }

  /// What a crash left of a push is behind all that is proven.
  @Test func aTornEndIsCutWithoutAWord() throws {
    let (disk, run) = try Self.world()
    let path = ServerLog.path(1)
    let bytes = try #require(disk.bytes(path))
    disk.put(path, bytes + bytes.prefix(20))
    let data = try OneDisk.data(disk, sizes: Self.sizes)
    #expect(try data.hosted("nord").workspace.head.position == 30)
    #expect(data.takeFindings().isEmpty)
    #expect(disk.bytes(path) == bytes && disk.bytes(run.path) != nil)
  }

  @Test func aRepairSetsIntactRunsAside() throws {
    let (disk, run) = try Self.world()
    let path = ServerLog.path(1)
    var bytes = try #require(disk.bytes(path))
    bytes[30] ^= 0x10
    disk.put(path, bytes)
    let runBytes = try #require(disk.bytes(run.path))
    #expect(try Repair.run(disk) == .logEnds(0))
    #expect(disk.bytes("\(Repair.folder)/\(run).jsonl.gz") == runBytes)
    #expect(disk.bytes("\(Repair.folder)/0000000001.jsonl.gz") == bytes)
    #expect(disk.bytes(run.indexPath) == nil && disk.bytes(run.path) == nil)
  }

  /// As where the log of another copy was put in its place.
  @Test func runsOfAnotherLogAreSetAsideAndTold() throws {
    let (disk, run) = try Self.world()
    // The same changes with other times of receipt.
    let other = MemoryDisk()
    let hosted = try OneDisk.data(other, sizes: Self.sizes, now: { 77_000 }).hosted("nord")
    for number in 0..<10 {
      try hosted.workspace.push((0..<3).map { ("a/", "\"set\":{\"a\":\"\(number) \($0)\"}") })
    }
    for path in [ServerLog.path(1), ServerLog.indexPath(1)] {
      disk.put(path, try #require(other.bytes(path)))
    }
    let runBytes = try #require(disk.bytes(run.path))
    let told = Told()
    let data = try OneDisk.data(disk, sizes: Self.sizes)
    _ = try data.hosted("nord")
    let maintenance = Maintenance(data, LiveStreams(), { told.add($0) }, after: { _, _ in })
    maintenance.start()
    maintenance.stop()
    #expect(told.all.count == 1 && told.all[0].contains("run \(run)"), "\(told.all)")
    #expect(disk.bytes("\(Repair.folder)/\(run).jsonl.gz") == runBytes)
  }

  @Test func aListOfDevicesThatIsGoneIsTold() throws {
    let (disk, _) = try Self.world()
    try disk.remove("devices.jsonl")
    let data = try OneDisk.data(disk, sizes: Self.sizes)
    _ = try data.hosted("nord")
    let findings = data.takeFindings()
    #expect(findings.count == 1 && findings[0].contains("nord/devices.jsonl is missing"), "\(findings)")
  }
}
