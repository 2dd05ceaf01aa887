import Causality
import ChangeCodec
import Merge
import TestSupport
import Testing

@testable import Storage

/// The walk over runs and what is newer, against looking at all changes.
@Suite struct EntityWalkTests {
  struct Found: Equatable {
    let id: EntityID
    let changes: [PlacedChange]
  }

  static func all(_ walk: EntityWalk) throws -> [Found] {
    var found: [Found] = []
    while let (id, changes) = try walk.next() { found.append(Found(id: id, changes: changes)) }
    return found
  }

  static func brute(_ placed: [PlacedChange], type: String? = nil) -> [Found] {
    Dictionary(grouping: placed, by: \.change.on).filter { type == nil || $0.key.type == type }
      .sorted { $0.key < $1.key }
      .map { Found(id: $0.key, changes: $0.value.sorted { $0.position ?? .max < $1.position ?? .max }) }
  }

  @Test(arguments: 0..<30) func itFindsWhatIsThere(seed: UInt64) throws {
    let log = RandomLog(
      seed: seed, changes: 20 + Int(seed) * 5, replicas: 2, entities: Int(seed % 9) + 1,
      padding: seed % 4 == 0 ? 30_000 : 0)
    var generator = SeededGenerator(seed: seed)
    // The last part of the log is in no run.
    let end = generator.int(0...log.placed.count)
    let runs = try RunSet(MemoryDisk(seed: seed))
    var start = 0
    while start < end {
      let next = generator.int(start + 1...end)
      try runs.add(Array(log.placed[start..<next]), sum: 0)
      start = next
    }
    let newer = Dictionary(grouping: log.placed[end...], by: \.change.on)
    for type in [nil, "ticket", "customer", "a", "tickets"] as [String?] {
      #expect(try Self.all(runs.walk(type: type, newer: newer)) == Self.brute(log.placed, type: type))
    }
    for entity in log.entities {
      let old = log.placed[..<end].filter { $0.change.on == entity }
      #expect(try runs.changes(of: entity) == old)
    }
  }

  /// An entity whose changes fill several members is found whole.
  @Test func aLargeEntityGoesOnInTheNextMember() throws {
    let log = RandomLog(seed: 3, changes: 80, entities: 2, padding: 60_000)
    let runs = try RunSet(MemoryDisk())
    try runs.add(log.placed, sum: log.sum)
    let run = runs.runs[0]
    #expect(try log.entities.contains { try run.members(of: $0).count > 1 })
    #expect(try Self.all(runs.walk()) == Self.brute(log.placed))
    for entity in log.entities {
      #expect(try runs.changes(of: entity) == log.placed.filter { $0.change.on == entity })
    }
  }

  /// Folding parts that lie in different files gives what folding the whole log gives.
  @Test(arguments: 0..<20) func foldsDoNotDependOnWhereTheChangesLie(seed: UInt64) throws {
    let log = RandomLog(seed: 100 + seed, changes: 60, entities: 3)
    let expected = log.entities.map { Fold.state(of: $0, log.placed).line }
    for cut in [0, 7, 31, 60] {
      let runs = try RunSet(MemoryDisk())
      try runs.add(Array(log.placed[..<(cut / 2)]), sum: 0)
      try runs.add(Array(log.placed[(cut / 2)..<cut]), sum: 0)
      let newer = Dictionary(grouping: log.placed[cut...], by: \.change.on)
      let lines = try log.entities.map { entity in
        Fold.state(of: entity, try runs.changes(of: entity) + (newer[entity] ?? [])).line
      }
      #expect(lines == expected)
    }
  }

  /// A log that does not go on where the runs end can come from a disk: it is refused.
  @Test func changesThatDoNotFollowTheRunsAreRefused() throws {
    let log = RandomLog(seed: 4, changes: 20)
    let runs = try RunSet(MemoryDisk())
    try runs.add(Array(log.placed[..<8]), sum: 0)
    for wrong in [
      log.placed[7...], log.placed[9...], log.placed[..<3], log.placed[8..<10] + log.placed[11...],
    ] {
      #expect(throws: StorageError.self) { try runs.add(Array(wrong), sum: 0) }
    }
    #expect(runs.last == 8)
  }
}
