import ChangeCodec
import Merge
import Storage

/// What a workspace's files need behind the requests, one step at a time.
extension Workspace {
  /// The runs of a workspace that is being opened. They are derived: what is damaged is removed, to be made again.
  ///
  /// - Parameter dropped: called with the damage for which runs were removed.
  static func runs(_ disk: any Disk, dropped: (Damage) -> Void) throws(StorageError) -> RunSet {
    do throws(StorageError) {
      return try RunSet(disk)
    } catch {
      guard case .damaged(let damage) = error, let name = RunName(damage) else { throw error }
      try RunSet.drop(from: name, disk)
      dropped(damage)
      // Fewer each time.
      return try runs(disk, dropped: dropped)
    }
  }

  /// Carries out erasures, makes and merges runs of what the log holds beyond them, and joins small members of full segments.
  ///
  /// One step at a time, so that little memory is used. Runs of which one turns out to be damaged are removed from that one
  /// on, because the log has all that is in them.
  /// - Parameters:
  ///   - isStopping: asked while runs are merged, which takes long where they are large; a merge that is given up is
  ///     made again when the next run is.
  ///   - dropped: called with the damage for which runs were removed.
  /// - Returns: whether there may be more to do.
  package func maintain(
    isStopping: () -> Bool = { false }, dropped: (Damage) -> Void = { _ in }
  ) throws(StorageError) -> Bool {
    do throws(StorageError) {
      return try step(isStopping)
    } catch {
      guard case .damaged(let damage) = error, let name = RunName(damage) else { throw error }
      try RunSet.drop(from: name, disk)
      suspects.dropped(from: name)
      dropped(damage)
      return true
    }
  }

  private func step(_ isStopping: () -> Bool) throws(StorageError) -> Bool {
    if let name = suspects.next {
      try verify(name)
      suspects.passed(name, at: now())
      return true
    }
    if try erase() { return true }
    let log = self.log
    if let first = log.joinable.first {
      let joined = try log.joining(first)
      adopt(first, from: joined)
      return true
    }
    let runs = try RunSet(disk)
    try runs.removeLeftovers(hasLog: true)
    guard log.last >= runs.last + sizes.serverRun else { return false }
    var changes: [PlacedChange] = []
    var size = 0
    var sum = log.sum
    let erased = Set(snapshot.erasures.keys)
    try log.forEachBlock(from: runs.last + 1) { (block) throws(StorageError) in
      changes += (block.erasing(erased) ?? block).placed
      size += block.changes.reduce(0) { $0 + $1.body.count + 64 }
      sum = block.placement?.sum ?? sum
      return size < Self.runSize
    }
    try runs.add(changes, sum: sum)
    try runs.merge(packing: true, isCancelled: isStopping)
    return true
  }

  /// Reads a run as a whole, if it is still there. Its index is made anew with it.
  private func verify(_ name: RunName) throws(StorageError) {
    do throws(StorageError) {
      try RunSet(disk).runs.first { $0.name == name }?.verify()
    } catch {
      guard case .damaged(let damage) = error, damage.file == name.indexPath else { throw error }
      throw .damaged(Damage(file: name.path, offset: 0, reason: damage.reason))
    }
  }

  /// The most that is made one run in one step, in bytes of bodies.
  private static let runSize = 32 << 20
}
