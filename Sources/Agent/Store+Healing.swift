import Causality
import ChangeCodec
import Codec
import Merge
import Storage
import SyncProtocol

/// What a store does when the server's log is not the one that it mirrors: the server was restored from an
/// older backup, or replaced.
///
/// The mirror goes back to the last place that both share. What lay behind it is set aside in `old/1` and
/// on, until the server has all of it again: own changes are sent again by the ordinary sync, those of others
/// are relayed.
extension Store {
  /// The places at which this store knows the chain's sum, oldest first: where its runs and its log's blocks end.
  package var checkpoints: [(position: UInt64, sum: UInt32)] {
    [(0, 0)] + runs.runs.map { ($0.name.last, $0.index.sum) }
      + mirror.blocks.map { ($0.last, $0.placement?.sum ?? 0) }
  }

  /// Goes back to a checkpoint and sets aside what lies behind it.
  ///
  /// What stops in between is found by the next sync, which goes back once more.
  package func rewind(to position: UInt64) throws(StorageError) {
    do throws(StorageError) {
      try rewinding(to: position)
    } catch {
      isInDoubt = true
      throw error
    }
  }

  private func rewinding(to position: UInt64) throws(StorageError) {
    try lowerErasureNote(to: position, sum: checkpoints.last { $0.position == position }?.sum ?? 0)
    let lost = mirror.blocks.filter { $0.last > position }
    // What a crash left of runs that were merged must not take the place of those that go.
    try runs.removeLeftovers()
    let moved = try onDisk { () throws(DiskError) in
      try disk.makeFolder(RunName.folder)
      try disk.syncFolder(RunName.folder)
      return RunName.parse(try disk.list(RunName.folder)).filter { $0.last > position }
    }
    let deflater = Deflater()
    var bytes: [UInt8] = []
    for block in lost { bytes += BlockMember([block], deflater).bytes }
    try onDisk { () throws(DiskError) in
      let limit = LostHistory.Limit(position: position, own: [replica: own.lastSequence])
      let folder = try LostHistory.begin(limit, disk)
      try disk.replace("\(folder)/log.jsonl.gz", with: bytes)
      try LostHistory.move(moved, to: folder, disk)
    }
    runs = try RunSet(disk)
    try mirror.rewind(to: position, runs: (runs.last, runs.sum ?? 0))
    try reopen()
  }

  /// Sets aside runs that do not follow the others: what is left where a healing stopped half way, or where a run was taken away.
  func takeStrays() throws(StorageError) {
    guard !runs.strays.isEmpty else { return }
    _ = try LostHistory.take(strays: runs.strays, replica: replica, disk)
    runs = try RunSet(disk)
  }

  /// The last position that the lost lineages and the present one share; nil where nothing is set aside.
  package func seenLimit() throws(StorageError) -> UInt64? {
    try seenLimits().map(\.position).min()
  }

  /// Of which own changes the knowledge counts up to where.
  package func seenLimits() throws(StorageError) -> [SeenLimit] {
    try onDisk { () throws(DiskError) in try LostHistory.limits(disk) }.map { _, limit in
      SeenLimit(position: limit.position, last: limit.last(of: replica))
    }
  }

  /// Whether it may be that more of what was set aside can be given back than the last time: all of it, where nothing waits.
  /// Cost: a small file, and what lies behind the runs where something waits.
  func hasNewsOfWaiting() throws(StorageError) -> Bool {
    let marks = try onDisk { () throws(DiskError) in try LostHistory.waiting(disk) }
    if marks.isEmpty || configuration.isSupervisor { return true }
    return marks.contains { mirrorMark(of: $0.replica) >= $0.sequence }
  }

  /// Notes what waits for a supervisor's device.
  func noteWaiting(_ marks: [ChangeID]) throws(StorageError) {
    try onDisk { () throws(DiskError) in try LostHistory.noteWaiting(marks, disk) }
  }

  /// Whether something that was set aside waits for a supervisor's device.
  package var isWaiting: Bool {
    get throws(StorageError) {
      try onDisk { () throws(DiskError) in try !LostHistory.waiting(disk).isEmpty }
    }
  }

  /// Forgets what was set aside, after the server has it.
  package func forgetAside() throws(StorageError) {
    if try isWaiting { return }
    try onDisk { () throws(DiskError) in try LostHistory.remove(disk) }
    if !unsentLimits.isEmpty { index() }
  }
}
