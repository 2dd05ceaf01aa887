import ChangeCodec
import Codec
import Storage

/// Copies a server's data, also while it runs, and checks it.
package enum Backup {
  /// What was copied of a workspace.
  package struct Copied: Sendable {
    package let workspace: String
    /// The last position in the copy.
    package let position: UInt64
    package let bytes: Int
  }

  private static let piece = 4 << 20

  /// What became of a backup.
  package struct Outcome: Sendable {
    package fileprivate(set) var copied: [Copied] = []
    /// The workspaces of which there is no copy that could be restored, and why.
    package fileprivate(set) var failed: [(workspace: String, reason: StorageError)] = []
  }

  /// Copies all workspaces to an empty folder, also behind one that is damaged.
  ///
  /// Each copy is the workspace as it was at one moment: the log only ever grows at its end, and a push that was
  /// being written is cut off. It is opened and read through its index before this returns, and so are the files beside it: what
  /// a server would not serve as all that there was has failed.
  /// - Throws: `StorageError` where the target is in use or lies in the data folder, or the disk is full.
  package static func run(
    _ data: ServerData, from source: String, to target: String
  ) throws(StorageError) -> Outcome {
    let root = FolderDisk(target)
    let existing = try onDisk { () throws(DiskError) in try root.list("") }
    guard existing.isEmpty else { throw .refused("\(target) is not empty; back up into a new folder") }
    var outcome = Outcome()
    for name in try (data.names() + data.namesWithoutSettings()).sorted() {
      do throws(StorageError) {
        outcome.copied.append(
          try copy(name, FolderDisk("\(source)/\(name)"), FolderDisk("\(root.root)/\(name)")))
      } catch {
        if case .full = error { throw error }
        outcome.failed.append((name, error.of(workspace: name)))
      }
    }
    return outcome
  }

  private static func copy(
    _ name: String, _ from: FolderDisk, _ to: FolderDisk
  ) throws(StorageError) -> Copied {
    try onDisk { () throws(DiskError) in try to.makeFolder("") }
    var bytes = 0
    // How far erasures are carried out comes before the files of which it speaks.
    for path in [ErasureNote.path, ServerData.settingsPath] { bytes += try copy(path, from, to) ?? 0 }
    // Runs first: each holds only what the log held before, so the log's copy covers them.
    for folder in [RunName.folder, "log"] {
      let listing = try onDisk { () throws(DiskError) in try from.list(folder) }
      try onDisk { () throws(DiskError) in try to.makeFolder(folder) }
      for file in listing.sorted() where file.hasSuffix(".jsonl.gz") {
        // A run may have been merged meanwhile; it is derived.
        bytes += try copy("\(folder)/\(file)", from, to) ?? 0
      }
      try onDisk { () throws(DiskError) in try to.syncFolder(folder) }
    }
    // Behind the log, whose changes are of devices that are on the list then.
    for path in [DeviceRegistry.devicesPath, DeviceRegistry.invitesPath, "activity.json"] {
      bytes += try copy(path, from, to) ?? 0
    }
    let log = try ServerLog(to, repairing: true)
    try onDisk { () throws(DiskError) in try to.syncFolder("") }
    if let damage = try unservable(name, from, to, log) {
      throw StorageError.damaged(damage).of(workspace: name)
    }
    return Copied(workspace: name, position: log.last, bytes: bytes)
  }

  /// Why a copy cannot be served, or not as all that there was; nil where it can.
  private static func unservable(
    _ name: String, _ from: FolderDisk, _ to: FolderDisk, _ log: ServerLog
  ) throws(StorageError) -> Damage? {
    try ServerData.refuseLaterVersion(to, path: "\(name)/\(ServerData.settingsPath)")
    if try onDisk({ () throws(DiskError) in try to.readAll(ServerData.settingsPath) }) == nil {
      throw ServerData.lostSettings(name)
    }
    // The indexes, which are not copied, may say that the log lost its end.
    let source = try ServerLog(from, repairing: false)
    let beside = try damagedSettings(to, of: name) + DeviceRegistry.verify(to, withMended: false)
    return (source.damage + log.damage + beside).first
  }

  /// Copies a file as it is now. Returns its size; nil where it is not there.
  private static func copy(_ path: String, _ from: FolderDisk, _ to: FolderDisk) throws(StorageError) -> Int?
  {
    let source: any DiskFile
    do throws(DiskError) {
      source = try from.open(path, .read)
    } catch {
      if error.isMissing { return nil }
      throw StorageError(error)
    }
    return try onDisk { () throws(DiskError) in
      let target = try to.open(path, .replace)
      let size = try source.size()
      var offset = 0
      while offset < size {
        let bytes = try source.read(at: offset, count: min(piece, size - offset))
        if bytes.isEmpty { break }
        try target.append(bytes.span)
        offset += bytes.count
      }
      try target.sync()
      return offset
    }
  }

  /// Checks everything of a workspace, and counts of what a server may just be writing only what is found again.
  ///
  /// - Parameter looksAgain: asked where something was found: waits a moment and returns true where a server is running.
  /// - Returns: what is damaged and how many changes are intact.
  /// - Throws: `StorageError`, `.laterVersion` where this version cannot tell what is damaged.
  package static func check(
    _ disk: any Disk, of workspace: String, looksAgain: () -> Bool
  ) throws(StorageError) -> (damage: [Damage], changes: UInt64) {
    try ServerData.refuseLaterVersion(disk, path: "\(workspace)/\(ServerData.settingsPath)")
    var found = try check(disk, of: workspace)
    for _ in 0..<looks where !found.damage.isEmpty && looksAgain() {
      let before = found.damage
      found = try check(disk, of: workspace)
      found.damage.removeAll { !before.contains($0) }
    }
    return found
  }

  private static let looks = 2

  private static func check(
    _ disk: any Disk, of workspace: String
  ) throws(StorageError) -> (damage: [Damage], changes: UInt64) {
    let (damage, changes) = try verify(disk)
    return (damage + (try verifySettings(disk, of: workspace)), changes)
  }

  /// Reads every byte of a workspace's log and runs, and writes none. Returns what is damaged and how many changes are
  /// intact.
  package static func verify(_ disk: any Disk) throws(StorageError) -> (damage: [Damage], changes: UInt64) {
    let log = try ServerLog(disk, repairing: false)
    var damage = log.damage + (log.torn.map { [$0] } ?? [])
    var sum: UInt32 = 0
    var changes: UInt64 = 0
    do throws(StorageError) {
      try log.forEachBlock(from: 1) { (block) throws(StorageError) in
        sum = Chain.next(sum, block)
        guard sum == block.placement?.sum else {
          throw .damaged(
            Damage(file: "log", offset: 0, reason: "the running checksum breaks at position \(block.last)"))
        }
        changes += UInt64(block.count)
        return true
      }
    } catch {
      guard case .damaged(let found) = error else { throw error }
      damage.append(found)
    }
    do throws(StorageError) {
      for run in try RunSet(disk, isWriting: false).runs { try run.verify() }
    } catch {
      guard case .damaged(let found) = error else { throw error }
      damage.append(found)
    }
    return (damage, changes)
  }

  /// What is damaged of the files beside the log and the runs: the workspace's settings, devices and invitations.
  package static func verifySettings(_ disk: any Disk, of workspace: String) throws(StorageError) -> [Damage]
  {
    var damage = try DeviceRegistry.verify(disk) + damagedSettings(disk, of: workspace)
    if try !isErasureNoteIntact(disk) {
      damage.append(
        Damage(
          file: ErasureNote.path, offset: 0,
          reason: "expected a position of the log and the sum there; the server goes through its files again")
      )
    }
    return damage
  }

  private static func damagedSettings(
    _ disk: any Disk, of workspace: String
  ) throws(StorageError) -> [Damage] {
    let path = ServerData.settingsPath
    let settings = try onDisk { () throws(DiskError) in try disk.readAll(path) }.flatMap {
      try? JSONText(parsing: $0)
    }
    if settings?["format"]?.int == ServerData.formatVersion, settings?["workspace"]?.string == workspace {
      return []
    }
    return [Damage(file: path, offset: 0, reason: "expected the format and the workspace's name")]
  }

  /// Whether the note of how far erasures are carried out, if there is one, speaks of this log. Of a damaged log that is not
  /// asked.
  static func isErasureNoteIntact(_ disk: any Disk) throws(StorageError) -> Bool {
    guard let bytes = try onDisk({ () throws(DiskError) in try disk.readAll(ErasureNote.path) }) else {
      return true
    }
    guard let note = ErasureNote(bytes) else { return false }
    // Behind the note, because a running server's log only grows.
    let log = try ServerLog(disk, repairing: false)
    guard log.damage.isEmpty else { return true }
    do throws(StorageError) {
      return try log.sum(at: note.position) == note.sum
    } catch {
      guard case .damaged = error else { throw error }
      return true
    }
  }
}
