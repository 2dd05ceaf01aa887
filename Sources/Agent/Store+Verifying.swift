import Causality
import ChangeCodec
import Codec
import Merge
import Storage

extension Store {
  /// Reads every byte of a store and, if asked to, puts right what can be put right.
  ///
  /// Torn ends are cut off; flipped bits in own changes are found by their checksums; damaged parts of the mirror are
  /// dropped back to the last intact place, so that the next sync fetches them again; own changes that were
  /// damaged come back from the mirror. Files that a repair changes are kept as they were in `damaged/`.
  /// - Parameters:
  ///   - repairing: whether to change anything; takes the store's lock.
  ///   - progress: gets the number of bytes that were read.
  /// - Throws: `StorageError`, `.noStore` and `.locked` among them; damage is in the result.
  public static func verify(
    at root: String, repairing: Bool, environment: Environment = .system,
    progress: @escaping (Int) -> Void = { _ in }
  ) throws(StorageError) -> StoreCheck {
    let disk = FolderDisk(root)
    func files() -> Set<String>? {
      guard let runs = try? disk.list(RunName.folder), let log = try? disk.list(MirrorLog.folder) else {
        return nil
      }
      return Set(runs + log)
    }
    var attempt = 1
    while true {
      let before = files()
      do {
        return try verify(
          disk: disk, root: root, repairing: repairing, environment: environment, progress: progress)
      } catch {
        // Another process may have compacted the store meanwhile, so that files were gone that had been listed.
        guard case .disk = error, !repairing, attempt < 5, files() != before else { throw error }
        attempt += 1
      }
    }
  }

  package static func verify(
    disk: any Disk, root: String, repairing: Bool, environment: Environment,
    progress: @escaping (Int) -> Void = { _ in }
  ) throws(StorageError) -> StoreCheck {
    var check = StoreCheck(isRepair: repairing)
    var settings = try onDisk { () throws(DiskError) in try disk.readAll(StoreConfiguration.path) }
    var missing: Damage?
    if settings == nil {
      let reason = try StoreConfiguration.missing(disk, root: root)
      guard case .damaged(let damage) = reason else { throw reason }
      missing = damage
    }
    // A sync that waits for its server has lent the other lock.
    let syncing = repairing ? try onDisk { () throws(DiskError) in try disk.lock(Store.syncLock) } : nil
    let lock = repairing ? try takeLock(disk) : nil
    if repairing, lock == nil || syncing == nil { throw .locked(root) }
    defer { withExtendedLifetime((lock, syncing)) {} }
    // Whoever had the locks until now may have written others.
    if repairing, settings != nil {
      settings = try onDisk { () throws(DiskError) in try disk.readAll(StoreConfiguration.path) }
    }
    let aside = repairing ? SetAside(disk) : nil
    check.files += 1
    check.bytes += settings?.count ?? 0
    let configuration = try verifySettings(settings ?? [], missing, disk, aside, &check)

    let mirror = try MirrorCheck(
      disk, aside: aside, replica: configuration?.replica, progress: progress)
    check.files += mirror.files
    check.bytes += mirror.bytes
    check.changes += mirror.changes
    let hasServer = configuration?.server != nil
    for finding in mirror.findings { check.add(finding, hasServer: hasServer) }
    if let configuration { try verifyOwn(configuration, disk, aside, mirror, &check) }
    try verifyNote(disk, aside, &check)
    try verifyErasures(disk, aside, mirror, &check)
    if repairing, configuration != nil {
      // What was put right is read once more, as every command will.
      _ = try Store(checking: disk, root: root, environment: environment)
    }
    return check
  }

  // MARK: Settings

  private static func verifySettings(
    _ bytes: [UInt8], _ missing: Damage?, _ disk: any Disk, _ aside: SetAside?, _ check: inout StoreCheck
  ) throws(StorageError) -> StoreConfiguration? {
    let path = StoreConfiguration.path
    let damage: Damage
    do throws(StorageError) {
      if let missing { throw .damaged(missing) }
      if SettingsSeal.isIntact(bytes) { return try StoreConfiguration.parse(bytes) }
      damage = Damage(file: path, offset: 0, reason: SettingsSeal.reason)
    } catch {
      guard case .damaged(let found) = error else { throw error }
      damage = found
    }
    let mended = SettingsSeal.mend(bytes).flatMap { text in
      (try? StoreConfiguration.parse(text)).map { (text, $0) }
    }
    guard let aside else {
      check.add(damage, done: nil, .person, "run 'askonce verify' without --check")
      return mended?.1
    }
    let folder = try onDisk { () throws(DiskError) in try aside.copy(path) }
    if let (text, configuration) = mended {
      try onDisk { () throws(DiskError) in try disk.replace(path, with: text) }
      check.add(
        damage, done: "one bit had flipped; it was put right; the file as it was is in \(folder)", .nothing)
      return configuration
    }
    if let configuration = try? StoreConfiguration.parse(bytes) {
      try configuration.write(disk)
      check.add(
        damage, done: "taken as it is; the file as it was is in \(folder)", .person,
        "look at 'askonce status', whether agent and server are right")
      return configuration
    }
    guard let (last, ownFolder) = try lastOwnChange(disk) else {
      check.add(
        damage, done: nil, .person, "restore the file, or join again in a new folder with 'askonce join'")
      return nil
    }
    var configuration = StoreConfiguration(replica: last.id.replica, agent: last.by)
    if ownFolder != "own" { configuration.ownFolder = ownFolder }
    try configuration.write(disk)
    let kept = missing == nil ? "; the file as it was is in \(folder)" : ""
    check.add(
      damage, done: "made anew from this device's edits\(kept)", .person,
      "ask your operator for an invitation and run 'askonce join URL --code CODE'; unsent edits stay")
    return configuration
  }

