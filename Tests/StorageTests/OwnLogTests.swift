import Causality
import Codec
import Merge
import TestSupport
import Testing

@testable import Storage

/// Own changes: once `append` returned they are there, whatever happens then.
@Suite struct OwnLogTests {
  static let replica = ReplicaID(bits: 77)
  static let on = EntityID(type: "ticket", origin: ChangeID(replica, 1)).unsafelyUnwrapped

  static func changes(_ sequences: ClosedRange<UInt64>) -> [Change] {
    sequences.map { sequence in
      Change(
        id: ChangeID(replica, sequence), at: HybridTime(milliseconds: 1000 + sequence), seen: 0, by: "anna",
        on: on,
        body: Array("\"log\":{\"timeline\":\"entry \(sequence)\"}".utf8))
    }
  }

  static func open(
    _ disk: MemoryDisk, acknowledged: UInt64 = 0, repairing: Bool = true, fullSize: Int = 600,
    step: Int = 300
  ) throws -> OwnLog {
    var sizes = Sizes()
    sizes.ownFile = fullSize
    sizes.ownStep = step
    return try OwnLog(
      disk: disk, replica: replica, acknowledged: acknowledged, repairing: repairing, sizes: sizes)
  }

  @Test func itReadsWhatItWrote() throws {
    let disk = MemoryDisk()
    var log = try Self.open(disk)
    try log.append(Self.changes(1...3))
    try log.append(Self.changes(4...20))
    try log.append([])
    #expect(log.unsent == Self.changes(1...20))
    let again = try Self.open(disk, acknowledged: 6)
    #expect(again.unsent == Self.changes(7...20))
    #expect(again.lastSequence == 20 && again.lastTime == HybridTime(milliseconds: 1020))
    #expect(again.damage.isEmpty && again.torn == nil)
    #expect(try again.changes(from: 1) == Self.changes(1...20))
    #expect(try again.changes(from: 12) == Self.changes(12...20))
  }

