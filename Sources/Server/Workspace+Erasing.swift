import Causality
import ChangeCodec
import Codec
import Merge
import Storage

/// Erasures on the server: it does not know what a customer is, only which entities were erased.
extension Workspace {
  /// All changes that erase something, in the order of the log. Cost: the members that hold them, and what lies behind the
  /// runs; the log as a whole where a run is damaged, until maintenance, for which it is a suspect then, has made it again.
  package func erasureChanges() throws(StorageError) -> [PlacedChange] {
    let log = self.log
    var (found, last) = try erasureChangesInRuns()
    try log.forEachBlock(from: last + 1) { (block) throws(StorageError) in
      found += block.placed.filter(\.change.erases)
      return true
    }
    return found.sorted { ($0.position ?? 0) < ($1.position ?? 0) }
  }

  /// What of that is in the runs, and the last position in these; nothing where one of them is damaged.
  private func erasureChangesInRuns() throws(StorageError) -> (found: [PlacedChange], last: UInt64) {
    for attempt in 1... {
      let listed = try listedRuns()
      do throws(StorageError) {
        let runs = try RunSet(disk)
        return (try runs.erasureChanges(), runs.last)
      } catch {
        if case .damaged(let damage) = error, let name = RunName(damage) {
          suspects.add(name)
          break
        }
        // Maintenance merges beside this, and one that was listed may be gone.
        guard case .disk = error, attempt < Self.attempts, try listedRuns() != listed else { throw error }
      }
    }
    return ([], 0)
  }

  private static let attempts = 5

  private func listedRuns() throws(StorageError) -> Set<RunName> {
    Set(RunName.parse(try onDisk { () throws(DiskError) in try disk.list(RunName.folder) }))
  }

  /// The position up to which all erasures are carried out in the server's files.
  package var erasedPosition: UInt64 {
    let (log, erasures) = snapshot
    return erasures.values.contains { $0 > note.position } ? note.position : log.last
  }

  /// Carries out a part of the erasures that are still in the files: one segment of the log, or one run.
  ///
  /// Cost: what the erased entities' changes need to be found, and a copy of one file.
  /// - Returns: whether there was anything to do.
  func erase() throws(StorageError) -> Bool {
    let (log, erasures) = snapshot
    let done = note.position
    let pending = Set(erasures.filter { $0.value > done }.keys)
    guard !pending.isEmpty else { return false }
    let runs = try RunSet(disk)
    try runs.removeLeftovers(hasLog: true)
    try log.removeLeftovers()
    var positions: Set<UInt64> = []
    for entity in pending {
      for placed in try runs.changes(of: entity) {
        if let position = placed.position { positions.insert(position) }
      }
    }
    try log.forEachBlock(from: runs.last + 1) { (block) throws(StorageError) in
      for placed in block.placed where pending.contains(placed.change.on) {
        if let position = placed.position { positions.insert(position) }
      }
      return true
    }
    // The log first: in the runs it is found out where in the log an entity's changes are.
    if let first = try log.unerased(positions, pending).first {
      try rewrite(first, pending)
      return true
    }
    if try runs.erase(pending, single: true).isChanged { return true }
    try removeSetAside()
    let new = ErasureNote(position: log.last, sum: log.sum)
    try new.write(disk)
    note = new
    return true
  }

  /// What a repair set aside may hold anything.
  private func removeSetAside() throws(StorageError) {
    try onDisk { () throws(DiskError) in
      try disk.removeFolder(SetAside.folder)
      // Nor does power loss bring back what was removed before: the note says that all is erased.
      for folder in ["", RunName.folder, ServerLog.folder] { try disk.syncFolderIfThere(folder) }
    }
  }
}
