import ChangeCodec
import Codec
import Merge
import TestSupport
import Testing

@testable import Storage

/// A server's log that ends in front of what is known to have been durable: damage, which nobody cuts off.
@Suite struct LostEndTests {
  private static let blocks = RandomLog(seed: 7, changes: 24).blocks

  /// A log of the first blocks, a member each, in segments of so many members.
  private static func filled(_ count: Int, segment: Int) throws -> (disk: MemoryDisk, sizes: Sizes) {
    var sizes = Sizes()
    sizes.segmentMembers = segment
    let disk = MemoryDisk(seed: 3)
    var log = try ServerLog(disk, repairing: true, sizes: sizes)
    for block in blocks.prefix(count) { log = try log.appending([BlockMember([block], Deflater())]) }
    return (disk, sizes)
  }

  private static func lastPath(_ disk: MemoryDisk) throws -> String {
    try #require(disk.paths.last { $0.hasSuffix(".jsonl.gz") })
  }

  /// Found by all who open it, however often, and left as it is.
  private static func expectDamage(_ disk: MemoryDisk, _ sizes: Sizes, _ file: String, _ place: Comment)
    throws
  {
    let before = disk.paths.map { ($0, disk.bytes($0)) }
    for repairing in [false, true, true] {
      let log = try ServerLog(disk, repairing: repairing, sizes: sizes)
      #expect(log.damage.count == 1 && log.damage.first?.file == file && log.torn == nil, place)
    }
    #expect(disk.paths == before.map(\.0) && disk.paths.map { disk.bytes($0) } == before.map(\.1), place)
  }

  /// Cut in a member or between two, down to nothing.
  @Test(arguments: [(1, 100), (3, 100), (5, 4), (6, 4)])
  func whatTheIndexListsIsNoTornEnd(shape: (count: Int, segment: Int)) throws {
    let (full, sizes) = try Self.filled(shape.count, segment: shape.segment)
    let path = try Self.lastPath(full)
    let bytes = try #require(full.bytes(path))
    for size in bytes.indices {
      let disk = full.copy(SeededGenerator(seed: UInt64(size)))
      disk.put(path, Array(bytes[..<size]))
      try Self.expectDamage(disk, sizes, path, "\(size)")
    }
  }

  @Test(arguments: [(1, 100), (3, 100), (5, 4)])
  func aFileThatIsGoneBesideItsIndexIsDamage(shape: (count: Int, segment: Int)) throws {
    let (disk, sizes) = try Self.filled(shape.count, segment: shape.segment)
    let path = try Self.lastPath(disk)
    try disk.remove(path)
    try Self.expectDamage(disk, sizes, path, "gone")
  }

  /// An index may be lost; runs are made of what was acknowledged, too.
  @Test func whatRunsHoldIsNoTornEnd() throws {
    let (full, sizes) = try Self.filled(4, segment: 100)
    try full.makeFolder(RunName.folder)
    let path = LogSegment.path(1)
    try full.remove(LogSegment.indexPath(1))
    let bytes = try #require(full.bytes(path))
    let last = try ServerLog(full, repairing: false, sizes: sizes).last
    for (reach, isBehind) in [(last, true), (Self.blocks[2].last, false)] {
      for cut in [1, 5] {
        let disk = full.copy(SeededGenerator(seed: reach))
        disk.put(RunName(first: 1, last: reach).path, [1])
        disk.put(path, Array(bytes.dropLast(cut)))
        let log = try ServerLog(disk, repairing: true, sizes: sizes)
        #expect(log.damage.isEmpty != isBehind && (log.torn != nil) != isBehind, "\(reach) \(cut)")
        #expect((disk.bytes(path)?.count == bytes.count - cut) == isBehind)
      }
    }
    // As if nothing had ever been in it.
    full.put(RunName(first: 1, last: last).path, [1])
    try full.remove(path)
    #expect(try ServerLog(full, repairing: true, sizes: sizes).damage.map(\.file) == [path])
  }

  /// One that was begun, and in which nothing was ever stored.
  @Test func anEmptyFileWithAnEmptyIndexIsRemoved() throws {
    let (disk, sizes) = try Self.filled(3, segment: 100)
    let log = try ServerLog(disk, repairing: true, sizes: sizes).startingSegment()
    #expect(disk.paths.count == 4)
    let again = try ServerLog(disk, repairing: true, sizes: sizes)
    #expect(again.last == log.last && again.damage.isEmpty && disk.paths.count == 2)
  }
}
