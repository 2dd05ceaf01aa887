import ChangeCodec
import Codec

/// Reading a log's segments as it is opened. An index saves reading all but the end of a file.
extension ServerLog {
  /// What a file's members turned out to be, behind those that are taken from its index.
  private enum Reading {
    case whole
    /// The members up to a place.
    case damaged(Damage)
    /// Not what the index says: it may be of another file, as when a backup was put over this one.
    case unlikeIndex
  }

  /// Opens one segment. Returns whether the log may go on behind it.
  ///
  /// - Parameter reach: the position up to which runs say that the log was durable.
  mutating func open(
    _ first: UInt64, isLast: Bool, repairing: Bool, reach: UInt64
  ) throws(StorageError) -> Bool {
    let disk = self.disk
    let path = LogSegment.path(first)
    let file = try onDisk { () throws(DiskError) in try disk.open(path, isLast && repairing ? .append : .read)
    }
    let size = try onDisk { () throws(DiskError) in try file.size() }
    let listed = try Self.listed(disk, first)
    var segment = LogSegment(
      first: first, file: SegmentFile(disk, path, file, isKept: !repairing),
      appending: isLast && repairing ? file : nil, size: size)
    var indexed = Array(listed.prefix { $0.offset < UInt64(size) })
    let before = (last, sum)
    var reading = try read(&segment, file, indexed)
    if case .unlikeIndex = reading {
      (last, sum) = before
      indexed = []
      reading = try read(&segment, file, indexed)
    }
    // What is in the index was on disk when it was noted there, and so was what is in a run.
    let lost = segment.lost(of: listed)
    var isWhole = true
    if case .damaged(let found) = reading {
      isWhole = false
      segment.size = found.offset
      if isLast, lost == 0, last >= reach, try isTorn(file, found) {
        torn = found
      } else {
        damage.append(found)
      }
    } else if isLast, lost > 0 {
      isWhole = false
      let reason = "ends too early: its index lists \(lost) more \(lost == 1 ? "member" : "members")"
      damage.append(Damage(file: LogSegment.path(first), offset: segment.size, reason: reason))
    }
    if repairing, isLast, isWhole || torn != nil {
      try onDisk { () throws(DiskError) in
        if torn != nil { try file.truncate(to: segment.size) }
        // What a process that was killed had not synced yet counts from now on, and stands in the index.
        if torn != nil || segment.entries.count > listed.count { try file.sync() }
      }
    }
    // Of a damaged file the index stays, which says what is missing.
    if repairing, isWhole || torn != nil, isLast || segment.entries.count != indexed.count {
      // Derived: a full disk keeps nobody from reading. Without one, the next opening reads more.
      let index = try? Self.rewriteIndex(disk, segment)
      if isLast { segment.index = index }
    }
    segments.append(segment)
    return isWhole
  }

  /// The members that a segment's index lists; none where it is another one's, lost or damaged.
  static func listed(_ disk: any Disk, _ first: UInt64) throws(StorageError) -> [LogSegment.Entry] {
    let bytes = try onDisk { () throws(DiskError) in try disk.readAll(LogSegment.indexPath(first)) } ?? []
    let entries = LogSegment.parse(bytes)
    return entries.first?.first == first ? entries : []
  }

  /// The position up to which runs say that the log was durable; 0 where there are none.
  ///
  /// Their names are enough: a run gets its own when it is whole, and it is made of what was acknowledged.
  static func reach(of disk: any Disk) throws(StorageError) -> UInt64 {
    let listing = try onDisk { () throws(DiskError) in try disk.list(RunName.folder) }
    return RunName.parse(listing).map(\.last).max() ?? 0
  }

  /// What the log lost although it is whole up to its end: a file of which the index is left, or what runs were made of.
  ///
  /// - Parameter listing: the names in the log's folder.
  func lost(_ listing: [String], reach: UInt64) throws(StorageError) -> Damage? {
    let names = Set(listing)
    for name in listing.sorted() where name.hasSuffix(".index") {
      let start = name.dropLast(".index".count)
      guard let first = UInt64(start), !names.contains("\(start).jsonl.gz") else { continue }
      let (path, count) = (LogSegment.path(first), try Self.listed(disk, first).count)
      // Looked for once more: a server may just have made both.
      if count > 0, try onDisk({ () throws(DiskError) in try disk.openIfThere(path) }) == nil {
        return Damage(
          file: path, offset: 0,
          reason: "missing: its index lists \(count) \(count == 1 ? "member" : "members")")
      }
    }
    guard last < reach else { return nil }
    return Damage(
      file: LogSegment.path(segments.last?.first ?? 1), offset: segments.last?.size ?? 0,
      reason: "the log ends at position \(last), and runs were made of it up to \(reach)")
  }

