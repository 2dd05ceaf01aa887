import Causality
import ChangeCodec
import Codec
import Merge

/// The server's log of one workspace: all changes in the order that it gave them.
///
/// In memory it holds 24 bytes a member, nothing that grows with entities, and open the file that is appended to. A value:
/// the server keeps it behind a lock, copies what it needs, and does its reading and writing outside.
package struct ServerLog: Sendable {
  let disk: any Disk
  private let sizes: Sizes
  var segments: [LogSegment] = []
  /// The last position, 0 for none.
  package internal(set) var last: UInt64 = 0
  /// The chain's sum at `last`.
  package internal(set) var sum: UInt32 = 0
  /// What was found damaged; the log ends before the first of it.
  package internal(set) var damage: [Damage] = []
  /// What a crash left of a push that was never acknowledged.
  package internal(set) var torn: Damage?

  /// Opens the log, reading the index files and what lies behind them.
  ///
  /// A log that ends in front of what its index or a run says was durable is damaged, however whole it looks.
  /// - Parameter repairing: whether a torn end may be cut off, by the one who appends. Damaged parts are left as they are. Who
  ///   only reads keeps all files open, because the one who appends may replace them meanwhile.
  package init(_ disk: any Disk, repairing: Bool, sizes: Sizes = .standard) throws(StorageError) {
    self.disk = disk
    self.sizes = sizes
    // Before the log, which only grows, is looked at.
    let reach = try Self.reach(of: disk)
    let listing = try onDisk { () throws(DiskError) in try disk.list(LogSegment.folder) }
    var firsts: [UInt64] = []
    for first in listing.filter({ $0.hasSuffix(".jsonl.gz") }).compactMap({ UInt64($0.prefix { $0 != "." }) })
    {
      // One that was begun and has nothing in it, perhaps because the disk refused then and the one before went on.
      if try Self.isEmpty(disk, first) {
        if repairing { try Self.remove(disk, first) }
      } else {
        firsts.append(first)
      }
    }
    firsts.sort()
    for (number, first) in firsts.enumerated() {
      let isLast = number == firsts.count - 1
      guard first == last + 1 else {
        damage.append(
          Damage(file: LogSegment.path(first), offset: 0, reason: "starts at \(first), expected \(last + 1)"))
        break
      }
      guard try open(first, isLast: isLast, repairing: repairing, reach: reach) else { break }
    }
    if damage.isEmpty, let lost = try lost(listing, reach: reach) { damage.append(lost) }
  }

  /// Whether a segment has nothing in it and never had.
  private static func isEmpty(_ disk: any Disk, _ first: UInt64) throws(StorageError) -> Bool {
    let size = try onDisk { () throws(DiskError) in try disk.open(path(first), .read).size() }
    if size > 0 { return false }
    return try listed(disk, first).isEmpty
  }

  private static func remove(_ disk: any Disk, _ first: UInt64) throws(StorageError) {
    try onDisk { () throws(DiskError) in
      try disk.remove(indexPath(first))
      try disk.remove(path(first))
      try disk.syncFolder(LogSegment.folder)
    }
  }

  static func rewriteIndex(_ disk: any Disk, _ segment: LogSegment) throws(StorageError)
    -> any DiskFile
  {
    var bytes = LogSegment.magic
    for entry in segment.entries { bytes += LogSegment.bytes(entry) }
    let path = LogSegment.indexPath(segment.first)
    return try onDisk { () throws(DiskError) in
      try disk.replace(path, with: bytes)
      return try disk.open(path, .append)
    }
  }

  /// Appends members, makes them durable, and returns the log with them: one write, one sync.
  ///
  /// - Precondition: their blocks are placed from `last` + 1 on. Nobody else appends meanwhile.
  /// - Throws: `StorageError`; then nothing was appended.
  package func appending(_ members: [BlockMember]) throws(StorageError) -> ServerLog {
    guard let first = members.first?.blocks.first?.placement?.first else { return self }
    var log = self
    if log.needsSegment { try log.startSegment(first) }
    try log.write(members)
    return log
  }

  private var needsSegment: Bool {
    guard let current = segments.last else { return true }
    return current.size >= sizes.segment || current.entries.count >= sizes.segmentMembers
  }

  mutating func startSegment(_ first: UInt64) throws(StorageError) {
    let disk = self.disk
    let file = try onDisk { () throws(DiskError) -> any DiskFile in
      try disk.makeFolder(LogSegment.folder)
      let file = try disk.open(LogSegment.path(first), .replace)
      try disk.syncFolder(LogSegment.folder)
      return file
    }
    var segment = LogSegment(
      first: first, file: SegmentFile(disk, LogSegment.path(first), file, isKept: false), appending: file,
      size: 0)
    segment.index = try Self.rewriteIndex(disk, segment)
    if let current = segments.popLast() { segments.append(current.closed) }
    segments.append(segment)
  }

  /// The last segment's file, open for appending.
  func appending(_ segment: LogSegment) throws(StorageError) -> any DiskFile {
    if let file = segment.appending { return file }
    let disk = self.disk
    return try onDisk { () throws(DiskError) in try disk.open(LogSegment.path(segment.first), .append) }
  }

  /// Writes members behind the last segment's and syncs them.
  private mutating func write(_ members: [BlockMember]) throws(StorageError) {
    let current = segments.count - 1
    let file = try appending(segments[current])
    let size = segments[current].size
    var bytes: [UInt8] = []
    var entries: [LogSegment.Entry] = []
    for member in members {
      let begin = member.blocks[0].placement?.first ?? 0
      let end = member.blocks[member.blocks.count - 1]
      let sum = end.placement?.sum ?? 0
      entries.append(LogSegment.Entry(first: begin, offset: UInt64(size + bytes.count), sum: sum))
      bytes += member.bytes
      self.last = end.last
      self.sum = sum
    }
    do throws(DiskError) {
      // What an earlier write left behind, when it could not be cut off then.
      if try file.size() != size { try file.truncate(to: size) }
      try file.append(bytes.span)
      try file.sync()
    } catch {
      // What a failed write left behind must not stand before the next push.
      try? file.truncate(to: size)
      throw StorageError(error)
    }
    segments[current].size += bytes.count
    segments[current].entries += entries
    // The index is derived: what is missing from it is read from the log when it is opened.
    let records = entries.flatMap(LogSegment.bytes)
    do throws(DiskError) {
      try segments[current].index?.append(records.span)
    } catch {
      // A later entry behind the gap would make two members look like one.
      segments[current].index = nil
    }
  }

  func segment(at position: UInt64) -> Int {
    segments.lastIndex(ofSortedWhere: { $0.first <= position })
  }

  /// The chain's sum at a position; nil where no block ends there or the log does not reach it.
  ///
  /// Cost: none at the end of a member, one member's bytes within it.
  package func sum(at position: UInt64) throws(StorageError) -> UInt32? {
    switch place(of: position) {
    case .known(let sum): return sum
    case .within(let segment, let member):
      return try segments[segment].blocks(member).first { $0.last == position }?.placement?.sum
    }
  }

  /// Whether `sum(at:)` of a position takes no reading.
  package func knowsSum(at position: UInt64) -> Bool {
    if case .known = place(of: position) { true } else { false }
  }

  /// Where the sum at a position is found.
  private enum Place {
    case known(UInt32?)
    /// In a member of a segment, by their numbers.
    case within(Int, Int)
  }

  private func place(of position: UInt64) -> Place {
    if position == 0 { return .known(0) }
    if position == last { return .known(sum) }
    guard position < last else { return .known(nil) }
    let number = segment(at: position)
    let segment = segments[number]
    let member = segment.member(at: position)
    let next =
      member + 1 < segment.entries.count ? segment.entries[member + 1].first : nextSegmentFirst(segment)
    return next == position + 1 ? .known(segment.entries[member].sum) : .within(number, member)
  }

  private func nextSegmentFirst(_ segment: LogSegment) -> UInt64? {
    segments.first { $0.first > segment.first }?.first
  }

  /// A part of a file of the log.
  package struct Extent: Sendable {
    package let file: any DiskFile
    package let offset: Int
    package let length: Int

    package init(file: any DiskFile, offset: Int, length: Int) {
      self.file = file
      self.offset = offset
      self.length = length
    }
  }

  /// The members that hold positions, as they lie in the files.
  ///
  /// The first may begin before `positions`. No member is cut; at least one is returned where there is one.
  /// - Parameter limit: the most bytes, beyond the first member.
  /// - Returns: the extents and the last position in them. Their files are open as long as they are there.
  package func extents(
    _ positions: ClosedRange<UInt64>, limit: Int
  ) throws(StorageError) -> (extents: [Extent], last: UInt64) {
    var extents: [Extent] = []
    var room = limit
    var reached = positions.lowerBound - 1
    guard positions.lowerBound <= last, !segments.isEmpty else { return ([], reached) }
    for number in segment(at: positions.lowerBound)..<segments.count {
      let segment = segments[number]
      guard segment.first <= positions.upperBound else { break }
      let start = segment.member(at: positions.lowerBound)
      var end = start
      while end < segment.entries.count, segment.entries[end].first <= positions.upperBound {
        let size = segment.range(end).count
        if size > room, !(extents.isEmpty && end == start) { break }
        room -= size
        end += 1
      }
      guard end > start else { break }
      let offset = segment.range(start).lowerBound
      extents.append(
        Extent(
          file: try segment.file.open(), offset: offset, length: segment.range(end - 1).upperBound - offset))
      if end < segment.entries.count {
        reached = segment.entries[end].first - 1
        break
      }
      reached = number + 1 < segments.count ? segments[number + 1].first - 1 : last
    }
    return (extents, reached)
  }

  /// Visits the blocks from a position on, member by member, without holding more than one.
  ///
  /// - Parameter visit: returns whether to go on.
  package func forEachBlock(
    from position: UInt64, _ visit: (Block) throws(StorageError) -> Bool
  ) throws(StorageError) {
    guard position <= last, !segments.isEmpty else { return }
    for segment in segments[segment(at: position)...] {
      let file = try segment.file.open()
      defer { withExtendedLifetime(file) {} }
      for member in segment.member(at: position)..<segment.entries.count {
        for block in try segment.blocks(member) where block.last >= position {
          if try !visit(block) { return }
        }
      }
    }
  }

  /// The first positions of segments that are full and hold members worth joining.
  package var joinable: [UInt64] {
    segments.dropLast().filter { $0.entries.count > sizes.joinAbove && $0.size / $0.entries.count < 8 << 10 }
      .map(\.first)
  }

  /// Joins the small members of a full segment and returns the log with it.
  ///
  /// The file is replaced as a whole; who still reads the old one goes on reading it.
  package func joining(_ first: UInt64) throws(StorageError) -> ServerLog {
    try rewriting(first) { (old, segment, deflater) throws(StorageError) in
      // Kept open until all of it is read.
      let file = try old.file.open()
      defer { withExtendedLifetime(file) {} }
      var pending: [Block] = []
      var size = 0
      for member in old.entries.indices {
        for block in try old.blocks(member) {
          pending.append(block)
          size += block.changes.reduce(128) { $0 + $1.body.count + 32 }
          guard size >= sizes.joined else { continue }
          try segment.append(BlockMember(pending, deflater))
          pending = []
          size = 0
        }
      }
      try segment.append(BlockMember(pending, deflater))
    }
  }

  /// Puts joined segments of `other` into this log, which was appended to meanwhile.
  package mutating func adoptSegment(_ first: UInt64, from other: ServerLog) {
    guard let mine = segments.firstIndex(where: { $0.first == first }),
      let theirs = other.segments.first(where: { $0.first == first })
    else { return }
    segments[mine] = theirs
  }

  /// The file of the segment that starts at a position, and its index.
  package static func path(_ first: UInt64) -> String { LogSegment.path(first) }
  package static func indexPath(_ first: UInt64) -> String { LogSegment.indexPath(first) }

  /// The number of members and of bytes, for reports.
  package var memberCount: Int { segments.reduce(0) { $0 + $1.entries.count } }
  package var size: Int { segments.reduce(0) { $0 + $1.size } }
}
