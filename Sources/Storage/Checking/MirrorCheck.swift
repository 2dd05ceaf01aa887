import Causality
import ChangeCodec
import Codec
import Merge

/// Reads every byte of a store's mirror, its runs, tables, words and log, and takes it back to the last place up to which all is
/// intact. What lies behind is the server's, or is made anew from own changes.
package struct MirrorCheck {
  private let disk: any Disk
  private let aside: SetAside?
  private let progress: (Int) -> Void
  package private(set) var findings: [Finding] = []
  package private(set) var files = 0
  package private(set) var bytes = 0
  /// Changes in intact files.
  package private(set) var changes = 0
  /// The intact runs, oldest first.
  package private(set) var runs: [RunReader] = []
  /// The intact blocks behind them.
  package private(set) var blocks: [Block] = []

  /// - Parameters:
  ///   - aside: takes what a repair drops; nil where nothing is to be changed.
  ///   - replica: the store's, where its settings tell.
  ///   - progress: gets the number of bytes that were read.
  package init(
    _ disk: any Disk, aside: SetAside?, replica: ReplicaID?, progress: @escaping (Int) -> Void
  ) throws(StorageError) {
    self.disk = disk
    self.aside = aside
    self.progress = progress
    let hasStrays = try checkStrays(replica)
    let isWhole = try checkRuns() && !hasStrays
    try checkDerived()
    if isWhole || aside != nil { try checkLog() }
    try checkAside()
  }

  /// Whether a note of erasures speaks of this order, as far as the ends of runs and blocks tell.
  package func holds(_ note: ErasureNote) -> Bool {
    if note == .none { return true }
    if let run = runs.first(where: { $0.name.last >= note.position }) {
      return run.name.last > note.position || run.index.sum == note.sum
    }
    return blocks.contains { $0.last == note.position && $0.placement?.sum == note.sum }
  }

  private mutating func read(_ path: String, _ size: Int) {
    files += 1
    bytes += size
    progress(bytes)
  }

  // MARK: Runs

  /// Returns whether all runs are intact.
  private mutating func checkRuns() throws(StorageError) -> Bool {
    let listing = try onDisk { () throws(DiskError) in try disk.list(RunName.folder) }
    let names = RunName.parse(listing)
    let chain = RunName.chain(names)
    var bad: [RunName] = []
    for name in chain {
      guard bad.isEmpty, let run = try check(name) else {
        bad.append(name)
        continue
      }
      runs.append(run)
      changes += Int(name.last - name.first + 1)
      read(name.path, run.size)
    }
    if !bad.isEmpty { try drop(bad) }
    return bad.isEmpty
  }

  /// Runs in front of which changes are missing are perhaps all that is left of what a server lost: they are set aside, to be
  /// given back where it lacks them. Returns whether there were any.
  private mutating func checkStrays(_ replica: ReplicaID?) throws(StorageError) -> Bool {
    let listing = try onDisk { () throws(DiskError) in try disk.list(RunName.folder) }
    let names = RunName.parse(listing).sorted { $0.first < $1.first }
    let end = RunName.chain(names).last?.last ?? 0
    let strays = names.filter { $0.last > end }
    guard !strays.isEmpty else { return false }
    let folder = aside == nil ? nil : try LostHistory.take(strays: strays, replica: replica, disk)
    for name in strays {
      let reason = "the changes in front of position \(name.first) are missing"
      let damage = Damage(file: name.path, offset: 0, reason: reason)
      findings.append(Finding(damage, aside == nil ? .left : .dropped, keptIn: folder))
    }
    return true
  }

  /// Checks one run and its index; nil where the run is damaged.
  private mutating func check(_ name: RunName) throws(StorageError) -> RunReader? {
    let stored = try onDisk { () throws(DiskError) in try disk.readAll(name.indexPath) }
    if let stored, RunIndex(stored, name: name) == nil {
      try remakeIndex(name.indexPath, "the index is damaged")
    }
    do throws(StorageError) {
      return try verified(name, in: RunName.folder)
    } catch {
      guard case .damaged(let damage) = error else { throw error }
      findings.append(Finding(damage, .left))
      return nil
    }
  }

  /// Checks one run; where its index does not agree, it is the index that is at fault.
  private mutating func verified(_ name: RunName, in folder: String) throws(StorageError) -> RunReader {
    var run = try RunReader(disk, name, in: folder)
    let path = name.indexPath(in: folder)
    do throws(StorageError) {
      try run.verify()
    } catch {
      guard case .damaged(let damage) = error, damage.file == path else { throw error }
      try remakeIndex(path, damage.reason)
      run = try RunReader(disk, name, in: folder)
      if aside != nil { try run.verify() }
    }
    return run
  }

  private mutating func remakeIndex(_ path: String, _ reason: String) throws(StorageError) {
    findings.append(Finding(Damage(file: path, offset: 0, reason: reason), aside == nil ? .left : .remade))
    if aside != nil { try onDisk { () throws(DiskError) in try disk.remove(path) } }
  }

  /// Checks the tables and the words beside the runs, which are made anew from them.
  private mutating func checkDerived() throws(StorageError) {
    let listing = try onDisk { () throws(DiskError) in try disk.list(RunName.folder) }
    for name in listing.sorted() where TableIdentity.isPath(name) || WordSet.isPath(name) {
      let path = "\(RunName.folder)/\(name)"
      do throws(StorageError) {
        let isTable = TableIdentity.isPath(name)
        read(path, try isTable ? TableCheck.verify(disk, path) : WordCheck.verify(disk, path))
      } catch {
        guard case .damaged(let damage) = error else { throw error }
        if aside != nil { try onDisk { () throws(DiskError) in try disk.remove(path) } }
        findings.append(Finding(damage, aside == nil ? .left : .remade))
      }
    }
  }

  /// Drops runs, and the log behind them.
  private mutating func drop(_ names: [RunName]) throws(StorageError) {
    guard let aside else { return }
    let folder = try onDisk { () throws(DiskError) in
      for path in try logPaths() { try aside.move(path) }
      // The newest first, so that a crash in between leaves no gap.
      for name in names.reversed() {
        try disk.remove(name.indexPath)
        try disk.remove("\(RunName.folder)/\(name).table")
        try disk.remove("\(RunName.folder)/\(name).words")
        try aside.move(name.path)
      }
      try disk.syncFolder(RunName.folder)
      return try aside.folder()
    }
    for index in findings.indices where findings[index].outcome == .left {
      findings[index].outcome = .dropped
      findings[index].keptIn = folder
    }
  }

  // MARK: The log

  private func logPaths() throws(DiskError) -> [String] {
    try disk.list(MirrorLog.folder).sorted().map { "\(MirrorLog.folder)/\($0)" }
  }

  private mutating func checkLog() throws(StorageError) {
    let last = runs.last?.name.last ?? 0
    let sum = runs.last?.index.sum ?? 0
    var log = try MirrorLog(disk: disk, after: last, sum: sum, repairing: false)
    for damage in log.damage { findings.append(Finding(damage, aside == nil ? .left : .dropped)) }
    if let torn = log.torn { findings.append(Finding(torn, aside == nil ? .left : .cut)) }
    if let aside, let damage = log.damage.first ?? log.torn {
      let folder = try onDisk { () throws(DiskError) in
        for path in try logPaths() where path >= damage.file { try aside.copy(path) }
        return try aside.folder()
      }
      for index in findings.indices where findings[index].damage.file.hasPrefix("\(MirrorLog.folder)/") {
        findings[index].keptIn = folder
      }
      log = try MirrorLog(disk: disk, after: last, sum: sum, repairing: true)
    }
    blocks = log.blocks
    changes += blocks.reduce(0) { $0 + $1.count }
    let count = try onDisk { () throws(DiskError) in try logPaths().count }
    files += count
    bytes += log.size
    progress(bytes)
  }

  // MARK: What a healing set aside

  /// Checks `old/1` and on: changes that a server had lost and that are to be given back to it.
  private mutating func checkAside() throws(StorageError) {
    let numbers = try onDisk { () throws(DiskError) in try LostHistory.numbers(disk) }
    for number in numbers {
      let folder = LostHistory.folder(number)
      let listing = try onDisk { () throws(DiskError) in try disk.list(folder) }
      for name in RunName.parse(listing) {
        do throws(StorageError) {
          read(name.path(in: folder), try verified(name, in: folder).size)
        } catch {
          try lose(error)
        }
      }
      try checkAsideLog("\(folder)/log.jsonl.gz")
    }
  }

  private mutating func checkAsideLog(_ path: String) throws(StorageError) {
    guard let stored = try onDisk({ () throws(DiskError) in try disk.readAll(path) }) else { return }
    do {
      let text = try Inflater().inflateAll(stored, limit: 1 << 30)
      _ = try BlockText.parseAll(text.span)
      read(path, stored.count)
    } catch {
      try lose(.damaged(Damage(file: path, offset: 0, reason: "\(error)")))
    }
  }

  /// Tells what cannot be given back as a whole. It stays where it is, as it is: a sync gives back what it can read of it.
  private mutating func lose(_ error: StorageError) throws(StorageError) {
    guard case .damaged(let damage) = error else { throw error }
    findings.append(Finding(damage, aside == nil ? .left : .lost))
  }
}
