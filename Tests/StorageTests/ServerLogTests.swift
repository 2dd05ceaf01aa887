import ChangeCodec
import Codec
import Foundation
import Merge
import TestSupport
import Testing

@testable import Storage

/// The server's log as it is opened: an index beside it saves reading it, and never changes what it says.
@Suite struct ServerLogTests {
  static let blocks = RandomLog(seed: 7, changes: 24).blocks

  private static func members(_ blocks: [Block]) -> [BlockMember] {
    let deflater = Deflater()
    return blocks.map { BlockMember([$0], deflater) }
  }

  /// A log of the first blocks, a member each, in segments of so many members.
  private static func filled(_ count: Int, segment: Int = 100) throws -> (disk: MemoryDisk, sizes: Sizes) {
    var sizes = Sizes()
    sizes.segmentMembers = segment
    let disk = MemoryDisk(seed: 3)
    var log = try ServerLog(disk, repairing: true, sizes: sizes)
    for member in members(Array(blocks.prefix(count))) { log = try log.appending([member]) }
    return (disk, sizes)
  }

  private static func read(_ log: ServerLog) throws -> [Block] {
    var found: [Block] = []
    try log.forEachBlock(from: 1) { (block) throws(StorageError) in
      found.append(block)
      return true
    }
    return found
  }

  /// Where the last member of a file starts.
  private static func lastMember(_ bytes: [UInt8]) throws -> Int {
    var start = 0
    var next = 0
    while next < bytes.count {
      start = next
      var text: [UInt8] = []
      next = try Inflater().inflateMember(bytes.span, from: next, limit: 1 << 20, to: &text)
    }
    return start
  }

  private static func place(_ count: Int) -> (last: UInt64, sum: UInt32) {
    count == 0 ? (0, 0) : (blocks[count - 1].last, blocks[count - 1].placement?.sum ?? 0)
  }

