import Storage

/// The folder `damaged/` of a workspace: what its log no longer has, and files as they were before a repair.
///
/// The next erasure that is carried out removes all of it.
enum SetAside {
  static let folder = "damaged"

  /// Where a file can be set aside beside others that had its name: `0000000001.jsonl.gz`, `0000000001.2.jsonl.gz`.
  static func freePath(_ disk: any Disk, _ name: String) throws(DiskError) -> String {
    let taken = try disk.list(folder)
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    var free = name
    var number = 2
    while taken.contains(free) {
      free = "\(parts[0]).\(number)" + parts.dropFirst().map { ".\($0)" }.joined()
      number += 1
    }
    return "\(folder)/\(free)"
  }

  /// Sets runs aside, whole or not. Their indexes, which are made of them, are removed.
  ///
  /// - Returns: whether there were any.
  @discardableResult
  static func runs(
    _ disk: any Disk, where isWanted: (RunName) -> Bool
  ) throws(StorageError) -> Bool {
    try onDisk { () throws(DiskError) in
      let names = RunName.parse(try disk.list(RunName.folder)).filter(isWanted)
      if names.isEmpty { return false }
      try disk.makeFolder(folder)
      for name in names {
        try disk.rename(name.path, to: try freePath(disk, "\(name).jsonl.gz"))
        try disk.remove(name.indexPath)
      }
      // First where they are now: at no moment are they in neither folder.
      try disk.syncFolder(folder)
      try disk.syncFolder(RunName.folder)
      return true
    }
  }
}