  /// The last change of the replica that this store is, and the folder it lies in, from its files alone: a store that turned
  /// out to be a copy went on in a folder of its own.
  private static func lastOwnChange(
    _ disk: any Disk
  ) throws(StorageError) -> (change: Change, folder: String)? {
    let folders = try onDisk { () throws(DiskError) in
      try disk.list("").filter(StoreConfiguration.isOfOwn).sorted()
    }
    var newest: (change: Change, folder: String)?
    for folder in folders {
      guard let change = try lastChange(disk, folder) else { continue }
      if let found = newest, found.change.at > change.at { continue }
      newest = (change, folder)
    }
    return newest
  }

  private static func lastChange(_ disk: any Disk, _ folder: String) throws(StorageError) -> Change? {
    let listing = try onDisk { () throws(DiskError) in try disk.list(folder).sorted() }
    for name in listing.reversed() where name.hasSuffix(".jsonl") || name.hasSuffix(".jsonl.gz") {
      guard var text = try onDisk({ () throws(DiskError) in try disk.readAll("\(folder)/\(name)") }) else {
        continue
      }
      if name.hasSuffix(".gz") { text = (try? Inflater().inflateAll(text, limit: OwnLog.textLimit)) ?? [] }
      for line in text.split(separator: 0x0A).reversed() {
        let line = Array(line)
        if let change = try? ChangeLine.parseChecked(line.span) { return change }
      }
    }
    return nil
  }

  // MARK: Own changes

  private static func verifyOwn(
    _ configuration: StoreConfiguration, _ disk: any Disk, _ aside: SetAside?, _ mirror: MirrorCheck,
    _ check: inout StoreCheck
  ) throws(StorageError) {
    let replica = configuration.replica
    var acknowledged =
      mirror.runs.last { $0.index.replicas[replica] != nil }?.index.replicas[replica]?.sequence ?? 0
    for block in mirror.blocks where block.replica == replica {
      acknowledged = block.changes[block.count - 1].id.sequence
    }
    let note = try onDisk { () throws(DiskError) in try disk.readAll(SyncNote.path) }.flatMap { SyncNote($0) }
    let sent = configuration.server != nil && note?.own?.replica == replica ? note?.own?.sequence ?? 0 : 0
    let own = try OwnCheck(
      disk, folder: configuration.ownPath, replica: replica, acknowledged: acknowledged,
      sent: sent, aside: aside
    ) { () throws(StorageError) in
      var found: [UInt64: Change] = [:]
      for run in mirror.runs {
        for member in 0..<run.index.memberCount {
          for placed in try run.changes(member) where placed.change.id.replica == replica {
            found[placed.change.id.sequence] = placed.change
          }
        }
      }
      for block in mirror.blocks where block.replica == replica {
        for change in block.changes { found[change.id.sequence] = change }
      }
      return found
    }
    check.files += own.files
    check.bytes += own.bytes
    check.changes += own.changes
    for finding in own.findings { check.add(finding, hasServer: configuration.server != nil) }
  }

  private static func verifyNote(
    _ disk: any Disk, _ aside: SetAside?, _ check: inout StoreCheck
  ) throws(StorageError) {
    guard let bytes = try onDisk({ () throws(DiskError) in try disk.readAll(SyncNote.path) }) else { return }
    check.files += 1
    check.bytes += bytes.count
    guard SyncNote(bytes) == nil else { return }
    let damage = Damage(file: SyncNote.path, offset: 0, reason: "not a note of a sync")
    if aside != nil { try onDisk { () throws(DiskError) in try disk.remove(SyncNote.path) } }
    check.add(damage, done: aside == nil ? nil : "removed; the next sync writes it", .nothing)
  }

  /// How far erasures are carried out: what is lost of it costs one more look at all files.
  private static func verifyErasures(
    _ disk: any Disk, _ aside: SetAside?, _ mirror: MirrorCheck, _ check: inout StoreCheck
  ) throws(StorageError) {
    let path = ErasureNote.path
    guard let bytes = try onDisk({ () throws(DiskError) in try disk.readAll(path) }) else { return }
    check.files += 1
    check.bytes += bytes.count
    let note = ErasureNote(bytes)
    if let note, mirror.holds(note) { return }
    if note != nil, !mirror.findings.isEmpty {
      // The mirror lost the place of which it speaks, as was told.
      if aside != nil { try onDisk { () throws(DiskError) in try disk.remove(path) } }
      return
    }
    let damage = Damage(file: path, offset: 0, reason: "expected a position of the mirror and the sum there")
    if aside != nil { try onDisk { () throws(DiskError) in try disk.remove(path) } }
    check.add(
      damage, done: aside == nil ? nil : "removed; the next edit or sync goes through the files again",
      .nothing)
  }

  /// Opens a store for reading while its lock is held.
  private convenience init(
    checking disk: any Disk, root: String, environment: Environment
  ) throws(StorageError) {
    try self.init(disk: disk, root: root, .reading, environment: environment)
  }
}
