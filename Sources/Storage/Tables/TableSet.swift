import Causality
import Merge

/// The tables of a store's runs, kept in step with them: `runs/1-10431.table` beside `runs/1-10431.jsonl.gz`.
///
/// A table has a row for each entity that is touched in its run: the state as of the run's last position, so with
/// all older runs in it. Of several rows of an entity, that in the newest table counts. What is missing, damaged or
/// not of this run and this projection is made anew: from tables of runs that were merged into this one, else by
/// folding.
package final class TableSet {
  private let disk: any Disk
  private let projection: any TableProjection
  /// One for each run, oldest first.
  package private(set) var tables: [TableReader] = []
  private var identities: [TableIdentity] = []

  package init(_ disk: any Disk, _ projection: any TableProjection) {
    self.disk = disk
    self.projection = projection
  }

  /// Brings the tables in step with the runs.
  ///
  /// - Parameters:
  ///   - rows: rows that were made before the newest run was; nil for none.
  ///   - token: tells this process's unfinished files from those of others.
  ///   - progress: told how many of how many changes were read, where that is much.
  /// - Returns: whether any was made.
  @discardableResult
  package func follow(
    _ runs: [RunReader], reusing rows: NewerRows?, token: String, progress: (Int, Int) -> Void
  ) throws(StorageError) -> Bool {
    if isInStep(with: runs) { return false }
    let wanted = wanted(runs)
    var found: [TableReader?] = []
    for identity in wanted {
      found.append(
        identities.firstIndex(of: identity).map { tables[$0] }
          ?? open(identity.path).flatMap {
            $0.identity == identity ? $0 : nil
          })
    }
    var complete: [TableReader] = []
    for (index, identity) in wanted.enumerated() {
      if let table = found[index] {
        complete.append(table)
      } else {
        complete.append(try make(identity, runs, index, rows, token, progress))
      }
    }
    let isNew = found.contains { $0 == nil }
    tables = complete
    identities = wanted
    if isNew { removeCovered() }
    return isNew
  }

  private func wanted(_ runs: [RunReader]) -> [TableIdentity] {
    runs.indices.map { TableIdentity(runs, $0, version: projection.version) }
  }

  /// Whether any table is there.
  package var isStarted: Bool {
    !tables.isEmpty || ((try? disk.list(RunName.folder)) ?? []).contains { $0.hasSuffix(".table") }
  }

  /// Whether the tables are those of the runs.
  package func isInStep(with runs: [RunReader]) -> Bool { identities == wanted(runs) }

  /// Forgets and removes a table that turned out to be damaged; `follow` makes it anew.
  package func discard(_ path: String) {
    try? disk.remove(path)
    tables = []
    identities = []
  }

  /// Forgets the tables, whose files are gone; `follow` makes them anew.
  package func forget() {
    tables = []
    identities = []
  }

  private func open(_ path: String) -> TableReader? {
    guard let file = try? disk.open(path, .read) else { return nil }
    return try? TableReader(file, path: path)
  }

  private func make(
    _ identity: TableIdentity, _ runs: [RunReader], _ index: Int, _ rows: NewerRows?, _ token: String,
    _ progress: (Int, Int) -> Void
  ) throws(StorageError) -> TableReader {
    if let parts = mergedTables(identity),
      let table = try? write(
        identity, token,
        { (writer) throws(StorageError) in
          var merge = TableMerge(parts, to: writer)
          try merge.run()
        })
    {
      return table
    }
    let base = index == 0 ? NewerRows.Base.none : NewerRows.Base(runs[index - 1])
    let known =
      rows.flatMap { $0.base == base ? $0 : nil }
      ?? NewerRows(disk, base: base, version: identity.version, isCurrent: false)
    return try write(identity, token) { (writer) throws(StorageError) in
      try TableBuilder(runs, index, projection, reusing: known).write(to: writer, progress)
    }
  }

  /// Writes a table's file and opens it; in memory where the disk does not let us.
  ///
  /// It is not synced: what a power loss leaves of it is found out by its checksums.
  private func write(
    _ identity: TableIdentity, _ token: String, _ fill: (TableWriter) throws(StorageError) -> Void
  ) throws(StorageError) -> TableReader {
    let scratch = "\(identity.path).\(token).new"
    if let file = try? disk.open(scratch, .replace) {
      do throws(StorageError) {
        try fill(TableWriter(file, identity))
        try onDisk { () throws(DiskError) in try disk.rename(scratch, to: identity.path) }
        return try TableReader(file, path: identity.path)
      } catch {
        try? disk.remove(scratch)
        switch error {
        case .disk, .full: break
        default: throw error
        }
      }
    }
    let file = MemoryFile()
    try fill(TableWriter(file, identity))
    return try TableReader(file, path: identity.path)
  }

  /// Tables of runs that were merged to one, oldest first; nil where they do not cover it without a gap.
  private func mergedTables(_ identity: TableIdentity) -> [TableReader]? {
    guard let listing = try? disk.list(RunName.folder) else { return nil }
    var parts: [TableReader] = []
    let names = TableIdentity.runs(listing).filter { identity.run.covers($0) && $0 != identity.run }
    var next = identity.run.first
    var sum = identity.sumBefore
    while next <= identity.run.last {
      // The widest first; what is stale does not fit on.
      let table = names.filter { $0.first == next }.sorted { $0.last > $1.last }.lazy.compactMap { name in
        self.open("\(RunName.folder)/\(name).table")
      }.first { $0.identity.sumBefore == sum && $0.identity.version == identity.version }
      guard let table else { return nil }
      parts.append(table)
      next = table.identity.run.last + 1
      sum = table.identity.sum
    }
    return sum == identity.sum ? parts : nil
  }

  /// Removes tables whose runs are a part of a present one.
  private func removeCovered() {
    guard let listing = try? disk.list(RunName.folder) else { return }
    for name in TableIdentity.runs(listing)
    where identities.contains(where: { $0.run != name && $0.run.covers(name) }) {
      try? disk.remove("\(RunName.folder)/\(name).table")
    }
  }
}

/// A file in memory, for a table that cannot be stored.
///
/// Unchecked, because `DiskFile` asks for it: a table is written and read by the one thread that uses its store.
final class MemoryFile: DiskFile, @unchecked Sendable {
  private var content: [UInt8] = []

  let descriptor: Int32? = nil

  func size() throws(DiskError) -> Int { content.count }

  func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
    Array(content.dropFirst(offset).prefix(count))
  }

  func append(_ bytes: Span<UInt8>) throws(DiskError) {
    bytes.withUnsafeBufferPointer { content += $0 }
  }

  func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) {
    bytes.withUnsafeBufferPointer {
      content.replaceSubrange(offset..<min(content.count, offset + $0.count), with: $0)
    }
  }

  func truncate(to size: Int) throws(DiskError) { content.removeLast(content.count - size) }

  func sync() throws(DiskError) {}
}
