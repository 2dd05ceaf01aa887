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
    return changes.contains { change in unsent[change.id].map { $0 != change } ?? false }
  }

  /// What this store goes on as when another device writes under its replica id.
  package struct Fork: Sendable {
    /// The new replica id.
    package var replica: ReplicaID
    /// The unsent changes, made again under it, from sequence 1 on.
    var changes: [Change]
  }

  /// Makes the unsent changes again under a new replica id.
  ///
  /// Changes that the other device sent too, because they were made before the copy, are left out. What the
  /// others say of each other is put right.
  /// - Parameter sent: changes under the old id that the server has, beyond those that this store knows to be there.
  package func fork(sent: [ChangeID: Change]) throws(StorageError) -> Fork {
    let kept = own.unsent.filter { sent[$0.id] != $0 }
    guard !kept.isEmpty else { return Fork(replica: ReplicaID(bits: environment.random()), changes: []) }
    let changes = try remade(try Self.renamed(kept))
    return Fork(replica: changes[0].id.replica, changes: changes)
  }

  /// Changes of one replica, in sequence order, made again under another id where the mirror holds others under theirs.
  ///
  /// - Returns: as many changes, or fewer where the mirror holds them.
  func remade(_ changes: [Change]) throws(StorageError) -> [Change] {
    var changes = changes
    while let replica = changes.first?.id.replica {
      let known = try mirrored(replica)
      func isTaken(_ change: Change) -> Bool { known[change.id].map { $0 != change } ?? false }
      guard let first = changes.firstIndex(where: isTaken) else { break }
      changes = try Self.renamed(changes[first...].filter { known[$0.id] != $0 })
    }
    return changes
  }

  /// The mirror's changes of a replica. Cost: all runs that hold some.
  private func mirrored(_ replica: ReplicaID) throws(StorageError) -> [ChangeID: Change] {
    var found: [ChangeID: Change] = [:]
    for run in runs.runs where run.index.replicas[replica] != nil {
      for member in 0..<run.index.memberCount {
        for placed in try run.changes(member) where placed.change.id.replica == replica {
          found[placed.change.id] = placed.change
        }
      }
    }
    for block in mirror.blocks where block.replica == replica {
      for change in block.changes { found[change.id] = change }
    }
    return found
  }

  /// Gives changes of one replica the ids of another, from sequence 1 on.
  ///
  /// The new id is drawn from the first change: whoever has to make the same changes again, be it another copy of
  /// the store or a colleague who saved them from a server that lost them, makes the same ones.
  private static func renamed(_ changes: [Change]) throws(StorageError) -> [Change] {
    guard let first = changes.first else { return [] }
    let new = ReplicaID(bits: FNV1a.hash(ChangeLine.bytes(first)))
    var names: [UInt64: UInt64] = [:]
    for (index, change) in changes.enumerated() { names[change.id.sequence] = UInt64(index) + 1 }
    var renamed: [Change] = []
    for change in changes {
      let line = rename(ChangeLine.bytes(change), from: first.id.replica, to: new, names)
      do {
        renamed.append(try ChangeLine.parse(line.span))
      } catch {
        throw .refused("change \(change.id) cannot be made again under a new replica id: \(error)")
      }
    }
    return renamed
  }

  /// Goes on under a new replica id. The old files stay in their folder.
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
    }
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

  /// Replaces `old.n` by `new.names[n]` wherever it stands in a line.
  static func rename(
    _ line: [UInt8], from old: ReplicaID, to new: ReplicaID, _ names: [UInt64: UInt64]
  ) -> [UInt8] {
    let pattern = Array("\(old).".utf8)
    var output: [UInt8] = []
    var index = 0
    while index < line.count {
      guard line[index...].starts(with: pattern) else {
        output.append(line[index])
        index += 1
        continue
      }
      var end = index + pattern.count
      while end < line.count, line[end] &- UInt8(ascii: "0") < 10 { end += 1 }
      if let sequence = Decimal.parse(line.span, index + pattern.count, end), let name = names[sequence] {
        output += Array("\(new).\(name)".utf8)
      } else {
        output += line[index..<end]
      }
      index = end
    }
    return output
  }
}
