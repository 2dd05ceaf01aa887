import Causality
import ChangeCodec
import Codec
import Merge

/// Taking what was erased out of a server's log, segment by segment, while it is appended to.
extension ServerLog {
  /// The segments in which changes of erased entities have more than an erasure leaves, by their first positions.
  ///
  /// Cost: a member for each of the positions that share one.
  /// - Parameter positions: where changes of the entities stand.
  package func unerased(
    _ positions: Set<UInt64>, _ entities: Set<EntityID>
  ) throws(StorageError) -> [UInt64] {
    var found: [UInt64] = []
    var seen: Set<UInt64> = []
    for position in positions.sorted() where position <= last {
      let segment = segments[segment(at: position)]
      if found.last == segment.first { continue }
      let member = segment.member(at: position)
      guard seen.insert(segment.entries[member].first).inserted else { continue }
      if try segment.blocks(member).contains(where: { $0.erasing(entities) != nil }) {
        found.append(segment.first)
      }
    }
    return found
  }

  /// Whether a segment is the one that is appended to.
  package func isOpen(_ first: UInt64) -> Bool { segments.last?.first == first }

  /// The log with a new segment behind the last one, so that what was the last can be replaced.
  ///
  /// - Precondition: nobody appends meanwhile.
  package func startingSegment() throws(StorageError) -> ServerLog {
    var log = self
    guard let current = segments.last, !current.entries.isEmpty else { return log }
    let file = try appending(current)
    try onDisk { () throws(DiskError) in
      // What a failed write left behind counts as damage once the segment is not the last.
      if try file.size() != current.size {
        try file.truncate(to: current.size)
        try file.sync()
      }
    }
    try log.startSegment(last + 1)
    return log
  }

  /// Writes a full segment anew with stubs in the places of erased entities' changes and returns the log with it.
  ///
  /// Members without such changes are copied as they lie. The file is replaced as a whole; who still reads the old
  /// one goes on reading it.
  package func erasing(_ entities: Set<EntityID>, in first: UInt64) throws(StorageError) -> ServerLog {
    try rewriting(first) { (old, segment, deflater) throws(StorageError) in
      let file = try old.file.open()
      for member in old.entries.indices {
        let blocks = try old.blocks(member)
        let range = old.range(member)
        if blocks.contains(where: { $0.erasing(entities) != nil }) {
          try segment.append(BlockMember(blocks.map { $0.erasing(entities) ?? $0 }, deflater))
        } else {
          let bytes = try onDisk { () throws(DiskError) in
            try file.read(at: range.lowerBound, count: range.count)
          }
          try segment.append(BlockMember(bytes: bytes, blocks: blocks))
        }
      }
    }
  }

  /// Replaces a full segment's file as a whole and returns the log with the new one; the log as it is for any other segment.
  ///
  /// - Parameter write: fills the new segment from the old one.
  func rewriting(
    _ first: UInt64,
    _ write: (_ old: LogSegment, _ new: inout LogSegment, Deflater) throws(StorageError) -> Void
  ) throws(StorageError) -> ServerLog {
    var log = self
    guard let number = segments.firstIndex(where: { $0.first == first }), number < segments.count - 1 else {
      return log
    }
    let disk = self.disk
    let path = Self.path(first)
    let file = try onDisk { () throws(DiskError) in try disk.open(path + ".new", .replace) }
    var segment = LogSegment(
      first: first, file: SegmentFile(disk, path, file, isKept: false), appending: file, size: 0)
    let old = segments[number]
    try write(old, &segment, Deflater())
    // Who has the log as it was finds its members in the old file only.
    try old.file.keep()
    try onDisk { () throws(DiskError) in
      try file.sync()
      // Without its index the new file is read as a whole; with the old one it would be misread.
      try disk.remove(Self.indexPath(first))
      try disk.syncFolder(LogSegment.folder)
      try disk.rename(path + ".new", to: path)
      try disk.syncFolder(LogSegment.folder)
    }
    _ = try Self.rewriteIndex(disk, segment)
    log.segments[number] = segment.closed
    return log
  }

  /// Where the segments are.
  package static var folder: String { LogSegment.folder }

  /// Removes what a crash left of files that were being written.
  package func removeLeftovers() throws(StorageError) {
    let disk = self.disk
    try onDisk { () throws(DiskError) in
      for name in try disk.list(LogSegment.folder) where name.hasSuffix(".jsonl.gz.new") {
        try disk.remove("\(LogSegment.folder)/\(name)")
      }
    }
  }
}
