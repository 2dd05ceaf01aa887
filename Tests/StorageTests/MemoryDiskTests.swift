import Storage
import TestSupport
import Testing

/// The disk that the other tests trust: it keeps what was synced and may lose all else.
@Suite struct MemoryDiskTests {
  static let text = Array("The tap still leaks".utf8)

  static func write(_ disk: MemoryDisk, syncing: Bool) throws {
    try disk.makeFolder("a/b")
    let file = try disk.open("a/b/c", .append)
    try file.append(text.span)
    if syncing {
      try file.sync()
      try disk.syncFolder("a/b")
    }
  }

  @Test(arguments: 0..<50) func whatIsSyncedSurvives(seed: UInt64) throws {
    let disk = MemoryDisk(seed: seed)
    try Self.write(disk, syncing: true)
    let file = try disk.open("a/b/c", .append)
    try file.append([1, 2, 3].span)
    disk.restart(losingPower: true)
    #expect(disk.bytes("a/b/c")?.starts(with: Self.text) == true)
    #expect(throws: DiskError.self) { try file.append([1].span) }
  }

  @Test func whatIsNotSyncedIsKeptLostOrTornBySeed() throws {
    var outcomes: Set<[UInt8]?> = []
    for seed in 0..<200 as Range<UInt64> {
      let disk = MemoryDisk(seed: seed)
      try Self.write(disk, syncing: false)
      disk.restart(losingPower: true)
      outcomes.insert(disk.bytes("a/b/c"))
    }
    #expect(outcomes.contains(nil) && outcomes.contains([]) && outcomes.contains(Self.text))
    #expect(outcomes.contains { $0.map { $0.count == Self.text.count && $0 != Self.text } ?? false })
    #expect(outcomes.count > 20)
  }

  @Test func killedWithoutPowerLossNothingIsLost() throws {
    let disk = MemoryDisk()
    try Self.write(disk, syncing: false)
    disk.restart(losingPower: false)
    #expect(disk.bytes("a/b/c") == Self.text)
  }

  @Test(arguments: 0..<60) func replacingIsAtomicAtEveryCrash(seed: UInt64) throws {
    let disk = MemoryDisk(seed: seed)
    try disk.replace("settings", with: [1, 1, 1])
    disk.faults.crashAfter = Int(seed % 6) + 1
    let isDone = (try? disk.replace("settings", with: [2, 2])) != nil
    #expect(isDone == (seed % 6 == 5))
    disk.restart(losingPower: seed % 2 == 0)
    let found = disk.bytes("settings")
    #expect(found == [2, 2] || !isDone && found == [1, 1, 1])
  }

  @Test func fullDiskTakesAPartAndSaysSo() throws {
    let disk = MemoryDisk(seed: 3)
    try Self.write(disk, syncing: true)
    let file = try disk.open("a/b/c", .append)
    disk.faults.isFull = true
    let error = #expect(throws: DiskError.self) { try file.append(Self.text.span) }
    #expect(error?.isFull == true)
    try file.truncate(to: Self.text.count)
    #expect(try file.read(at: 0, count: 100) == Self.text)
  }

  @Test func oneLockAtATime() throws {
    let disk = MemoryDisk()
    var first = try disk.lock("lock")
    #expect(first != nil)
    #expect(try disk.lock("lock") == nil)
    first = nil
    #expect(try disk.lock("lock") != nil)
  }

  @Test func sameSeedSameFate() throws {
    func fate() throws -> [UInt8]? {
      let disk = MemoryDisk(seed: 11)
      try Self.write(disk, syncing: false)
      disk.restart(losingPower: true)
      return disk.bytes("a/b/c")
    }
    #expect(try fate() == fate())
  }
}