  /// A log whose last member is torn ends before that member, wherever it lies in the file and however much is left of it,
  /// and goes on from there.
  @Test(
    arguments: [(1, 100), (2, 100), (3, 100), (7, 100), (5, 4), (6, 4), (8, 4)], [true, false])
  func tornEndIsCutAndTheLogGoesOn(shape: (count: Int, segment: Int), hasIndex: Bool) throws {
    let (full, sizes) = try Self.filled(shape.count, segment: shape.segment)
    let path = try #require(full.paths.last { $0.hasSuffix(".jsonl.gz") })
    let bytes = try #require(full.bytes(path))
    let start = try Self.lastMember(bytes)
    let kept = Self.place(shape.count - 1)
    for size in start..<bytes.count {
      let disk = full.copy(SeededGenerator(seed: UInt64(size)))
      disk.put(path, Array(bytes[..<size]))
      // The index does not have a member yet that nobody was told of.
      let index = path.replacing(".jsonl.gz", with: ".index")
      disk.put(index, Array(try #require(full.bytes(index)).dropLast(LogSegment.entrySize)))
      if !hasIndex { try disk.remove(index) }
      let seen = try ServerLog(disk, repairing: false, sizes: sizes)
      #expect(seen.last == kept.last && seen.sum == kept.sum && seen.damage.isEmpty, "\(size)")
      #expect((seen.torn != nil) == (size > start))
      #expect(try Self.read(seen) == Array(Self.blocks.prefix(shape.count - 1)))
      var log = try ServerLog(disk, repairing: true, sizes: sizes)
      #expect(log.last == kept.last && log.sum == kept.sum)
      for member in Self.members(Array(Self.blocks[(shape.count - 1)...])) {
        log = try log.appending([member])
      }
      let again = try ServerLog(disk, repairing: true, sizes: sizes)
      #expect(again.last == Self.place(Self.blocks.count).last && again.damage.isEmpty)
      #expect(try Self.read(again) == Self.blocks)
    }
  }

  /// After power loss a file may have its new size and zeros in the place of what was written last.
  @Test(arguments: [(1, 100), (3, 100), (5, 4), (6, 4)], [9, 4096])
  func zerosAtTheEndAreCutToo(shape: (count: Int, segment: Int), zeros: Int) throws {
    let (full, sizes) = try Self.filled(shape.count, segment: shape.segment)
    let path = try #require(full.paths.last { $0.hasSuffix(".jsonl.gz") })
    let bytes = try #require(full.bytes(path))
    for size in try Self.lastMember(bytes)..<bytes.count {
      let disk = full.copy(SeededGenerator(seed: UInt64(size)))
      disk.put(path, bytes[..<size] + [UInt8](repeating: 0, count: zeros))
      // The index says what was on disk: zeros in its place are damage.
      let isThere = bytes[size...].allSatisfy { $0 == 0 }
      let known = try ServerLog(disk, repairing: false, sizes: sizes)
      #expect(isThere ? known.damage.isEmpty : known.damage.count == 1 && known.torn == nil, "\(size)")
      // Where power is lost, the index does not have it yet.
      let indexPath = path.replacing(".jsonl.gz", with: ".index")
      disk.put(indexPath, Array(try #require(full.bytes(indexPath)).dropLast(LogSegment.entrySize)))
      // Where only zeros are missing nothing is.
      let count = bytes[size...].allSatisfy { $0 == 0 } ? shape.count : shape.count - 1
      let seen = try ServerLog(disk, repairing: false, sizes: sizes)
      #expect(seen.damage.isEmpty && seen.torn != nil, "\(size) \(seen.damage)")
      let log = try ServerLog(disk, repairing: true, sizes: sizes)
      #expect(log.last == Self.place(count).last && log.sum == Self.place(count).sum, "\(size)")
      #expect(try Self.read(log.appending([Self.members(Self.blocks)[count]])).count == count + 1)
    }
  }

  /// A member ends in zeros of its own: it must not be taken for one that was never written whole.
  @Test func aDamagedSizeIsNoTornEnd() throws {
    let (full, sizes) = try Self.filled(3)
    let bytes = try #require(full.bytes(LogSegment.path(1)))
    #expect(bytes.suffix(2) == [0, 0])
    for offset in bytes.indices.suffix(8) {
      let disk = full.copy(SeededGenerator(seed: UInt64(offset)))
      var damaged = bytes
      damaged[offset] ^= 1
      disk.put(LogSegment.path(1), damaged)
      let log = try ServerLog(disk, repairing: false, sizes: sizes)
      #expect(log.damage.count == 1 && log.torn == nil, "\(offset)")
    }
  }

  /// Damage in the last member is named, and what stands before it counts.
  @Test(arguments: [1, 2, 3, 7]) func damagedEndLeavesWhatStandsBefore(count: Int) throws {
    let (full, sizes) = try Self.filled(count)
    let path = LogSegment.path(1)
    let bytes = try #require(full.bytes(path))
    let (kept, all) = (Self.place(count - 1), Self.place(count))
    for offset in try Self.lastMember(bytes)..<bytes.count {
      let disk = full.copy(SeededGenerator(seed: UInt64(offset)))
      var damaged = bytes
      damaged[offset] ^= 1 << UInt8(offset % 8)
      disk.put(path, damaged)
      let log = try ServerLog(disk, repairing: false, sizes: sizes)
      // Of some bits of a member's header nothing depends.
      let isWhole = log.last == all.last && log.sum == all.sum && log.damage.isEmpty && log.torn == nil
      let isNamed = log.last == kept.last && log.sum == kept.sum && (log.damage.count == 1 || log.torn != nil)
      #expect(isWhole || isNamed, "\(offset)")
    }
  }

  /// A member in the middle that reads on to the file's end is damage, not the torn end of a push: members lie behind it.
  @Test func whatHasMembersBehindItIsNoTornEnd() throws {
    let (full, sizes) = try Self.filled(6)
    let path = LogSegment.path(1)
    let bytes = try #require(full.bytes(path))
    for offset in bytes.indices.dropLast(bytes.count - (try Self.lastMember(bytes))) {
      for bit in 0..<8 as Range<UInt8> {
        let disk = MemoryDisk(seed: 1)
        var damaged = bytes
        damaged[offset] ^= 1 << bit
        disk.put(path, damaged)
        let log = try ServerLog(disk, repairing: false, sizes: sizes)
        #expect(log.torn == nil, "\(offset)")
      }
    }
  }

  /// An index that was left from another log, as when a backup is put over one, is found out.
  @Test func indexOfAnotherLogIsNotFollowed() throws {
    for count in 1...9 {
      let (other, sizes) = try Self.filled(count)
      for mine in 1...9 where mine != count {
        let disk = MemoryDisk(seed: 1)
        var log = try ServerLog(disk, repairing: true, sizes: sizes)
        // Two blocks a member, so that the offsets are others.
        for start in stride(from: 0, to: mine * 2, by: 2) {
          log = try log.appending([BlockMember(Array(Self.blocks[start..<start + 2]), Deflater())])
        }
        disk.put(LogSegment.indexPath(1), try #require(other.bytes(LogSegment.indexPath(1))))
        let opened = try ServerLog(disk, repairing: true, sizes: sizes)
        #expect(opened.last == log.last && opened.sum == log.sum && opened.damage.isEmpty)
        #expect(try Self.read(opened) == Array(Self.blocks.prefix(mine * 2)))
      }
    }
  }

  /// A log may have thousands of segments, a process far fewer descriptors.
  @Test func onlyTheLastSegmentStaysOpen() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("askonce-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func openFiles() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
      }.filter { $0.hasPrefix(folder) }
    }
    var sizes = Sizes()
    sizes.segmentMembers = 1
    var log = try ServerLog(FolderDisk(folder), repairing: true, sizes: sizes)
    for member in Self.members(Self.blocks) { log = try log.appending([member]) }
    #expect(try openFiles().count == 2)
    log = try ServerLog(FolderDisk(folder), repairing: true, sizes: sizes)
    #expect(try Self.read(log) == Self.blocks)
    #expect(try openFiles().count == 2)
    // Parts of files that are to be sent keep these open until they are.
    var extents = try log.extents(1...log.last, limit: .max).extents
    #expect(extents.count == Self.blocks.count)
    #expect(try openFiles().count == Self.blocks.count + 1)
    extents = []
    #expect(try openFiles().count == 2)
    for first in Self.blocks.dropLast().compactMap(\.placement?.first) { log = try log.joining(first) }
    #expect(try openFiles().count == 2)
    #expect(try Self.read(log) == Self.blocks)
  }

  /// Who has the log as it was before a segment was replaced goes on reading the old file.
  @Test(arguments: [true, false]) func aReplacedSegmentIsReadToTheEnd(isReading: Bool) throws {
    let (disk, sizes) = try Self.filled(Self.blocks.count, segment: 8)
    let old = try ServerLog(disk, repairing: true, sizes: sizes)
    let other = try ServerLog(disk, repairing: false, sizes: sizes)
    let extents = isReading ? try old.extents(1...old.last, limit: .max).extents : []
    let joined = try old.joining(1)
    #expect(joined.memberCount < old.memberCount)
    for log in [old, joined, other] { #expect(try Self.read(log) == Self.blocks) }
    let sent = try (isReading ? extents : old.extents(1...old.last, limit: .max).extents).flatMap {
      try $0.file.read(at: $0.offset, count: $0.length)
    }
    #expect(sent.count == old.size)
  }
}
