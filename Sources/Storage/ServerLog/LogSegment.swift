import ChangeCodec
import Codec

/// One file of a server's log: gzip members of blocks, and beside it an index of where each starts.
///
/// `log/0000000001.jsonl.gz` is named by its first position; `log/0000000001.index` is derived: the magic
/// `AOLOGIX1`, then for each member its first position, offset (8 bytes each, little-endian), the chain's sum behind
/// it, and the CRC-32 of those 20 bytes (4 each). An entry is written once its member is durable, so a file that ends in front
/// of one has lost its end.
struct LogSegment: Sendable {
  /// A member of the segment.
  struct Entry: Hashable, Sendable {
    let first: UInt64
    let offset: UInt64
    /// The chain's sum behind the member's last position.
    let sum: UInt32
  }

  let first: UInt64
  let file: SegmentFile
  /// The file, open for appending, and the index's: of the last segment only.
  var appending: (any DiskFile)?
  var index: (any DiskFile)?
  /// The size of the intact members, in bytes.
  var size: Int
  var entries: [Entry] = []

  static let folder = "log"
  static let magic = Array("AOLOGIX1".utf8)
  static let entrySize = 24

  static func path(_ first: UInt64) -> String { MirrorLog.path(first) }

  static func indexPath(_ first: UInt64) -> String {
    String(path(first).dropLast(".jsonl.gz".count)) + ".index"
  }

  static func bytes(_ entry: Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: entry.first)
    bytes.append(number: entry.offset)
    bytes.append(number: entry.sum)
    bytes.append(number: Checksum.crc32(bytes))
    return bytes
  }

  /// The intact entries at the start of an index file's bytes.
  static func parse(_ bytes: [UInt8]) -> [Entry] {
    guard bytes.starts(with: magic) else { return [] }
    var entries: [Entry] = []
    var offset = magic.count
    while offset + entrySize <= bytes.count {
      let entry = Entry(
        first: bytes.number(offset), offset: bytes.number(offset + 8), sum: bytes.number(offset + 16))
      guard bytes.number(offset + 20) == Checksum.crc32(bytes.span.extracting(offset..<offset + 20)),
        entries.last.map({ $0.first < entry.first && $0.offset < entry.offset }) ?? (entry.offset == 0)
      else { break }
      entries.append(entry)
      offset += entrySize
    }
    return entries
  }

  /// How many members an index lists behind the last one that the file has, where the index is of this file; 0 for none.
  func lost(of listed: [Entry]) -> Int {
    listed.starts(with: entries) ? listed.count - entries.count : 0
  }

  /// The segment as it is once another one is appended to.
  var closed: LogSegment {
    var segment = self
    segment.appending = nil
    segment.index = nil
    return segment
  }

  /// Writes a member at the end of a file that is being made.
  mutating func append(_ member: BlockMember) throws(StorageError) {
    guard let begin = member.blocks.first?.placement?.first, let sum = member.blocks.last?.placement?.sum
    else { return }
    let file = try self.file.open()
    try onDisk { () throws(DiskError) in try file.append(member.bytes.span) }
    entries.append(Entry(first: begin, offset: UInt64(size), sum: sum))
    size += member.bytes.count
  }

  /// The byte range of a member.
  func range(_ member: Int) -> Range<Int> {
    Int(entries[member].offset)..<(member + 1 < entries.count ? Int(entries[member + 1].offset) : size)
  }

  /// The last member that starts at or before a position.
  func member(at position: UInt64) -> Int {
    entries.lastIndex(ofSortedWhere: { $0.first <= position })
  }

  /// The blocks of a member. Cost: the member; who reads several keeps the file open meanwhile.
  func blocks(_ member: Int) throws(StorageError) -> [Block] {
    let range = range(member)
    let file = try self.file.open()
    let path = Self.path(first)
    let bytes = try onDisk { () throws(DiskError) in try file.read(at: range.lowerBound, count: range.count) }
    var text: [UInt8] = []
    do throws(CompressionError) {
      _ = try Inflater().inflateMember(bytes.span, limit: BlockMember.textLimit, to: &text)
    } catch {
      throw .damaged(Damage(file: path, offset: range.lowerBound, reason: error.description))
    }
    do throws(JSONError) {
      return try BlockText.parseAll(text.span)
    } catch {
      throw .damaged(Damage(file: path, offset: range.lowerBound, reason: error.description))
    }
  }
}
