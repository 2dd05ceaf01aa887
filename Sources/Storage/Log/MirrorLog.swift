import Causality
import ChangeCodec
import Codec
import Merge

/// The workspace's changes in the server's order that are newer than the runs: `log/0000010432.jsonl.gz`,
/// named by the position it starts at. Gzip members of blocks, as the server sent them.
///
/// It is short, because compaction turns it into runs; so it is read as a whole when a store is opened.
package struct MirrorLog: Sendable {
  package static let folder = "log"

  private let disk: any Disk
  private var file: (any DiskFile)?
  private var fileSize = 0
  private var path: String?
  /// The blocks after the runs, in order.
  package private(set) var blocks: [Block] = []
  /// The last position held, in the runs or here.
  package private(set) var last: UInt64
  /// The chain's sum at `last`.
  package private(set) var sum: UInt32
  /// The compressed size of the log's files, in bytes.
  package private(set) var size = 0
  /// What was found damaged; everything behind it is fetched again.
  package private(set) var damage: [Damage] = []
  /// The torn end of the last file, as a crash leaves it.
  package private(set) var torn: Damage?

  /// Opens the log and reads what lies behind the runs.
  ///
  /// - Parameters:
  ///   - last: the last position of the runs, `sum` the chain's sum there.
  ///   - repairing: whether what cannot be read may be cut off.
  package init(
    disk: any Disk, after last: UInt64, sum: UInt32, repairing: Bool
  ) throws(StorageError) {
    self.disk = disk
    self.last = last
    self.sum = sum
    let paths = try Self.paths(disk)
    for (index, path) in paths.enumerated() {
      let isLast = index == paths.count - 1
      let file = try onDisk { () throws(DiskError) in try disk.open(path, .read) }
      let fileSize = try onDisk { () throws(DiskError) in try file.size() }
      let (end, problem) = try read(file, path)
      size += end
      if isLast { goOn(path, at: end) }
      guard let problem else { continue }
      if isLast, problem.isTorn { torn = problem.damage } else { damage.append(problem.damage) }
      if repairing {
        try Self.cut(disk, path, to: end, size: fileSize)
        for later in paths[(index + 1)...] { try onDisk { () throws(DiskError) in try disk.remove(later) } }
      }
      goOn(path, at: end)
      break
    }
  }

  /// Takes a file for the one that is appended to. One without anything in it may be removed, or its name not durable yet: it is
  /// made again.
  private mutating func goOn(_ path: String, at end: Int) {
    guard end > 0 else { return }
    self.path = path
    fileSize = end
  }

  private static func paths(_ disk: any Disk) throws(StorageError) -> [String] {
    let listing = try onDisk { () throws(DiskError) in try disk.list(folder) }
    return listing.filter { $0.hasSuffix(".jsonl.gz") }.sorted().map { "\(folder)/\($0)" }
  }

  /// Reads one file. Returns where the readable part ends and what ends it, if not the file.
  private mutating func read(
    _ file: any DiskFile, _ path: String
  ) throws(StorageError) -> (end: Int, problem: (damage: Damage, isTorn: Bool)?) {
    var scanner = MemberScanner(file, path: path)
    while true {
      let start = scanner.offset
      do {
        guard let member = try scanner.next(limit: BlockMember.textLimit) else { return (start, nil) }
        for block in try BlockText.parseAll(member.text.span) { try take(block) }
      } catch let error as StorageError {
        guard case .damaged(let damage) = error else { throw error }
        return (start, (damage, damage.reason == CompressionError.truncated.description))
      } catch {
        return (start, (Damage(file: path, offset: start, reason: "\(error)"), false))
      }
    }
  }

  /// Takes a block in memory, checking that it continues the order.
  private mutating func take(_ block: Block) throws(JSONError) {
    guard let placement = block.placement else {
      throw JSONError(offset: 0, reason: "a block without a position")
    }
    if block.last <= last { return }
    guard placement.first == last + 1 else {
      throw JSONError(offset: 0, reason: "position \(placement.first), expected \(last + 1)")
    }
    let next = Chain.next(sum, block)
    guard next == placement.sum else {
      throw JSONError(offset: 0, reason: "the running checksum does not match")
    }
    blocks.append(block)
    last = block.last
    sum = next
  }

  private static func cut(_ disk: any Disk, _ path: String, to end: Int, size: Int) throws(StorageError) {
    try onDisk { () throws(DiskError) in
      if end == 0 {
        try disk.remove(path)
      } else if end < size {
        let file = try disk.open(path, .append)
        try file.truncate(to: end)
        try file.sync()
      }
    }
  }

  /// Appends members and makes them durable: one write, one sync.
  ///
  /// - Precondition: their blocks follow `last`, and their sums were checked.
  /// - Throws: `StorageError`; then nothing was appended.
  package mutating func append(_ members: [BlockMember]) throws(StorageError) {
    guard let first = members.first?.blocks.first?.placement?.first else { return }
    var bytes: [UInt8] = []
    for member in members { bytes += member.bytes }
    let disk = self.disk
    let file = try onDisk { () throws(DiskError) -> any DiskFile in
      if let file = self.file { return file }
      if let path { return try disk.open(path, .append) }
      try disk.makeFolder(Self.folder)
      let path = Self.path(first)
      let file = try disk.open(path, .replace)
      try disk.syncFolder(Self.folder)
      self.path = path
      fileSize = 0
      return file
    }
    do {
      // What an earlier write left behind, when it could not be cut off then.
      if try file.size() != fileSize { try file.truncate(to: fileSize) }
      try file.append(bytes.span)
      try file.sync()
    } catch {
      try? file.truncate(to: fileSize)
      self.file = nil
      throw StorageError(error)
    }
    self.file = file
    fileSize += bytes.count
    size += bytes.count
    for member in members {
      for block in member.blocks {
        blocks.append(block)
        last = block.last
        sum = block.placement?.sum ?? sum
      }
    }
  }

  static func path(_ first: UInt64) -> String {
    let digits = String(first)
    return "\(folder)/\(String(repeating: "0", count: max(0, 10 - digits.count)))\(digits).jsonl.gz"
  }

  /// Forgets everything behind a position where a block ends, or behind the runs when it is not behind them.
  ///
  /// - Parameter runs: the last position of the runs that stay, and the chain's sum there.
  package mutating func rewind(to position: UInt64, runs: (last: UInt64, sum: UInt32)) throws(StorageError) {
    let kept = blocks.filter { $0.last <= position && $0.last > runs.last }
    last = runs.last
    sum = runs.sum
    try clear()
    let deflater = Deflater()
    try append(kept.map { BlockMember([$0], deflater) })
  }

  /// Puts stubs in the places of erased entities' changes: the log is replaced as a whole, so that a crash leaves the old or
  /// the new one. Cost: the log, where it holds something to erase.
  package mutating func erase(_ entities: Set<EntityID>) throws(StorageError) {
    let disk = self.disk
    let paths = try Self.paths(disk)
    let leftovers = try onDisk { () throws(DiskError) in
      try disk.list(Self.folder).filter { $0.hasSuffix(".new") }
    }
    if let first = blocks.first?.placement?.first,
      blocks.contains(where: { $0.erasing(entities) != nil }) || paths != [Self.path(first)]
    {
      let stubs = blocks.map { $0.erasing(entities) ?? $0 }
      let deflater = Deflater()
      var bytes: [UInt8] = []
      for block in stubs { bytes += BlockMember([block], deflater).bytes }
      let path = Self.path(first)
      file = nil
      try onDisk { () throws(DiskError) in try disk.replace(path, with: bytes) }
      (blocks, self.path, fileSize, size) = (stubs, path, bytes.count, bytes.count)
      // What other files hold the runs or this one hold, too.
      for other in paths where other != path { try onDisk { () throws(DiskError) in try disk.remove(other) } }
    } else if blocks.isEmpty, !paths.isEmpty {
      try clear()
    }
    for name in leftovers { try onDisk { () throws(DiskError) in try disk.remove("\(Self.folder)/\(name)") } }
  }

  /// Removes the log's files, after runs hold everything in them.
  ///
  /// - Throws: `StorageError`; then some files are left, of which the next opening passes over what the runs hold.
  package mutating func clear() throws(StorageError) {
    file = nil
    path = nil
    fileSize = 0
    size = 0
    blocks = []
    let disk = self.disk
    for path in try Self.paths(disk) { try onDisk { () throws(DiskError) in try disk.remove(path) } }
  }
}
