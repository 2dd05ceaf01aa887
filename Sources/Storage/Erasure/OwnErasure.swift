import Causality
import Codec
import Merge

/// Takes what was erased out of the files of a replica's own changes.
package enum OwnErasure {
  /// Puts stubs in the places of own changes of erased entities, sent or not.
  ///
  /// File by file, each replaced as a whole. Bytes of which no change can be read may hold anything, so they go from a file
  /// that is written anew, and so does `torn`. Cost: all own changes.
  package static func erase(
    _ entities: Set<EntityID>, _ disk: any Disk, folder: String, replica: ReplicaID
  ) throws(StorageError) {
    try rewrite(disk, folder, replica) { change in entities.contains(change.on) ? change.stub : change }
    try onDisk { () throws(DiskError) in try disk.remove("\(folder)/torn") }
  }

  /// Makes own changes behind a sequence that erase something changes that do not.
  package static func withdraw(
    _ disk: any Disk, folder: String, replica: ReplicaID, behind sequence: UInt64
  ) throws(StorageError) {
    try rewrite(disk, folder, replica) { change in
      change.id.sequence > sequence && change.erases ? change.withdrawn : change
    }
  }

  private static func rewrite(
    _ disk: any Disk, _ folder: String, _ replica: ReplicaID, _ make: (Change) -> Change
  ) throws(StorageError) {
    let files = try onDisk { () throws(DiskError) in try OwnFile.list(disk, folder) }
    for file in files {
      guard let bytes = try onDisk({ () throws(DiskError) in try disk.readAll(file.path) }) else { continue }
      let content = OwnFile.parse(bytes, file, replica)
      let changes = content.changes.map(make)
      guard changes != content.changes || !content.damage.isEmpty else { continue }
      // What cannot be read at all is left for 'verify', which brings it back from the mirror.
      if content.changes.isEmpty { continue }
      var lines: [UInt8] = []
      for change in changes { ChangeLine.writeChecked(change, to: &lines) }
      let output = file.isCompressed ? Deflater(level: 9).compress(lines) : lines
      try onDisk { () throws(DiskError) in try disk.replace(file.path, with: output) }
    }
    // A crash while a file was sealed leaves both forms; the plain one counts.
    try onDisk { () throws(DiskError) in
      let names = Set(try disk.list(folder))
      for name in names where name.hasSuffix(".jsonl.gz") && names.contains(String(name.dropLast(3))) {
        try disk.remove("\(folder)/\(name)")
      }
      for name in names where name.hasSuffix(".new") { try disk.remove("\(folder)/\(name)") }
    }
  }
}
