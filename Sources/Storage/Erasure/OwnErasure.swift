import Causality
import Codec
import Merge

/// Takes what was erased out of the files of a replica's own changes.
package enum OwnErasure {
  /// Puts stubs in the places of own changes of erased entities, sent or not.
  ///
  /// File by file, each replaced as a whole. Bytes of which no change can be read may hold anything, so they go, and so does
  /// `torn`; what is missing then, `verify` takes from the mirror. Lines of another replica are somebody's edits, too, for
  /// whoever finds the settings that they belong to. Cost: all own changes.
  package static func erase(
    _ entities: Set<EntityID>, _ disk: any Disk, folder: String, replica: ReplicaID
  ) throws(StorageError) {
    try rewrite(disk, folder, replica, keepingDamage: false) { change in
      entities.contains(change.on) ? change.stub : change
    }
    try onDisk { () throws(DiskError) in try disk.remove("\(folder)/torn") }
  }

  /// Makes own changes behind a sequence that erase something changes that do not, and empties those that came along with them.
  ///
  /// - Parameter customers: for whose erasures they were made.
  package static func withdraw(
    _ disk: any Disk, folder: String, replica: ReplicaID, behind sequence: UInt64, of customers: Set<EntityID>
  ) throws(StorageError) {
    try rewrite(disk, folder, replica, keepingDamage: true) { change in
      change.id.replica == replica && change.id.sequence > sequence ? change.withdrawn(customers) : change
    }
  }

  /// - Parameters:
  ///   - keepingDamage: whether a file in which nothing else changes keeps what cannot be read.
  ///   - limit: the most text that a compressed file is read with, in bytes.
  /// - Throws: `StorageError.damaged` where a file holds more: it is whole, perhaps, so nothing of it may go.
  static func rewrite(
    _ disk: any Disk, _ folder: String, _ replica: ReplicaID, keepingDamage: Bool, limit: Int = OwnFile.limit,
    _ make: (Change) -> Change
  ) throws(StorageError) {
    let files = try onDisk { () throws(DiskError) in try OwnFile.list(disk, folder) }
    for file in files {
      guard let bytes = try onDisk({ () throws(DiskError) in try disk.readAll(file.path) }) else { continue }
      let content = OwnFile.parse(bytes, file, replica, limit: limit)
      if content.isTooLarge, let damage = content.damage.first { throw .damaged(damage) }
      let found = content.damage.isEmpty ? content.changes : content.changes + salvage(bytes, file, content)
      let changes = found.map(make)
      guard changes != found || !keepingDamage && !content.damage.isEmpty else { continue }
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

  /// What a damaged file holds besides what was taken from it: whole lines in front of where it cannot be inflated, and those
  /// of another replica.
  private static func salvage(_ bytes: [UInt8], _ file: OwnFile, _ content: OwnFile.Content) -> [Change] {
    var text: [UInt8] = file.isCompressed ? [] : bytes
    if file.isCompressed {
      // What it gives before it fails stays in the text.
      _ = try? Inflater().inflateMember(bytes.span, from: 0, limit: OwnFile.limit, to: &text)
    }
    var known = Set(content.changes.map(\.id))
    return text.split(separator: 0x0A).compactMap { line in
      let line = Array(line)
      guard let change = (try? ChangeLine.parseChecked(line.span)) ?? LineMending.mend(line) else {
        return nil
      }
      return known.insert(change.id).inserted ? change : nil
    }
  }
}