  /// Takes a segment's members: from its index all but the last two, which show whether it is the file's.
  ///
  /// The very last is read in any case: its end and its last position are in no index.
  private mutating func read(
    _ segment: inout LogSegment, _ file: any DiskFile, _ indexed: [LogSegment.Entry]
  ) throws(StorageError) -> Reading {
    let taken = max(0, indexed.count - 2)
    segment.entries = Array(indexed[..<taken])
    if taken > 0 { (last, sum) = (indexed[taken].first - 1, indexed[taken - 1].sum) }
    var scanner = MemberScanner(
      file, path: LogSegment.path(segment.first), from: taken > 0 ? Int(indexed[taken].offset) : 0)
    do throws(StorageError) {
      while try take(&scanner, &segment) {
        let number = segment.entries.count - 1
        if number < indexed.count, segment.entries[number] != indexed[number] { return .unlikeIndex }
      }
      // More than at first, where the server appends meanwhile.
      segment.size = max(segment.size, scanner.offset)
      return segment.entries.count < indexed.count ? .unlikeIndex : .whole
    } catch {
      guard case .damaged(let found) = error else { throw error }
      let isEnd =
        found.reason == CompressionError.truncated.description && segment.entries.count + 1 >= indexed.count
      if taken > 0, !isEnd { return .unlikeIndex }
      return .damaged(
        Damage(file: LogSegment.path(segment.first), offset: scanner.offset, reason: found.reason))
    }
  }

  /// Takes the next member of a segment that is being opened. Returns false at its end.
  ///
  /// - Throws: `StorageError`; then it and the scanner are as they were.
  private mutating func take(
    _ scanner: inout MemberScanner, _ segment: inout LogSegment
  ) throws(StorageError) -> Bool {
    var ahead = scanner
    guard let member = try ahead.next(limit: BlockMember.textLimit) else { return false }
    func damaged(_ reason: String) -> StorageError {
      .damaged(Damage(file: LogSegment.path(segment.first), offset: member.start, reason: reason))
    }
    let blocks: [Block]
    do throws(JSONError) {
      blocks = try BlockText.parseAll(member.text.span)
    } catch {
      throw damaged(error.description)
    }
    guard let begin = blocks.first?.placement?.first else { throw damaged("a member without a position") }
    var (end, sum) = (last, self.sum)
    for block in blocks {
      guard let placement = block.placement, placement.first == end + 1 else {
        throw damaged("expected position \(end + 1)")
      }
      sum = placement.sum
      end = block.last
    }
    (last, self.sum) = (end, sum)
    segment.entries.append(.init(first: begin, offset: UInt64(member.start), sum: sum))
    scanner = ahead
    return true
  }

  /// Whether what was found at the end of the last segment is what a crash left of a push: its beginning, and behind that
  /// zeros where power loss kept a file system from writing more than the file's size.
  private func isTorn(_ file: any DiskFile, _ found: Damage) throws(StorageError) -> Bool {
    let rest = try onDisk { () throws(DiskError) in
      try file.read(at: found.offset, count: max(0, file.size() - found.offset))
    }
    let written = rest.prefix((rest.lastIndex { $0 != 0 } ?? -1) + 1)
    let zeros = rest.count - written.count
    return (found.reason == CompressionError.truncated.description || Self.isBeginning(written, zeros: zeros))
      && !Self.hasMember(rest)
  }

  /// Whether bytes in front of zeros are none, or the beginning of a member.
  private static func isBeginning(_ written: ArraySlice<UInt8>, zeros: Int) -> Bool {
    if written.isEmpty { return true }
    // A whole member may end in some zeros, and without them its beginning is left: that one was damaged otherwise.
    guard zeros > gzipTrailer else { return false }
    var text: [UInt8] = []
    do throws(CompressionError) {
      _ = try Inflater().inflateMember(Array(written).span, limit: BlockMember.textLimit, to: &text)
      return false
    } catch {
      return error == .truncated
    }
  }

  /// The checksum and the size that end a member, in bytes: RFC 1952, section 2.3.
  private static let gzipTrailer = 8

  /// Whether an intact member begins behind the first byte: then what ends too early there is not what a crash left of a push,
  /// but a member that was damaged so that it seems to go on through those behind it.
  private static func hasMember(_ rest: [UInt8]) -> Bool {
    let inflater = Inflater()
    for start in rest.indices.dropFirst()
    where rest[start] == 0x1F && rest[start...].starts(with: [0x1F, 0x8B, 0x08]) {
      var text: [UInt8] = []
      do {
        _ = try inflater.inflateMember(rest.span, from: start, limit: BlockMember.textLimit, to: &text)
      } catch {
        continue
      }
      if (try? BlockText.parseAll(text.span))?.first?.placement != nil { return true }
    }
    return false
  }
}
