import Causality
import Codec
import Merge

/// Reads every byte of a replica's own changes and puts right what it can: a flipped bit by its line's checksum, a lost
/// line from the mirror. An edit that is lost for good leaves an empty change, so that the sequence has no gap.
package struct OwnCheck {
  private let disk: any Disk
  private let folder: String
  private let replica: ReplicaID
  private let acknowledged: UInt64
  private let sent: UInt64
  private let aside: SetAside?
  /// Gives the changes that the mirror holds of this replica, by sequence.
  private let mirrored: () throws(StorageError) -> [UInt64: Change]
  package private(set) var findings: [Finding] = []
  package private(set) var files = 0
  package private(set) var bytes = 0
  /// Intact changes that the mirror does not hold.
  package private(set) var changes = 0
  private var known: [UInt64: Change]?
  private var previous: Change?

  /// - Parameters:
  ///   - acknowledged: the last own sequence that the mirror holds.
  ///   - sent: the last own sequence that the server is known to have, whatever the mirror lost.
  ///   - aside: takes files as they were; nil where nothing is to be changed.
  package init(
    _ disk: any Disk, folder: String, replica: ReplicaID, acknowledged: UInt64, sent: UInt64,
    aside: SetAside?,
    mirrored: @escaping () throws(StorageError) -> [UInt64: Change]
  ) throws(StorageError) {
    self.disk = disk
    self.folder = folder
    self.replica = replica
    self.acknowledged = acknowledged
    self.sent = sent
    self.aside = aside
    self.mirrored = mirrored
    var list = try onDisk { () throws(DiskError) in try OwnFile.list(disk, folder) }
    // What stands in front of the first file was there once, too.
    if list.first?.first ?? acknowledged + 1 > 1, acknowledged > 0 || !list.isEmpty {
      list.insert(OwnFile(folder: folder, first: 1, isCompressed: false), at: 0)
    }
    for (index, file) in list.enumerated() {
      try check(file, next: index + 1 < list.count ? list[index + 1].first : nil)
    }
  }

  private mutating func check(_ file: OwnFile, next: UInt64?) throws(StorageError) {
    let stored = try onDisk { () throws(DiskError) in try disk.readAll(file.path) }
    var content = stored.map { OwnFile.parse($0, file, replica) } ?? OwnFile.Content()
    if let stored {
      files += 1
      bytes += stored.count
    }
    changes += content.changes.count { $0.id.sequence > acknowledged }
    if content.isTooLarge {
      // It is whole, perhaps: nothing may take its place.
      for damage in content.damage { findings.append(Finding(damage, .left)) }
      return
    }
    if content.isForeign {
      // Whoever finds the right settings finds these edits.
      for damage in content.damage { findings.append(Finding(damage, .foreign)) }
      return
    }
    var torn: (damage: Damage, isZeroed: Bool)?
    if next == nil, !file.isCompressed, content.intact < content.end {
      content.damage.removeAll { $0.offset >= content.intact }
      let isZeroed = stored?[content.intact..<content.end].contains(0) ?? false
      torn = (
        Damage(
          file: file.path, offset: content.intact,
          reason:
            "\(content.end - content.intact) bytes of an unfinished change\(isZeroed ? ", zeros among them" : "")"
        ),
        isZeroed
      )
    }
    let end = next.map { $0 - 1 } ?? max(acknowledged, content.changes.last?.id.sequence ?? 0)
    let there = Set(content.changes.map(\.id.sequence))
    let missing = file.first <= end ? (file.first...end).filter { !there.contains($0) } : []
    if missing.isEmpty, content.damage.isEmpty, content.mended.isEmpty, torn == nil {
      previous = content.changes.last ?? previous
      return
    }
    let isShort = next == nil && isShort(content, missing, stored ?? [])
    try repair(file, content, missing: missing, torn: torn, isThere: stored != nil, isShort: isShort)
  }

  /// Whether the last file lost its end, and perhaps edits with it that nobody else has: changes that were sent are not there,
  /// which no crash takes away, nor are lines in their places.
  private func isShort(_ content: OwnFile.Content, _ missing: [UInt64], _ stored: [UInt8]) -> Bool {
    guard acknowledged > 0, missing.last == acknowledged else { return false }
    let last = content.changes.last?.id.sequence ?? 0
    let lines = stored.dropFirst(content.intact).count { $0 == 0x0A }
    return lines < missing.count { $0 > last }
  }

  private mutating func repair(
    _ file: OwnFile, _ content: OwnFile.Content, missing: [UInt64], torn: (damage: Damage, isZeroed: Bool)?,
    isThere: Bool, isShort: Bool
  ) throws(StorageError) {
    var whole = content.changes
    var lost: [UInt64] = []
    var isAwaited = false
    for sequence in missing {
      if let change = try fromMirror(sequence) {
        whole.append(change)
      } else if sequence <= sent {
        // An empty one in its place would be another change than the server's.
        isAwaited = true
      } else {
        lost.append(sequence)
      }
    }
    let outcome: Finding.Outcome =
      !lost.isEmpty ? .lost : isShort ? .shortened : isAwaited ? .awaited : .restored
    let kept = try onDisk { () throws(DiskError) in isThere ? try aside?.copy(file.path) : nil }
    func note(_ damage: Damage, _ outcome: Finding.Outcome) {
      findings.append(Finding(damage, aside == nil ? .left : outcome, keptIn: aside == nil ? nil : kept))
    }
    for damage in content.mended { note(damage, .mended) }
    for damage in content.damage { note(damage, outcome) }
    if content.damage.isEmpty, let first = missing.first {
      let reason = "\(missing.count) changes from \(replica).\(first) on are missing"
      note(Damage(file: file.path, offset: 0, reason: reason), outcome)
    }
    if let torn { note(torn.damage, isShort ? .shortened : torn.isZeroed ? .zeroed : .cut) }
    guard aside != nil else { return }
    whole += stubs(lost, whole)
    whole.sort { $0.id < $1.id }
    previous = whole.last ?? previous
    var lines: [UInt8] = []
    for change in whole { ChangeLine.writeChecked(change, to: &lines) }
    let output = file.isCompressed ? Deflater(level: 9).compress(lines) : lines
    try onDisk { () throws(DiskError) in
      try disk.makeFolder(folder)
      try disk.replace(file.path, with: output)
    }
  }

  private mutating func fromMirror(_ sequence: UInt64) throws(StorageError) -> Change? {
    if known == nil { known = try mirrored() }
    return known?[sequence]
  }

  /// Empty changes that keep the places of lost ones: on what a later change says that the lost one created, else on
  /// the entity of the change before.
  private func stubs(_ lost: [UInt64], _ changes: [Change]) -> [Change] {
    lost.compactMap { sequence in
      let id = ChangeID(replica, sequence)
      let before = changes.last { $0.id.sequence < sequence } ?? previous
      let after = changes.first { $0.id.sequence > sequence }
      let on = changes.first { $0.on.origin == id }?.on ?? (before ?? after)?.on
      guard let on, let near = before ?? after else { return nil }
      return Change(id: id, at: near.at, seen: before?.seen ?? 0, by: near.by, on: on, body: [])
    }
  }
}