  @Test func oneBatchGoesIntoSeveralFiles() throws {
    let disk = MemoryDisk()
    var log = try Self.open(disk)
    try log.append(Self.changes(1...2))
    try log.append(Self.changes(3...40))
    let paths = disk.paths.filter { $0.hasSuffix(".jsonl") }
    #expect(paths.count > 5)
    // A line more than the size at which a file is full, and the room behind it.
    for path in paths { #expect(disk.bytes(path)?.count ?? 0 < 600 + 200 + 300, "\(path)") }
    #expect(try Self.open(disk).unsent == Self.changes(1...40))
    #expect(try Self.open(disk, acknowledged: 37).unsent == Self.changes(38...40))
    try log.seal(acknowledged: 40)
    #expect(try Self.open(disk).unsent == Self.changes(1...40))
  }

  /// An append that the disk refuses half way made nothing, in whichever file that was.
  @Test(arguments: 0..<200 as Range<UInt64>) func whatTheDiskRefusesWasNotMade(seed: UInt64) throws {
    let disk = MemoryDisk(seed: seed)
    var log = try Self.open(disk)
    var done: UInt64 = 0
    for _ in 0..<12 {
      disk.faults.failsOneIn = 8
      let next = done + 1...done + 1 + seed % 13
      do {
        try log.append(Self.changes(next))
        done = next.upperBound
      } catch {}
      disk.faults = .init()
      #expect(log.lastSequence == done && log.unsent == (done == 0 ? [] : Self.changes(1...done)))
    }
    let next = done + 1...done + 3
    try log.append(Self.changes(next))
    if seed % 2 == 0 { disk.restart(losingPower: true) }
    let again = try Self.open(disk)
    #expect(again.unsent == Self.changes(1...next.upperBound) && again.damage.isEmpty)
  }

  /// What lies where the next file is to begin was there before: nobody may write over it, nor over the file in front of it.
  @Test func aFileThatTheListLackedIsNotWrittenOver() throws {
    let probe = MemoryDisk()
    var first = try Self.open(probe)
    for sequence in 1...12 as ClosedRange<UInt64> { try first.append(Self.changes(sequence...sequence)) }
    let paths = probe.paths.filter { $0.hasSuffix(".jsonl") }.sorted()
    let next = try #require(UInt64(paths[1].split { "/.".contains($0) }[1]))
    let disk = MemoryDisk()
    var log = try Self.open(disk)
    for sequence in 1..<next { try log.append(Self.changes(sequence...sequence)) }
    let (own, hidden) = (disk.bytes(paths[0]), Array("edits of before".utf8))
    disk.put(paths[1], hidden)
    for _ in 0..<2 {
      #expect(throws: DiskError.self) { try log.append(Self.changes(next...next)) }
      #expect(disk.bytes(paths[0]) == own && disk.bytes(paths[1]) == hidden)
    }
    try disk.remove(paths[1])
    try log.append(Self.changes(next...next))
    #expect(try Self.open(disk).unsent == Self.changes(1...next))
  }

  @Test func fullFilesAreSealedOnceAcknowledged() throws {
    let disk = MemoryDisk()
    var log = try Self.open(disk)
    for sequence in 1...30 as ClosedRange<UInt64> { try log.append(Self.changes(sequence...sequence)) }
    let plain = disk.paths.filter { $0.hasSuffix(".jsonl") }
    #expect(plain.count > 3)
    try log.seal(acknowledged: 15)
    #expect(disk.paths.contains { $0.hasSuffix(".gz") })
    let between = try Self.open(disk, acknowledged: 15)
    #expect(between.unsent == Self.changes(16...30))
    try log.seal(acknowledged: 30)
    #expect(disk.paths.filter { $0.hasSuffix(".jsonl") }.count == 1)
    #expect(try log.changes(from: 1) == Self.changes(1...30))
    var again = try Self.open(disk, acknowledged: 30)
    #expect(again.unsent.isEmpty && again.lastSequence == 30)
    try again.append(Self.changes(31...31))
    #expect(try Self.open(disk, acknowledged: 30).unsent == Self.changes(31...31))
    #expect(try Self.open(disk, acknowledged: 0).unsent == Self.changes(1...31))
  }

  /// A crash at every writing call, with and without power loss: every acknowledged change is there, none twice, and
  /// the log goes on.
  @Test(arguments: 1..<40, [1, 400, 4096])
  func acknowledgedChangesSurviveACrashAtEveryWrite(point: Int, step: Int) throws {
    for seed in 0..<20 as Range<UInt64> {
      let disk = MemoryDisk(seed: seed)
      disk.faults.crashAfter = point
      var done: UInt64 = 0
      do {
        var log = try Self.open(disk, step: step)
        while done < 30 {
          let next = done + 1...done + 1 + (done % 7 < 4 ? 0 : done % 3)
          try log.append(Self.changes(next))
          done = next.upperBound
          if done % 5 == 0 { try log.seal(acknowledged: done) }
        }
      } catch is DiskError {}
      disk.restart(losingPower: seed % 3 > 0)
      var log = try Self.open(disk, step: step)
      #expect(log.unsent.starts(with: done == 0 ? [] : Self.changes(1...done)))
      #expect(log.unsent == (log.lastSequence == 0 ? [] : Self.changes(1...log.lastSequence)))
      #expect(log.damage.isEmpty)
      let next = log.lastSequence + 1
      try log.append(Self.changes(next...next))
      let again = try Self.open(disk, repairing: false)
      #expect(again.unsent == Self.changes(1...next) && again.torn == nil && again.damage.isEmpty)
    }
  }

  /// What leads to a file survives with what is in it, also where another wrote it and could not sync it.
  @Test(arguments: 0..<40) func theNameOfWhatLeadsToItIsSynced(seed: UInt64) throws {
    let disk = MemoryDisk(seed: seed)
    if seed % 2 == 0 {
      var log = try Self.open(disk)
      try log.append(Self.changes(1...1))
    }
    let settings = try disk.open("store.json.new", .replace)
    try settings.append([1].span)
    try settings.sync()
    try disk.rename("store.json.new", to: "store.json")
    var log = try Self.open(disk, fullSize: seed % 4 == 0 ? 1 : 600)
    try log.append(Self.changes(log.lastSequence + 1...log.lastSequence + 1))
    disk.restart(losingPower: true)
    #expect(disk.bytes("store.json") == [1])
  }

  @Test(arguments: 0..<40) func aRefusedAppendLeavesNothing(seed: UInt64) throws {
    let disk = MemoryDisk(seed: seed)
    var log = try Self.open(disk)
    try log.append(Self.changes(1...2))
    disk.faults.isFull = true
    #expect(throws: DiskError.self) { try log.append(Self.changes(3...9)) }
    #expect(log.lastSequence == 2 && log.unsent == Self.changes(1...2))
    disk.faults.isFull = false
    try log.append(Self.changes(3...4))
    disk.restart(losingPower: true)
    #expect(try Self.open(disk).unsent == Self.changes(1...4))
  }

  /// What is written into the room that a file has moves none of its bytes and adds none; who opens the file goes on there.
  @Test func oneChangeGoesIntoTheRoomThatTheFileHas() throws {
    let disk = MemoryDisk()
    var log = try Self.open(disk, step: 1000)
    try log.append(Self.changes(1...2))
    let first = try #require(disk.bytes("own/000000000001.jsonl"))
    #expect(first.count == 1000 && first.last == UInt8(ascii: " "))
    let writes = disk.writeCount
    try log.append(Self.changes(3...3))
    var again = try Self.open(disk, step: 1000)
    try again.append(Self.changes(4...4))
    #expect(disk.writeCount <= writes + 6)
    let bytes = try #require(disk.bytes("own/000000000001.jsonl"))
    #expect(bytes.count == 1000 && bytes.count { $0 == 0x0A } == 4)
    #expect(try Self.open(disk).unsent == Self.changes(1...4))
    // Another program's step, and a file without room, are as good.
    disk.put("own/000000000001.jsonl", Array(bytes.prefix(through: bytes.lastIndex(of: 0x0A) ?? 0)))
    var older = try Self.open(disk, step: 64)
    try older.append(Self.changes(5...5))
    #expect(try Self.open(disk, acknowledged: 2).unsent == Self.changes(3...5))
  }

  /// A line that got to the disk in parts, in any order, is an unfinished change.
  @Test func aLineWrittenInPartsIsTorn() throws {
    let disk = MemoryDisk()
    var log = try Self.open(disk, step: 1000)
    try log.append(Self.changes(1...1))
    let before = try #require(disk.bytes("own/000000000001.jsonl"))
    try log.append(Self.changes(2...2))
    let after = try #require(disk.bytes("own/000000000001.jsonl"))
    let line = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let end = after.lastIndex(of: 0x0A) ?? 0
    for split in line + 1..<end {
      for parts in [after[..<split] + before[split...], before[..<split] + after[split...]] {
        disk.put("own/000000000001.jsonl", Array(parts))
        var found = try Self.open(disk, step: 1000)
        #expect(found.unsent == Self.changes(1...1) && found.torn != nil && found.damage.isEmpty, "\(split)")
        try found.append(Self.changes(2...2))
        let again = try Self.open(disk, repairing: false)
        #expect(again.unsent == Self.changes(1...2) && again.torn == nil, "\(split)")
      }
    }
  }

  @Test func aTornEndIsCutAndKeptAside() throws {
    let disk = MemoryDisk()
    var log = try Self.open(disk)
    try log.append(Self.changes(1...2))
    let full = try #require(disk.bytes("own/000000000001.jsonl"))
    let whole = Array(full.prefix(through: full.lastIndex(of: 0x0A) ?? 0))
    disk.put("own/000000000001.jsonl", whole + Array("{\"id\":\"000".utf8))
    let reader = try Self.open(disk, repairing: false)
    #expect(
      reader.unsent == Self.changes(1...2) && reader.torn?.offset == whole.count && reader.damage.isEmpty)
    #expect(disk.bytes("own/torn") == nil)
    #expect(try Self.open(disk).torn != nil)
    #expect(disk.bytes("own/000000000001.jsonl") == whole)
    #expect(disk.bytes("own/torn") == Array("{\"id\":\"000".utf8))
  }

