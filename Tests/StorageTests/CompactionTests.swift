import ChangeCodec
import Codec
import Merge
import TestSupport
import Testing

@testable import Storage

/// Compaction turns the log into runs and merges runs: whenever it is cut short, nothing is lost or there twice.
@Suite struct CompactionTests {
  static let log = RandomLog(seed: 12, changes: 60, entities: 5)

  /// What a compaction does, as a store does it.
  static func compact(_ disk: MemoryDisk, all: Bool, thinning: Thinning? = nil) throws(StorageError) {
    let runs = try RunSet(disk)
    var mirror = try MirrorLog(disk: disk, after: runs.last, sum: runs.sum ?? 0, repairing: true)
    try runs.removeLeftovers()
    try runs.add(mirror.blocks.flatMap(\.placed), sum: mirror.sum)
    try mirror.clear()
    try runs.merge(all: all, thinning: thinning)
  }

  /// A disk with two runs and a log behind them.
  static func filled(_ seed: UInt64) throws -> MemoryDisk {
    let disk = MemoryDisk(seed: seed)
    var start = 0
    for end in [10, 25, log.blocks.count] {
      let runs = try RunSet(disk)
      var mirror = try MirrorLog(disk: disk, after: runs.last, sum: runs.sum ?? 0, repairing: true)
      for block in log.blocks[start..<end] { try mirror.append([BlockMember([block], Deflater())]) }
      if end < log.blocks.count {
        try runs.add(mirror.blocks.flatMap(\.placed), sum: mirror.sum)
        try mirror.clear()
      }
      start = end
    }
    return disk
  }

  /// All changes by position, as a store that is opened finds them.
  static func content(_ disk: MemoryDisk) throws -> [PlacedChange] {
    let runs = try RunSet(disk)
    let mirror = try MirrorLog(disk: disk, after: runs.last, sum: runs.sum ?? 0, repairing: true)
    #expect(mirror.damage.isEmpty)
    var found = mirror.blocks.flatMap(\.placed)
    let walk = try runs.walk()
    while let entity = try walk.next() { found += entity.changes }
    return found.sorted { $0.position ?? 0 < $1.position ?? 0 }
  }

  @Test func writesAreFewEnoughToTryThemAll() throws {
    let disk = try Self.filled(0)
    let before = disk.writeCount
    try Self.compact(disk, all: true)
    #expect(10...60 ~= disk.writeCount - before)
    #expect(try Self.content(disk) == Self.log.placed)
  }

  @Test(arguments: 1..<60) func aCrashAtEveryWriteLosesNothing(point: Int) throws {
    for seed in 0..<8 as Range<UInt64> {
      let disk = try Self.filled(seed)
      disk.faults.crashAfter = point
      try? Self.compact(disk, all: seed % 2 == 0)
      disk.restart(losingPower: seed % 4 < 3)
      #expect(try Self.content(disk) == Self.log.placed, "write \(point), seed \(seed)")
      // And a second one goes through.
      try Self.compact(disk, all: true)
      #expect(try Self.content(disk) == Self.log.placed, "write \(point), seed \(seed)")
      #expect(disk.paths.count { $0.hasSuffix(".new") } == 0)
      #expect(disk.paths.count { $0.hasPrefix("runs/") } == 2, "\(disk.paths)")
    }
  }

  /// A single run is written anew under its own name.
  @Test(arguments: 1..<16) func aCrashWhileARunIsPackedLosesNothing(point: Int) throws {
    for seed in 0..<8 as Range<UInt64> {
      let disk = MemoryDisk(seed: seed)
      _ = try RunTests.runs(Self.log, cuts: [], on: disk)
      let before = disk.writeCount
      disk.faults.crashAfter = point
      try? Self.compact(disk, all: true)
      #expect(point > 12 || disk.writeCount > before)
      disk.restart(losingPower: seed % 4 < 3)
      #expect(try Self.content(disk) == Self.log.placed, "write \(point), seed \(seed)")
      try Self.compact(disk, all: true)
      #expect(try Self.content(disk) == Self.log.placed, "write \(point), seed \(seed)")
      #expect(try RunSet(disk).runs.allSatisfy { run throws in try run.isPacked })
      #expect(disk.paths.count { $0.hasPrefix("runs/") } == 2, "\(disk.paths)")
    }
  }

  /// Whenever it is cut short, each change is there once, whole or without the values that need not be kept.
  @Test(arguments: 1..<60) func aCrashWhileValuesAreThinnedLosesNothingElse(point: Int) throws {
    let thinning = Thinning(before: .max) { _, _ in true }
    let walk = try EntityWalk([], newer: Dictionary(grouping: Self.log.placed) { $0.change.on })
    var thinned: [PlacedChange] = []
    while let entity = try walk.next() { thinned += thinning.thin(entity.changes).changes }
    thinned.sort { $0.position ?? 0 < $1.position ?? 0 }
    #expect(thinned != Self.log.placed)
    for seed in 0..<8 as Range<UInt64> {
      let disk = try Self.filled(seed)
      // Of half of them a single packed run, which is written anew under its own name.
      if seed % 2 == 0 { try Self.compact(disk, all: true) }
      disk.faults.crashAfter = point
      try? Self.compact(disk, all: true, thinning: thinning)
      disk.restart(losingPower: seed % 4 < 3)
      let content = try Self.content(disk)
      #expect(content == Self.log.placed || content == thinned, "write \(point), seed \(seed)")
      try Self.compact(disk, all: true, thinning: thinning)
      #expect(try Self.content(disk) == thinned, "write \(point), seed \(seed)")
      #expect(disk.paths.count { $0.hasPrefix("runs/") } == 2, "\(disk.paths)")
    }
  }

  @Test(arguments: 0..<30) func aRefusingDiskLosesNothing(seed: UInt64) throws {
    let disk = try Self.filled(seed)
    if seed % 2 == 0 { disk.faults.isFull = true } else { disk.faults.failsOneIn = 4 }
    try? Self.compact(disk, all: true)
    disk.faults = .init()
    #expect(try Self.content(disk) == Self.log.placed)
    try Self.compact(disk, all: true)
    #expect(try Self.content(disk) == Self.log.placed)
  }
}
