import Causality
import ChangeCodec
import Codec
import Merge
import Storage

/// What a store does when the server's log is not the one that it mirrors: the server was restored from an
/// older backup, or replaced.
///
/// The mirror goes back to the last place that both share. What lay behind it is set aside in `old/1` and
/// on, until the server has all of it again: own changes are sent again by the ordinary sync, those of others
/// are relayed.
extension Store {
  static let asideFolder = "old"

  /// The places at which this store knows the chain's sum, oldest first: where its runs and its log's blocks end.
  package var checkpoints: [(position: UInt64, sum: UInt32)] {
    [(0, 0)] + runs.runs.map { ($0.name.last, $0.index.sum) }
      + mirror.blocks.map { ($0.last, $0.placement?.sum ?? 0) }
  }

  /// Goes back to a checkpoint and sets aside what lies behind it.
  package func rewind(to position: UInt64) throws(StorageError) {
    try lowerErasureNote(to: position, sum: checkpoints.last { $0.position == position }?.sum ?? 0)
    let number = try asideNumbers().last.map { $0 + 1 } ?? 1
    let folder = "\(Self.asideFolder)/\(number)"
    let lost = mirror.blocks.filter { $0.last > position }
    // What a crash left of runs that were merged must not take the place of those that go.
    try runs.removeLeftovers()
    let moved = try onDisk { () throws(DiskError) in
      try disk.makeFolder(RunName.folder)
      try disk.syncFolder(RunName.folder)
      return RunName.parse(try disk.list(RunName.folder)).filter { $0.last > position }
    }
    let deflater = Deflater()
    var bytes: [UInt8] = []
    for block in lost { bytes += BlockMember([block], deflater).bytes }
    try onDisk { () throws(DiskError) in
      try disk.makeFolder(folder)
      try disk.replace("\(folder)/limit", with: Array("\(position)\n".utf8))
      try disk.replace("\(folder)/log.jsonl.gz", with: bytes)
      for name in moved {
        try disk.rename(name.path, to: name.path(in: folder))
        try disk.remove(name.indexPath)
      }
      try disk.syncFolder(folder)
      if !moved.isEmpty { try disk.syncFolder(RunName.folder) }
      try disk.syncFolder(Self.asideFolder)
    }
    runs = try RunSet(disk)
    try mirror.rewind(to: position, runs: (runs.last, runs.sum ?? 0))
    try reopen()
  }

  func asideNumbers() throws(StorageError) -> [Int] {
    let listing = try onDisk { () throws(DiskError) in try disk.list(Self.asideFolder) }
    return listing.compactMap { Int($0) }.sorted()
  }

  /// The last position that the lost lineage and the present one share; nil where nothing is set aside.
  package func seenLimit() throws(StorageError) -> UInt64? {
    var limit: UInt64?
    for number in try asideNumbers() {
      let bytes = try onDisk { () throws(DiskError) in try disk.readAll("\(Self.asideFolder)/\(number)/limit")
      }
      let found = bytes.flatMap { UInt64(String(decoding: $0.filter { $0 > 0x20 }, as: UTF8.self)) } ?? 0
      limit = min(limit ?? found, found)
    }
    return limit
  }

  /// Forgets what was set aside, after the server has it.
  package func forgetAside() throws(StorageError) {
    for number in try asideNumbers() {
      let folder = "\(Self.asideFolder)/\(number)"
      try onDisk { () throws(DiskError) in
        for name in try disk.list(folder) { try disk.remove("\(folder)/\(name)") }
        try disk.remove(folder)
      }
    }
  }
}