  /// Cut at every byte: every change before the cut is there.
  @Test func cutAtEveryByte() throws {
    let disk = MemoryDisk()
    var log = try Self.open(disk)
    try log.append(Self.changes(1...4))
    let bytes = try #require(disk.bytes("own/000000000001.jsonl"))
    for count in bytes.indices {
      disk.put("own/000000000001.jsonl", Array(bytes[..<count]))
      // A line that lacks nothing but its line feed counts.
      let whole = bytes[..<count].count { $0 == 0x0A } + (count < bytes.count && bytes[count] == 0x0A ? 1 : 0)
      let found = try Self.open(disk, repairing: false)
      #expect(found.unsent == Array(Self.changes(1...4)[..<whole]))
    }
  }

  /// A line that lost its line feed alone, with the room behind it or to a space, counts, and the log goes on behind it.
  @Test func aLineWithoutItsLineFeedCounts() throws {
    let disk = MemoryDisk()
    var log = try Self.open(disk, fullSize: 6000)
    try log.append(Self.changes(1...3))
    let path = "own/000000000001.jsonl"
    let bytes = try #require(disk.bytes(path))
    let end = try #require(bytes.lastIndex(of: 0x0A))
    var spaced = bytes
    spaced[end] = UInt8(ascii: " ")
    for left in [Array(bytes[..<end]), spaced] {
      disk.put(path, left)
      #expect(try Self.open(disk, repairing: false).unsent == Self.changes(1...3))
      var found = try Self.open(disk, fullSize: 6000)
      #expect(found.unsent == Self.changes(1...3) && found.torn == nil && found.damage.isEmpty)
      #expect(disk.bytes(path)?.prefix(end + 1) == bytes.prefix(end + 1) && disk.bytes("own/torn") == nil)
      try found.append(Self.changes(4...4))
      try found.append(Self.changes(5...6))
      let again = try Self.open(disk, repairing: false)
      #expect(again.unsent == Self.changes(1...6) && again.torn == nil && again.damage.isEmpty)
    }
  }

