import ChangeCodec
import Codec
import Merge
import TestSupport
import Testing

@testable import Storage

/// The mirror of the server's order: what is damaged is cut off, what is before it stays.
@Suite struct MirrorLogTests {
  static let log = RandomLog(seed: 5, changes: 40)
  static let path = MirrorLog.path(1)

  static func open(_ disk: MemoryDisk, repairing: Bool = true) throws -> MirrorLog {
    try MirrorLog(disk: disk, after: 0, sum: 0, repairing: repairing)
  }

  /// The log's blocks as members, some with several blocks.
  static func members(_ blocks: [Block] = log.blocks) -> [BlockMember] {
    let deflater = Deflater()
    var members: [BlockMember] = []
    var rest = blocks[...]
    while !rest.isEmpty {
      let count = members.count % 3 + 1
      members.append(BlockMember(Array(rest.prefix(count)), deflater))
      rest = rest.dropFirst(count)
    }
    return members
  }

  static func filled() throws -> MemoryDisk {
    let disk = MemoryDisk(seed: 9)
    var mirror = try open(disk)
    for member in members() { try mirror.append([member]) }
    return disk
  }

  @Test func itReadsWhatItWrote() throws {
    let disk = try Self.filled()
    let mirror = try Self.open(disk, repairing: false)
    #expect(mirror.blocks == Self.log.blocks)
    #expect(mirror.last == Self.log.last && mirror.sum == Self.log.sum)
    #expect(mirror.size == disk.bytes(Self.path)?.count)
    #expect(mirror.damage.isEmpty && mirror.torn == nil)
  }

  @Test func whatTheRunsHoldIsPassedOver() throws {
    let disk = try Self.filled()
    let block = Self.log.blocks[7]
    let mirror = try MirrorLog(
      disk: disk, after: block.last, sum: block.placement?.sum ?? 0, repairing: true)
    #expect(mirror.blocks == Array(Self.log.blocks[8...]) && mirror.damage.isEmpty)
  }

  @Test func anotherHistoryIsDamage() throws {
    let disk = try Self.filled()
    let block = Self.log.blocks[7]
    let other = try MirrorLog(disk: disk, after: block.last, sum: 1, repairing: false)
    #expect(other.blocks.isEmpty && other.damage.count == 1)
    let gap = try MirrorLog(disk: MemoryDisk(), after: 3, sum: 1, repairing: false)
    #expect(gap.blocks.isEmpty && gap.last == 3)
  }

  /// Cut at every byte: every whole member before the cut is there, and the log goes on.
  @Test func cutAtEveryByte() throws {
    let bytes = try #require(try Self.filled().bytes(Self.path))
    for count in bytes.indices {
      let disk = MemoryDisk(seed: 1)
      disk.put(Self.path, Array(bytes[..<count]))
      var mirror = try Self.open(disk)
      #expect(Self.log.blocks.starts(with: mirror.blocks))
      #expect(mirror.damage.isEmpty)
      let isWhole = count == 0 || disk.bytes(Self.path)?.count == count
      #expect(isWhole == (mirror.torn == nil))
      try mirror.append(Self.members(Array(Self.log.blocks[mirror.blocks.count...])))
      #expect(try Self.open(disk, repairing: false).blocks == Self.log.blocks)
    }
  }

  /// Every byte flipped: never a trap, nothing wrong is taken, and what comes before is there.
  @Test func everyByteFlipped() throws {
    let bytes = try #require(try Self.filled().bytes(Self.path))
    let ends = Self.members().reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.bytes.count) }
    for offset in bytes.indices {
      let disk = MemoryDisk(seed: 2)
      var damaged = bytes
      damaged[offset] ^= 1 << UInt8(offset % 8)
      disk.put(Self.path, damaged)
      let reader = try Self.open(disk, repairing: false)
      #expect(Self.log.blocks.starts(with: reader.blocks))
      let before = ends.last { $0 <= offset } ?? 0
      let intact = Self.members().prefix(ends.firstIndex(of: before) ?? 0).flatMap(\.blocks)
      #expect(reader.blocks.starts(with: intact), "byte \(offset)")
      if reader.blocks != Self.log.blocks {
        #expect(reader.damage.count + (reader.torn == nil ? 0 : 1) == 1, "byte \(offset)")
      }
      #expect(try Self.open(disk).blocks == reader.blocks)
      #expect(try Self.open(disk, repairing: false).damage.isEmpty)
    }
  }

  @Test(arguments: 1..<30) func appendedMembersSurviveACrashAtEveryWrite(point: Int) throws {
    for seed in 0..<10 as Range<UInt64> {
      let disk = MemoryDisk(seed: seed)
      disk.faults.crashAfter = point
      var done = 0
      do {
        var mirror = try Self.open(disk)
        for member in Self.members() {
          try mirror.append([member])
          done += member.blocks.count
        }
      } catch is StorageError {}
      disk.restart(losingPower: seed % 2 == 0)
      let again = try Self.open(disk)
      #expect(again.blocks.count >= done && Self.log.blocks.starts(with: again.blocks))
    }
  }

  @Test func rewindingKeepsWhatIsBefore() throws {
    for index in Self.log.blocks.indices {
      let disk = try Self.filled()
      var mirror = try Self.open(disk)
      let block = Self.log.blocks[index]
      try mirror.rewind(to: block.last, runs: (0, 0))
      #expect(mirror.blocks == Array(Self.log.blocks[...index]) && mirror.last == block.last)
      #expect(try Self.open(disk, repairing: false).blocks == Array(Self.log.blocks[...index]))
      try mirror.append(Self.members(Array(Self.log.blocks[(index + 1)...])))
      #expect(try Self.open(disk, repairing: false).blocks == Self.log.blocks)
    }
  }

  /// A log whose files could not be removed goes on all the same.
  @Test(arguments: 0..<20) func clearingThatFailsLeavesItUsable(seed: UInt64) throws {
    let disk = MemoryDisk(seed: seed)
    var mirror = try Self.open(disk)
    let members = Self.members()
    try mirror.append(Array(members[..<4]))
    disk.faults.failsOneIn = 1
    let isCleared: Void? = try? mirror.clear()
    #expect(isCleared == nil)
    disk.faults.failsOneIn = nil
    #expect(mirror.blocks.isEmpty)
    try mirror.append(Array(members[4...]))
    let runsEnd = try #require(members[3].blocks.last)
    let sum = try #require(runsEnd.placement).sum
    let again = try MirrorLog(disk: disk, after: runsEnd.last, sum: sum, repairing: true)
    let later = members[4...].flatMap(\.blocks)
    #expect(again.blocks == later)
    #expect(again.damage.isEmpty)
  }

  /// The log's file was made by a process that was killed before the name was durable, or nothing in it could be read, so that
  /// it is made again: what is appended survives power loss.
  @Test(arguments: [[], Array("damaged".utf8)]) func anEmptyFilesNameIsMadeDurable(content: [UInt8]) throws {
    let disk = MemoryDisk(seed: 9)
    try disk.makeFolder(MirrorLog.folder)
    let file = try disk.open(Self.path, .replace)
    try file.append(content.span)
    try file.sync()
    var mirror = try Self.open(disk)
    try mirror.append(Self.members())
    #expect(disk.certain.contains { $0.path == Self.path && $0.bytes == disk.bytes(Self.path) })
    #expect(try Self.open(disk, repairing: false).blocks == Self.log.blocks)
  }
}
