import Causality
import Codec

/// What a store set aside because its server's log is another one from some position on: `old/1` and on, each with the runs and
/// the blocks behind that position.
///
/// The file `limit` of such a folder is there before anything else in it, and goes last. `old/waiting` says what of all of it a
/// plain agent's device could not give back.
package enum LostHistory {
  package static let root = "old"

  /// Up to where knowledge counts of changes that were made before something was set aside.
  package struct Limit: Hashable, Sendable {
    /// The last position that the lost lineage and the present one share.
    package var position: UInt64
    /// For each id of this store, the sequence of the last change that was made before.
    package var own: [ReplicaID: UInt64]

    package init(position: UInt64, own: [ReplicaID: UInt64]) {
      self.position = position
      self.own = own
    }

    /// What cannot be trusted limits more rather than less. What older versions wrote has no checksum and counts as it is.
    fileprivate init(_ bytes: [UInt8]) {
      self = Self.parse(bytes) ?? Limit(position: 0, own: [:])
    }

    private static func parse(_ bytes: [UInt8]) -> Limit? {
      guard bytes.last == UInt8(ascii: "\n") else { return nil }
      var lines = String(decoding: bytes, as: UTF8.self).split(
        separator: "\n", omittingEmptySubsequences: false
      ).dropLast()
      if let seal = lines.last, seal.hasPrefix(Self.seal) {
        let covered = bytes.dropLast(seal.utf8.count + 1)
        guard Checksum.parse(String(seal.dropFirst(Self.seal.count))) == Checksum.crc32(Array(covered)) else {
          return nil
        }
        lines.removeLast()
      }
      guard let position = lines.popFirst().flatMap({ UInt64($0) }) else { return nil }
      var limit = Limit(position: position, own: [:])
      for line in lines {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, let replica = ReplicaID(words[0]), let last = UInt64(words[1]) else {
          return nil
        }
        limit.own[replica] = last
      }
      return limit
    }

    /// How the last line begins, which no version takes for one of an id.
    private static let seal = "crc "

    fileprivate var bytes: [UInt8] {
      let lines = own.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }
      let text = Array(("\(position)\n" + lines.joined()).utf8)
      return text + Array("\(Self.seal)\(Checksum.hex(Checksum.crc32(text)))\n".utf8)
    }

    /// The last of a replica's changes that it is about; the greatest number where that is not known.
    package func last(of replica: ReplicaID) -> UInt64 { own[replica] ?? .max }
  }

  /// The numbers of the folders, ascending.
  package static func numbers(_ disk: any Disk) throws(DiskError) -> [Int] {
    try disk.list(root).compactMap { Int($0) }.sorted()
  }

  package static func folder(_ number: Int) -> String { "\(root)/\(number)" }

  /// The limits, by the numbers of their folders. Cost: a small file each.
  package static func limits(_ disk: any Disk) throws(DiskError) -> [(number: Int, limit: Limit)] {
    var found: [(number: Int, limit: Limit)] = []
    for number in try numbers(disk) {
      if let bytes = try disk.readAll("\(folder(number))/limit") {
        found.append((number, Limit(bytes)))
      } else if try disk.list(folder(number)).contains(where: { $0.hasSuffix(".jsonl.gz") }) {
        // It was not this program that took the limit away.
        found.append((number, Limit(position: 0, own: [:])))
      }
    }
    return found
  }

  package static func write(_ limit: Limit, _ number: Int, _ disk: any Disk) throws(DiskError) {
    try disk.replace("\(folder(number))/limit", with: limit.bytes)
  }

  /// What of all that was set aside waits for a supervisor's device: for each replica, the first sequence that could not be
  /// given back. Empty where nothing is known to wait.
  package static func waiting(_ disk: any Disk) throws(DiskError) -> [ChangeID] {
    let text = String(decoding: try disk.readAll(waitingPath) ?? [], as: UTF8.self)
    return text.split(separator: "\n").compactMap { ChangeID($0) }
  }

  /// Notes what waits.
  package static func noteWaiting(_ marks: [ChangeID], _ disk: any Disk) throws(DiskError) {
    guard try waiting(disk) != marks else { return }
    try disk.replace(waitingPath, with: Array(marks.map { "\($0)\n" }.joined().utf8))
  }

  private static let waitingPath = "\(root)/waiting"

  /// Begins a folder: with its limit, durably. Returns its path.
  package static func begin(_ limit: Limit, _ disk: any Disk) throws(DiskError) -> String {
    if try disk.readAll(waitingPath) != nil {
      // Not only what waited is there any more.
      try disk.remove(waitingPath)
      try disk.syncFolder(root)
    }
    let number = (try numbers(disk).last ?? 0) + 1
    try disk.makeFolder(folder(number))
    try write(limit, number, disk)
    return folder(number)
  }

  /// Moves runs into a folder, the newest first and each durably before the next: wherever this stops, the runs that are left
  /// follow each other from the first position on, so the store finds once more that its history differs.
  package static func move(_ names: [RunName], to folder: String, _ disk: any Disk) throws(DiskError) {
    for name in names.sorted(by: { $0.last > $1.last }) {
      try disk.rename(name.path, to: name.path(in: folder))
      try disk.syncFolder(folder)
      try disk.syncFolder(RunName.folder)
      try disk.remove(name.indexPath)
    }
  }

  /// Sets runs aside in front of which changes are missing, so that they are given back and erased in as others are.
  ///
  /// Whatever was set aside before, or nothing, is what they share with the present lineage. The changes of this store that are
  /// not sent were made on what it holds, so that they are not limited by it.
  /// - Returns: the folder.
  package static func take(
    strays: [RunName], replica: ReplicaID?, _ disk: any Disk
  ) throws(StorageError) -> String {
    // Nobody knows up to where they were erased in.
    try ErasureNote.none.write(disk)
    return try onDisk { () throws(DiskError) in
      let position = try limits(disk).map(\.limit.position).min() ?? 0
      let limit = Limit(position: position, own: replica.map { [$0: 0] } ?? [:])
      let folder = try begin(limit, disk)
      try move(strays, to: folder, disk)
      return folder
    }
  }

  /// Removes all of it, so that power loss does not bring back any.
  package static func remove(_ disk: any Disk) throws(DiskError) {
    let numbers = try numbers(disk)
    guard !numbers.isEmpty else { return }
    if try disk.readAll(waitingPath) != nil { try disk.remove(waitingPath) }
    for number in numbers {
      let folder = folder(number)
      for name in try disk.list(folder) where name != "limit" { try disk.remove("\(folder)/\(name)") }
      // Without its limit what is left would speak of nothing that is shared.
      try disk.syncFolder(folder)
      try disk.removeFolder(folder)
    }
  }
}