  /// Every byte replaced by others: the changes of the other lines are there, and what is not there is named.
  @Test func everyByteDamaged() throws {
    let disk = MemoryDisk()
    var log = try Self.open(disk)
    try log.append(Self.changes(1...4))
    let bytes = try #require(disk.bytes("own/000000000001.jsonl"))
    for offset in bytes.indices {
      for value: UInt8 in [0, 0x0A, 0x22, 0xFF, bytes[offset] ^ 0x11] where value != bytes[offset] {
        var damaged = bytes
        damaged[offset] = value
        disk.put("own/000000000001.jsonl", damaged)
        let line = bytes[..<offset].count { $0 == 0x0A }
        // A line feed that is gone joins two lines.
        let hit = bytes[offset] == 0x0A ? line...min(3, line + 1) : line...line
        let found = try Self.open(disk, repairing: false)
        let intact = Self.changes(1...4).enumerated().filter { !hit.contains($0.offset) }.map(\.element)
        #expect(intact.allSatisfy(found.unsent.contains), "byte \(offset)")
        #expect(found.unsent.allSatisfy(Self.changes(1...4).contains), "byte \(offset)")
        if found.unsent.count < 4 { #expect(!found.damage.isEmpty || found.torn != nil, "byte \(offset)") }
      }
    }
  }

  @Test func changesOfAnotherReplicaAreNamed() throws {
    let disk = MemoryDisk()
    var log = try Self.open(disk)
    try log.append(Self.changes(1...2))
    let other = try OwnLog(disk: disk, replica: ReplicaID(bits: 5), acknowledged: 0, repairing: false)
    #expect(other.unsent.isEmpty && other.damage.count == 2 && other.torn == nil)
    // Settings that are not this folder's must not make an end of them that is cut off.
    let whole = disk.bytes("own/000000000001.jsonl")
    let writer = try OwnLog(disk: disk, replica: ReplicaID(bits: 5), acknowledged: 0, repairing: true)
    #expect(writer.torn == nil && disk.bytes("own/000000000001.jsonl") == whole)
    #expect(try Self.open(disk).unsent == Self.changes(1...2))
  }
}
