import Causality
import ChangeCodec
import Codec
import Merge
import Storage

/// What a store does when another device writes under its replica id, because one store was copied or
/// brought back from a backup: it goes on under a new id.
extension Store {
  /// Whether blocks from the server hold, under this store's id, changes that this store did not make.
  package func isForked(by blocks: some Sequence<Block>) -> Bool {
    isForked(by: blocks.filter { $0.replica == replica }.flatMap(\.changes))
  }

  /// Whether changes under this store's id are others than this store's own. One that is damaged here is not.
  func isForked(by changes: [Change]) -> Bool {
    guard let last = changes.map(\.id.sequence).max() else { return false }
    if last > own.lastSequence { return true }
    guard let first = own.unsent.first?.id.sequence, last >= first else { return false }
    let unsent = Dictionary(own.unsent.map { ($0.id, $0) }) { $1 }
    return changes.contains { change in unsent[change.id].map { !$0.isSame(as: change) } ?? false }
  }

  /// What the server has of the edits that this store counts as unsent.
  package struct Sent {
    /// Changes under this store's id.
    fileprivate var own: [ChangeID: Change] = [:]
    /// Changes that others made again.
    fileprivate var remade: [Origin: [Change]] = [:]
    fileprivate var replicas: Set<ReplicaID> = []
    private let replica: ReplicaID

    package init(_ replica: ReplicaID) {
      self.replica = replica
    }

    package mutating func take(_ change: Change) {
      replicas.insert(change.id.replica)
      if change.id.replica == replica { own[change.id] = change }
      if change.was != nil { remade[change.origin, default: []].append(change) }
    }

    /// The id under which the server has a change; nil where it does not.
    fileprivate func name(of change: Change) -> ChangeID? {
      if own[change.id]?.isSame(as: change) == true { return change.id }
      return remade[change.origin]?.first { $0.isSameEdit(as: change) }?.id
    }
  }

  /// What this store goes on as.
  package struct Fork: Sendable {
    /// The new replica id.
    package var replica: ReplicaID
    /// The unsent changes, made again under it, from sequence 1 on.
    var changes: [Change]
    /// The sequences that these changes had.
    fileprivate var former: [UInt64]
  }

  /// Makes the unsent changes again under a new replica id.
  ///
  /// Those that the server has, because they were made before the copy, are left out. Cost: per store.
  /// - Parameter sent: what the server has behind the mirror.
  package func fork(sent: Sent) throws(StorageError) -> Fork {
    var sent = sent
    try forEachMirrored { sent.take($0) }
    var changes: [Change] = []
    var elsewhere: [UInt64: ChangeID] = [:]
    for change in own.unsent {
      switch sent.name(of: change) {
      case nil: changes.append(change)
      case let name? where name != change.id: elsewhere[change.id.sequence] = name
      case _?: break
      }
    }
    let former = changes.map(\.id.sequence)
    guard !changes.isEmpty else {
      return Fork(replica: ReplicaID(bits: environment.random()), changes: [], former: [])
    }
    changes = try Remaking.renamed(changes, elsewhere: elsewhere)
    while sent.replicas.contains(changes[0].id.replica) { changes = try Remaking.renamed(changes) }
    return Fork(replica: changes[0].id.replica, changes: changes, former: former)
  }

  /// Whether this store made changes again that it has not sent yet.
  var hasRemadeUnsent: Bool { own.unsent.contains { $0.was != nil } }

  /// Whether the mirror holds some of them, made again by somebody else. Cost: per store.
  func isRemadeElsewhere() throws(StorageError) -> Bool {
    let unsent = Dictionary(own.unsent.filter { $0.was != nil }.map { ($0.origin, $0) }) { $1 }
    var isFound = false
    try forEachMirrored { change in
      guard change.id.replica != replica, change.was != nil, let own = unsent[change.origin] else { return }
      if own.isSameEdit(as: change) { isFound = true }
    }
    return isFound
  }

  /// Goes on under a new replica id. The old files stay in their folder until something is erased.
  ///
  /// A crash leaves the store as it was or as it is to be.
  package func adopt(_ fork: Fork, token: String) throws(StorageError) {
    var configuration = self.configuration
    configuration.formerReplicas = (configuration.formerReplicas ?? []) + [replica]
    configuration.replica = fork.replica
    configuration.token = token
    let folder = "own-\(fork.replica)"
    configuration.ownFolder = folder
    try onDisk { () throws(DiskError) in
      // What an earlier try left behind.
      for name in try disk.list(folder) { try disk.remove("\(folder)/\(name)") }
      var log = try OwnLog(
        disk: disk, folder: folder, replica: fork.replica, acknowledged: 0, repairing: true,
        sizes: environment.sizes)
      try log.append(fork.changes)
      // What was made before something was set aside has other sequences now.
      for (number, limit) in try LostHistory.limits(disk) {
        let last = limit.last(of: replica)
        var limit = limit
        limit.own[fork.replica] = UInt64(fork.former.count { $0 <= last })
        try LostHistory.write(limit, number, disk)
      }
    }
    // The old files may hold under the old names what was erased under others.
    try lowerErasureNote(to: 0, sum: 0)
    try settle(configuration)
    try reopen()
  }

  /// Writes the settings and goes by them; by what the disk then says where that fails half way.
  func settle(_ configuration: StoreConfiguration) throws(StorageError) {
    do {
      try configuration.write(disk)
      self.configuration = configuration
    } catch {
      isInDoubt = true
      throw error
    }
  }

  /// Visits what the mirror holds behind a position, and perhaps some before it.
  func forEachMirrored(
    behind position: UInt64 = 0, _ visit: (Change) -> Void
  ) throws(StorageError) {
    for run in runs.runs where run.name.last > position {
      for member in 0..<run.index.memberCount {
        for placed in try run.changes(member) { visit(placed.change) }
      }
    }
    for block in mirror.blocks where block.last > position { block.changes.forEach(visit) }
  }
}
