import ChangeCodec
import Codec
import Storage

/// Makes a damaged workspace usable again: the log ends before the damage, and what lay behind is set aside.
///
/// Agents then find that the server lost a part of its history and give back what they hold of it, as after the
/// restore of a backup.
package enum Repair {
  /// Where the files go that the log no longer has.
  package static var folder: String { SetAside.folder }

  /// What was done about damage.
  package enum Outcome: Hashable, Sendable {
    /// The log ends at this position now, and runs that reached behind it are made again.
    case logEnds(UInt64)
    /// The log is whole, and runs, which are made of it, were removed.
    case runsRemoved
    /// The log and the runs are whole, and indexes of runs, which are made of them, were removed.
    case indexesRemoved

    fileprivate var isOfLog: Bool { if case .logEnds = self { true } else { false } }
  }

  /// Cuts the log of a workspace that no server has open, or removes its runs or their indexes where these alone are damaged.
  ///
  /// - Returns: what was done; nil where nothing was damaged.
  /// - Throws: `StorageError`, `.laterVersion` where this version cannot tell what is damaged.
  package static func run(_ disk: any Disk) throws(StorageError) -> Outcome? {
    try ServerData.refuseLaterVersion(disk)
    var found = try Backup.verify(disk)
    var outcome: Outcome?
    // Each time another one may come to light that was covered.
    while !found.damage.isEmpty {
      for damage in found.damage {
        if let name = RunName(indexOf: damage) {
          try onDisk { () throws(DiskError) in
            try disk.remove(name.indexPath)
            try disk.syncFolder(RunName.folder)
          }
          outcome = outcome ?? .indexesRemoved
        } else if let name = RunName(damage) {
          // The log is whole, or ends behind it since it was cut.
          try RunSet.drop(from: name, disk)
          if outcome?.isOfLog != true { outcome = .runsRemoved }
        } else {
          if outcome?.isOfLog == true { return outcome }
          outcome = .logEnds(try cut(disk))
          break
        }
      }
      found = try Backup.verify(disk)
    }
    return outcome
  }

  /// Lets the log end before the damage. Returns the last position that is kept.
  private static func cut(_ disk: any Disk) throws(StorageError) -> UInt64 {
    let log = try ServerLog(disk, repairing: false)
    let firsts = try segments(disk)
    var last: UInt64 = 0
    var sum: UInt32 = 0
    // The blocks of the segment in which the damage lies, up to it.
    var kept: [Block] = []
    do throws(StorageError) {
      try log.forEachBlock(from: 1) { (block) throws(StorageError) in
        guard let placement = block.placement, Chain.next(sum, block) == placement.sum else {
          return false
        }
        if firsts.contains(placement.first) { kept = [] }
        kept.append(block)
        last = block.last
        sum = placement.sum
        return true
      }
    } catch {
      guard case .damaged = error else { throw error }
    }
    // What is damaged may lie behind: a file that is gone, or an end of which only an index or a run is left.
    let path = ServerLog.path(kept.first?.placement?.first ?? 1)
    let size = try onDisk { () throws(DiskError) in try disk.openIfThere(path)?.size() } ?? 0
    let isCut =
      last < log.last || log.torn?.file == path || log.damage.contains { $0.file == path && $0.offset < size }
    try setAside(disk, firsts, after: last, kept, isCut: isCut)
    if ErasureNote.read(disk).position > last {
      try onDisk { () throws(DiskError) in try disk.remove(ErasureNote.path) }
    }
    return last
  }

  /// Makes the settings of a workspace and its lists of devices and invitations usable again.
  ///
  /// - Returns: the files in which lines were lost.
  /// - Throws: `StorageError`, `.laterVersion` where this version cannot tell what is damaged.
  package static func settings(_ disk: any Disk, of workspace: String) throws(StorageError) -> [String] {
    try ServerData.refuseLaterVersion(disk, path: "\(workspace)/\(ServerData.settingsPath)")
    let isDamaged = try Backup.verifySettings(disk, of: workspace).contains {
      $0.file == ServerData.settingsPath
    }
    if try !Backup.isErasureNoteIntact(disk) {
      try onDisk { () throws(DiskError) in try disk.remove(ErasureNote.path) }
    }
    if isDamaged { try ServerData.writeSettings(disk, workspace, created: try created(disk)) }
    return try DeviceRegistry.repair(disk)
  }

  /// When damaged settings say that the workspace was made; 0 where that cannot be read.
  private static func created(_ disk: any Disk) throws(StorageError) -> UInt64 {
    let bytes = try onDisk { () throws(DiskError) in try disk.readAll(ServerData.settingsPath) } ?? []
    return (try? JSONText(parsing: bytes))?["created"]?.int.flatMap { UInt64(exactly: $0) } ?? 0
  }

  private static func segments(_ disk: any Disk) throws(StorageError) -> [UInt64] {
    let listing = try onDisk { () throws(DiskError) in try disk.list("log") }
    return listing.filter { $0.hasSuffix(".jsonl.gz") }.compactMap { UInt64($0.prefix { $0 != "." }) }
      .sorted()
  }

  /// Moves away what the log no longer has, and what is derived from it.
  ///
  /// At no moment is anything in neither folder, and until the last segment is moved the log is found damaged: whoever is
  /// interrupted here repairs once more. The runs are among the first: what the log lost they may have.
  /// - Parameter isCut: whether the damage lies in the segment of the blocks that are kept.
  private static func setAside(
    _ disk: any Disk, _ firsts: [UInt64], after last: UInt64, _ kept: [Block], isCut: Bool
  ) throws(StorageError) {
    let begin = kept.first?.placement?.first ?? 1
    try onDisk { () throws(DiskError) in try disk.makeFolder(folder) }
    try SetAside.runs(disk) { $0.last > last }
    if isCut, !kept.isEmpty { try cut(disk, begin, kept) }
    try onDisk { () throws(DiskError) in
      // The last first, so that there is always damage or a gap in front of those that are left.
      for first in firsts.reversed() where kept.isEmpty ? first >= begin : first > begin {
        let path = ServerLog.path(first)
        try disk.rename(path, to: try SetAside.freePath(disk, String(path.dropFirst("log/".count))))
        try disk.syncFolder(folder)
        try disk.remove(ServerLog.indexPath(first))
        try disk.syncFolder("log")
      }
    }
    try removeIndexes(disk, of: begin)
  }

  /// Removes the index of the segment with which the log ends now, and those of files that are gone: they go on saying what is
  /// missing.
  private static func removeIndexes(_ disk: any Disk, of last: UInt64) throws(StorageError) {
    try onDisk { () throws(DiskError) in
      let names = Set(try disk.list("log"))
      for name in names where name.hasSuffix(".index") {
        let start = name.dropLast(".index".count)
        if UInt64(start) == last || !names.contains("\(start).jsonl.gz") { try disk.remove("log/\(name)") }
      }
      try disk.syncFolderIfThere("log")
    }
  }

  /// Replaces a segment by its blocks before the damage; a copy of it as it was is set aside first.
  private static func cut(_ disk: any Disk, _ first: UInt64, _ kept: [Block]) throws(StorageError) {
    let path = ServerLog.path(first)
    let deflater = Deflater()
    var bytes: [UInt8] = []
    for block in kept { bytes += BlockMember([block], deflater).bytes }
    try onDisk { () throws(DiskError) in
      let whole = try disk.open(path, .read)
      let copy = try disk.open(try SetAside.freePath(disk, String(path.dropFirst("log/".count))), .replace)
      var offset = 0
      while true {
        let piece = try whole.read(at: offset, count: pieceSize)
        if piece.isEmpty { break }
        try copy.append(piece.span)
        offset += piece.count
      }
      try copy.sync()
      try disk.syncFolder(folder)
      // With the index of the old file the new one would be misread.
      try disk.remove(ServerLog.indexPath(first))
      try disk.syncFolder("log")
      try disk.replace(path, with: bytes)
    }
  }

  private static let pieceSize = 4 << 20
}
