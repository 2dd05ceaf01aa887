import Causality
import Codec
import Glibc
import Merge

/// A replica's own changes, in sequence order: `own/000000000001.jsonl` and on.
///
/// A file is named by the sequence of its first change and holds canonical lines with a `crc` each. It is
/// written and synced before a command says that it is done, and kept after the server acknowledged the
/// changes, so that they can be sent again to a server that lost them. Files that are full are compressed
/// once all of their changes are acknowledged.
///
/// The last file ends in spaces, which the next change's line is written over: a sync that has no new size to write is
/// faster, as in databases that write their logs in place.
package struct OwnLog: Sendable {
  private let disk: any Disk
  private let folder: String
  private let replica: ReplicaID
  private let sizes: Sizes
  private var file: (any DiskFile)?
  /// Up to where the last file holds lines.
  private var fileSize = 0
  /// The size of the last file, with the spaces behind its lines.
  private var fullSize = 0
  /// The sequences at which the files start, ascending, and whether each is compressed.
  private var files: [OwnFile]
  /// The last sequence in use, 0 for none.
  package private(set) var lastSequence: UInt64 = 0
  /// The time of the last change, so that the clock goes on from it.
  package private(set) var lastTime = HybridTime.zero
  /// The changes after the one that was given to `open` as acknowledged.
  package private(set) var unsent: [Change] = []
  /// How many of `files` count, where an append that failed left more and they could not be removed.
  private var counted: Int?
  /// What was found damaged in the files that `init` read.
  package private(set) var damage: [Damage] = []
  /// The torn end of the last file: what a crash left of changes that no command had called done.
  package private(set) var torn: Damage?

  /// The most text that a file of own changes is read with, in bytes.
  package static let textLimit = OwnFile.limit

  /// Opens the log, reading only the files with changes after `acknowledged` and the last one.
  ///
  /// - Parameter repairing: whether a torn last line may be cut off; the bytes are kept in `own/torn`.
  package init(
    disk: any Disk, folder: String = "own", replica: ReplicaID, acknowledged: UInt64, repairing: Bool,
    sizes: Sizes = .standard
  ) throws(DiskError) {
    self.sizes = sizes
    self.disk = disk
    self.folder = folder
    self.replica = replica
    files = try OwnFile.list(disk, folder)
    for (index, file) in files.enumerated() {
      let isLast = index == files.count - 1
      if !isLast, files[index + 1].first <= acknowledged + 1 { continue }
      let content = try read(file, isLast: isLast, repairing: repairing)
      for change in content.changes {
        lastSequence = max(lastSequence, change.id.sequence)
        lastTime = max(lastTime, change.at)
        if change.id.sequence > acknowledged { unsent.append(change) }
      }
      damage += content.damage
      torn = content.torn
      if isLast, !file.isCompressed {
        fileSize = content.intact
        fullSize = content.intact + content.room
      }
    }
    // What stood in front of a file was given away, though nothing may be left of it.
    let given = files.last { 1...ChangeID.maximumSequence ~= $0.first }.map { $0.first - 1 } ?? 0
    lastSequence = max(lastSequence, acknowledged, given)
  }

  /// Appends changes and makes them durable, as `append(_:lines:)` does.
  package mutating func append(_ changes: [Change]) throws(DiskError) {
    var lines: [UInt8] = []
    for change in changes { ChangeLine.writeChecked(change, to: &lines) }
    try append(changes, lines: lines.span)
  }

  /// Appends changes and makes them durable: one write, one sync, where one fits into the room that the file has; one more of
  /// each for every file that they fill.
  ///
  /// A file is durable before the next one is there, so that a crash leaves the first ones of the changes and no gap.
  /// - Precondition: they follow `lastSequence` without a gap.
  /// - Parameter lines: what `ChangeLine.writeChecked` makes of them.
  /// - Throws: `DiskError`; then nothing was appended.
  package mutating func append(_ changes: [Change], lines: Span<UInt8>) throws(DiskError) {
    guard let first = changes.first, let last = changes.last else { return }
    precondition(first.id == ChangeID(replica, lastSequence + 1), "own changes have no gaps")
    try takeBack()
    var kept: (files: Int, size: Int)?
    var (done, start) = (0, 0)
    do {
      while start < lines.count {
        // A first file that is new has the name that it will have at the next try, and may stay.
        let file = try openForAppending(changes[done].id.sequence)
        if kept == nil { kept = (files.count, fileSize) }
        let part = part(lines, from: start, of: changes.count - done)
        try write(part.count, lines.extracting(start..<part.end), to: file)
        try file.sync()
        fileSize += part.end - start
        (done, start) = (done + part.count, part.end)
      }
    } catch {
      if let kept { giveUp(kept.files, kept.size) }
      throw error
    }
    lastSequence = last.id.sequence
    lastTime = max(lastTime, last.at)
    unsent += changes
  }

  /// How many of the lines from an offset on the last file takes before it is full, and where they end: all, or at least one.
  private func part(_ lines: Span<UInt8>, from start: Int, of count: Int) -> (count: Int, end: Int) {
    if count == 1 || fileSize + lines.count - start <= sizes.ownFile { return (count, lines.count) }
    var (found, end) = (0, start)
    while end < lines.count, found == 0 || fileSize + end - start < sizes.ownFile {
      while lines[end] != 0x0A { end += 1 }
      end += 1
      found += 1
    }
    return (found, end)
  }

  /// Goes back to how many files there were before an append, and the size of the last one of them.
  private mutating func giveUp(_ count: Int, _ size: Int) {
    file = nil
    (fileSize, fullSize) = (size, size)
    if files.count > count { counted = count }
    guard (try? takeBack()) != nil, let last = files.last else { return }
    // What a failed write left behind must not stand before the next change. Where it stays, the next append cuts it off.
    try? disk.open(last.path, .update).truncate(to: size)
  }

  /// Removes the files of an append that failed, the last one first and each durably: as long as one is there, what lies in
  /// front of it has to be.
  private mutating func takeBack() throws(DiskError) {
    guard let counted else { return }
    while files.count > counted {
      try disk.remove(files[files.count - 1].path)
      try disk.syncFolder(folder)
      files.removeLast()
    }
    self.counted = nil
  }

  private mutating func write(_ count: Int, _ lines: Span<UInt8>, to file: any DiskFile) throws(DiskError) {
    let end = fileSize + lines.count
    if count == 1, end <= fullSize { return try file.write(lines, at: fileSize) }
    // Several lines never go over what is there: where power is lost, a later one might be there without the ones before.
    if fullSize > fileSize { try file.truncate(to: fileSize) }
    fullSize = (end / sizes.ownStep + 1) * sizes.ownStep
    var bytes: [UInt8] = []
    bytes.reserveCapacity(fullSize - fileSize)
    lines.withUnsafeBufferPointer { bytes += $0 }
    bytes += repeatElement(UInt8(ascii: " "), count: fullSize - end)
    try file.write(bytes.span, at: fileSize)
  }

  /// Forgets, in memory, that changes up to a sequence are unsent.
  package mutating func acknowledge(upTo sequence: UInt64) {
    if let next = unsent.firstIndex(where: { $0.id.sequence > sequence }) {
      unsent.removeFirst(next)
    } else {
      unsent = []
    }
  }

  /// All changes from a sequence on, in order, with those of sealed files; what is damaged is left out.
  package func changes(from sequence: UInt64) throws(DiskError) -> [Change] {
    var found: [Change] = []
    for (index, file) in files.enumerated() {
      if index + 1 < files.count, files[index + 1].first <= sequence { continue }
      let bytes = try disk.readAll(file.path) ?? []
      let content = OwnFile.parse(bytes, file, replica)
      found += content.changes.filter { $0.id.sequence >= sequence }
    }
    return found
  }

  /// Compresses full files whose changes are all acknowledged, but for those of a size that only older versions wrote: some of
  /// these versions would not inflate them again.
  package mutating func seal(acknowledged: UInt64) throws(DiskError) {
    for index in files.indices.dropLast()
    where !files[index].isCompressed && files[index + 1].first <= acknowledged + 1 {
      let plain = files[index]
      guard let file = try disk.openIfThere(plain.path), try file.size() <= sizes.ownSealed else { continue }
      let bytes = try file.read(at: 0, count: file.size())
      let content = OwnFile.parse(bytes, plain, replica)
      guard content.damage.isEmpty else { continue }
      let sealed = OwnFile(folder: folder, first: plain.first, isCompressed: true)
      try disk.replace(sealed.path, with: Deflater(level: 9).compress(Array(bytes[..<content.end])))
      try disk.remove(plain.path)
      files[index] = sealed
    }
  }

  private mutating func openForAppending(_ first: UInt64) throws(DiskError) -> any DiskFile {
    if let file, fileSize < sizes.ownFile { return file }
    if let last = files.last, !last.isCompressed, fileSize < sizes.ownFile {
      let opened = try disk.open(last.path, .update)
      if try opened.size() != fullSize {
        try opened.truncate(to: fileSize)
        fullSize = fileSize
      }
      try syncNames()
      file = opened
      return opened
    }
    let next = OwnFile(folder: folder, first: first, isCompressed: false)
    try disk.makeFolder(folder)
    // Asked before anything is noted, so that the next append begins with the same question.
    if let old = try disk.openIfThere(next.path), try old.size() != 0 {
      throw DiskError(
        "begin", next.path, code: EEXIST,
        reason: "it holds edits already, though the folder's list lacked it; is the disk in order?")
    }
    let opened = try disk.open(next.path, .update)
    // It is there from here on, whatever fails: what is given up has to go with it.
    files.append(next)
    (fileSize, fullSize, file) = (0, 0, nil)
    try syncNames()
    file = opened
    return opened
  }

  /// A process that was killed, or whose disk refused, may have made the file, or store.json that leads to it, without syncing
  /// the name.
  private func syncNames() throws(DiskError) {
    try disk.syncFolder(folder)
    try disk.syncFolder(FolderDisk.folder(of: folder))
  }

  private func read(_ file: OwnFile, isLast: Bool, repairing: Bool) throws(DiskError) -> OwnFile.Content {
    guard let bytes = try disk.readAll(file.path) else { return OwnFile.Content() }
    var content = OwnFile.parse(bytes, file, replica)
    if isLast, !file.isCompressed, repairing, content.lacksLineFeed {
      let opened = try disk.open(file.path, .update)
      try opened.write([UInt8(ascii: "\n")].span, at: content.intact)
      try opened.sync()
      content.intact += 1
      content.room = max(0, content.room - 1)
    }
    // A torn tail is what a crash leaves: it was never acknowledged, so it is no damage, but it is kept.
    guard isLast, !file.isCompressed, content.intact < content.end else { return content }
    content.damage.removeAll { $0.offset >= content.intact }
    content.torn = Damage(
      file: file.path, offset: content.intact,
      reason: "\(content.end - content.intact) bytes of an unfinished change, kept in \(folder)/torn")
    if repairing {
      let torn = try disk.open("\(folder)/torn", .append)
      try torn.append(bytes.span.extracting(content.intact..<content.end))
      try torn.sync()
      let opened = try disk.open(file.path, .append)
      try opened.truncate(to: content.intact)
      try opened.sync()
      content.room = 0
    }
    return content
  }
}
