import Causality
import ChangeCodec
import Codec
import Merge

/// Writes one run from changes that come sorted by entity, then position. Holds the members in memory that are compressed at a
/// time.
package final class RunWriter {
  private let disk: any Disk
  private let name: RunName
  private let file: any DiskFile
  private let level: Int32
  private let batch: Int
  private let textLimit: Int
  private var member = RunText()
  private var pending: [PlacedChange] = []
  /// Members that are not compressed yet.
  private var full: [Member] = []
  private var index: RunIndexBuilder
  private var offset: Int
  private var count: UInt64 = 0

  private struct Member: Sendable {
    let text: [UInt8]
    let cuts: [Int]
    let changes: [PlacedChange]
  }

  /// - Parameters:
  ///   - sum: the chain's sum at the run's last position.
  ///   - level: zlib's, 1 to 9.
  ///   - batch: how many members are compressed at a time, on all cores.
  ///   - textLimit: the most bytes of text that a member may have.
  package init(
    _ disk: any Disk, _ name: RunName, sum: UInt32, level: Int32 = 6, batch: Int = 1,
    textLimit: Int = RunText.maximumText
  ) throws(StorageError) {
    self.disk = disk
    self.name = name
    self.level = level
    self.batch = batch
    self.textLimit = textLimit
    let header = Deflater(level: level).compress(
      RunFileHeader(first: name.first, last: name.last, sum: sum).text)
    let file = try onDisk { () throws(DiskError) in
      try disk.makeFolder(RunName.folder)
      return try disk.open(name.path + ".new", .replace)
    }
    try onDisk { () throws(DiskError) in try file.append(header.span) }
    self.file = file
    offset = header.count
    index = RunIndexBuilder(name: name, sum: sum, start: header.count)
  }

  /// Adds the next change.
  ///
  /// - Throws: `StorageError.refused` where a member becomes larger than any reader takes; `finish`, too.
  package func add(_ change: PlacedChange) throws(StorageError) {
    if !member.isEmpty, member.isFull(before: change.change.on) { try close() }
    member.add(change)
    pending.append(change)
    count += 1
  }

  private func close() throws(StorageError) {
    var text: [UInt8] = []
    let cuts = member.finish(to: &text)
    // Whoever cannot read it must not get it in the place of what can be read.
    guard text.count <= textLimit else {
      throw .refused(
        "a member of run \(name) would have \(text.count) bytes of text; the limit is \(textLimit)")
    }
    full.append(Member(text: text, cuts: cuts, changes: pending))
    pending.removeAll(keepingCapacity: true)
    if full.count >= batch { try write() }
  }

  private func write() throws(StorageError) {
    let compressed = SideBySide.map(full.count) { [full, level] index in
      let member = full[index]
      var bytes: [UInt8] = []
      Deflater(level: level).compress(member.text.span, cuts: member.cuts, to: &bytes)
      return bytes
    }
    for (member, bytes) in zip(full, compressed) {
      try onDisk { () throws(DiskError) in try file.append(bytes.span) }
      offset += bytes.count
      index.add(member.changes, end: offset)
    }
    full.removeAll(keepingCapacity: true)
  }

  /// Removes what was written: there will be no such run.
  package func abandon() throws(StorageError) {
    try onDisk { () throws(DiskError) in try disk.remove(name.path + ".new") }
  }

  /// Closes the run and makes it durable under its name.
  package func finish() throws(StorageError) {
    if !member.isEmpty { try close() }
    try write()
    precondition(count == name.last - name.first + 1, "a run holds every change between its positions")
    try onDisk { () throws(DiskError) in
      try file.sync()
      try disk.replace(name.indexPath, with: index.bytes())
      try disk.rename(name.path + ".new", to: name.path)
      try disk.syncFolder(RunName.folder)
    }
  }
}
