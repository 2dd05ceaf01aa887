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
    for block in blocks where block.replica == replica {
      guard let first = own.unsent.first?.id.sequence else {
        if block.changes[block.count - 1].id.sequence > own.lastSequence { return true }
        continue
      }
      for change in block.changes where change.id.sequence >= first {
        let index = Int(change.id.sequence - first)
        if index >= own.unsent.count || own.unsent[index] != change { return true }
      }
    }
    return false
  }

  /// Gives the store a new replica id and makes its unsent changes again under it.
  ///
  /// Changes that the other device sent too, because they were made before the copy, are not made twice. What
  /// unsent changes say of each other is put right. The old files stay in their folder. A crash leaves the
  /// store as it was or as it is to be.
  /// - Parameters:
  ///   - sent: changes under the old id that the server has, beyond those that this store knows to be there.
  package func adopt(_ new: ReplicaID, token: String, sent: [ChangeID: Change]) throws(StorageError) {
    var names: [UInt64: UInt64] = [:]
    let kept = own.unsent.filter { sent[$0.id] != $0 }
    for (index, change) in kept.enumerated() { names[change.id.sequence] = UInt64(index) + 1 }
    var changes: [Change] = []
    for change in kept {
      var line: [UInt8] = []
      ChangeLine.write(change, to: &line)
      let renamed = Self.rename(line, from: replica, to: new, names)
      do {
        changes.append(try ChangeLine.parse(renamed.span))
      } catch {
        throw .refused("change \(change.id) cannot be made again under a new replica id: \(error)")
      }
    }
    var configuration = self.configuration
    configuration.formerReplicas = (configuration.formerReplicas ?? []) + [replica]
    configuration.replica = new
    configuration.token = token
    let folder = "own-\(new)"
    configuration.ownFolder = folder
    try onDisk { () throws(DiskError) in
      var log = try OwnLog(
        disk: disk, folder: folder, replica: new, acknowledged: 0, repairing: true, sizes: environment.sizes)
      try log.append(changes)
    }
    try configuration.write(disk)
    self.configuration = configuration
    try reopen()
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
