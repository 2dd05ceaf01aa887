import Causality
import ChangeCodec
import Codec
import Merge
import Storage
import SyncProtocol

extension Store {
  /// What the store tells a server that it has.
  package var cursor: Cursor { Cursor(position: mirror.last, sum: mirror.sum) }

  /// Indexes what is in no run, and lets the clock follow what is held: of a run only the last change of each replica.
  ///
  /// Cost: the log, own unsent changes, and per replica of each run.
  func index() {
    newer = [:]
    recent = RecentStates()
    knownUnerased = []
    followers.forgetNews()
    let wall = environment.now()
    // Own ones, too: another process may have made some of them.
    clock.observe(own.lastTime, wall: wall)
    for run in runs.runs {
      for mark in run.index.replicas.values { clock.observe(mark.at, wall: wall) }
    }
    for block in mirror.blocks {
      for placed in block.placed {
        newer[placed.change.on, default: []].append(placed)
        clock.observe(placed.change.at, wall: wall)
      }
    }
    // What cannot be read now leaves what is known; a sync says so.
    if let limits = try? seenLimits() { unsentLimits = limits }
    for change in own.unsent {
      newer[change.on, default: []].append(unplaced(change))
      // The latest own time of all may be one that is not believed any more.
      clock.observe(change.at, wall: wall)
    }
  }

  /// An own change that has no place yet: the places that its author saw of a lineage that was lost are others' now.
  func unplaced(_ change: Change) -> PlacedChange {
    let limit = unsentLimits.lazy.filter { $0.last >= change.id.sequence }.map(\.position).min()
    return PlacedChange(change, seenLimit: limit.flatMap { change.seen > $0 ? $0 : nil })
  }

  /// Takes a change that is in no run.
  func addNewer(_ placed: PlacedChange) {
    newer[placed.change.on, default: []].append(placed)
    recent.add(placed)
    if placed.position == nil, placed.change.erases { knownUnerased.remove(placed.change.on) }
    followers.add(placed)
  }

  /// Takes what an answer of the server brought: appends it durably, then counts own changes as sent.
  package func integrate(_ received: SyncSession.Received) throws(StorageError) {
    if isInDoubt {
      let asked = cursor
      try settleDoubt()
      // What the disk had refused may be there nonetheless; then this answers another question.
      guard cursor == asked else {
        throw .refused("the store was read anew after an error of the disk; sync again")
      }
    }
    if let first = received.members.first?.blocks.first?.placement?.first, first != mirror.last + 1 {
      throw .refused("the answer is for a store that ends in front of position \(first); sync again")
    }
    let known = mirror.blocks.count
    let taken = erasing(received.members)
    try mirror.append(taken.members)
    // Not before: where the disk refuses, nothing is erased.
    erasures = taken.erasures
    let wall = environment.now()
    var confirmed = acknowledged
    for block in mirror.blocks[known...] {
      if block.replica == replica { confirmed = block.changes[block.count - 1].id.sequence }
      for placed in block.placed {
        clock.observe(placed.change.at, wall: wall)
        addNewer(placed)
      }
    }
    guard confirmed > acknowledged else { return }
    // Own changes have places now: the unplaced ones give way to them.
    for entity in Set(own.unsent.lazy.filter { $0.id.sequence <= confirmed }.map(\.on)) {
      newer[entity]?.removeAll { $0.position == nil && $0.change.id.sequence <= confirmed }
    }
    acknowledged = confirmed
    own.acknowledge(upTo: confirmed)
  }

  /// Makes a run of what is newer than the runs, when that is much, and merges runs as their tiers ask.
  ///
  /// Values that were replaced longer ago than the workspace's retention says are thinned where the oldest run takes part
  /// in it, and a desk is there to know the setting.
  ///
  /// - Parameter all: makes one run of everything.
  /// - Returns: whether anything was done.
  /// - Throws: `StorageError`, `.readOnly` for a store that was opened for reading.
  @discardableResult
  public func compact(all: Bool = false) throws(StorageError) -> Bool {
    try requireWriting()
    try settleDoubt()
    do throws(StorageError) {
      return try compacting(all)
    } catch {
      // A run may be there under its name although the disk refused: whoever erases next must find it.
      isInDoubt = true
      throw error
    }
  }

  private func compacting(_ all: Bool) throws(StorageError) -> Bool {
    if configuration.server == nil, own.unsent.count >= (all ? 1 : environment.sizes.agentRun) {
      try placeLocally()
    }
    let count = mirror.blocks.reduce(0) { $0 + $1.count }
    let isDue = count >= environment.sizes.agentRun || all && count > 0
    if isDue {
      for follower in followers.all { follower.storeWillCompact() }
      try runs.removeLeftovers()
      try runs.add(mirror.blocks.flatMap(\.placed), sum: mirror.sum, batch: Self.batch)
      // From here on the runs hold it, whether or not the log's files can be removed.
      do throws(StorageError) {
        try mirror.clear()
      } catch {
        index()
        throw error
      }
      index()
      for follower in followers.all { follower.storeWillMerge() }
    }
    var merged = false
    if isDue || all {
      let result = try runs.merge(all: all, batch: Self.batch, thinning: try followers.thinning())
      merged = result.isChanged
      thinnedCount += result.thinned
      if result.thinned > 0 { recent = RecentStates() }
    }
    if isDue { try onDisk { () throws(DiskError) in try own.seal(acknowledged: acknowledged) } }
    for follower in followers.all { follower.storeDidCompact(hasNewRuns: isDue || merged) }
    return isDue || merged
  }

  /// How many members of a run are compressed at a time: a person waits for it, and each is a quarter of a megabyte.
  private static let batch = 4

  /// A store without a server gives its changes places itself, so that it can compact them. When it joins
  /// a server later, the server's order takes their place.
  func placeLocally() throws(StorageError) {
    var position = mirror.last
    var sum = mirror.sum
    let stamp = environment.now()
    var members: [BlockMember] = []
    let deflater = Deflater()
    for var block in BlockText.blocks(of: own.unsent) {
      sum = Chain.next(sum, block.changes, stamp: stamp)
      block.placement = Placement(first: position + 1, stamp: stamp, sum: sum)
      position += UInt64(block.count)
      members.append(BlockMember([block], deflater))
    }
    try integrate(SyncSession.Received(members: members))
  }
}
