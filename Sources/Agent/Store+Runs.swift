import Causality
import ChangeCodec
import Merge
import Storage

/// Taking over a server's runs, as a first sync does. A run is copied to `incoming/`, checked there, and moved.
extension Store {
  static let incoming = "incoming"

  /// Begins or resumes the copy of a run. Returns how many of its bytes are here.
  func startRun(_ name: RunName, size: Int) throws(StorageError) -> Int {
    try onDisk { () throws(DiskError) in
      try disk.makeFolder(Self.incoming)
      let file = try disk.open(name.path(in: Self.incoming), .append)
      let have = try file.size()
      if have > size { try file.truncate(to: 0) }
      return have > size ? 0 : have
    }
  }

  /// Adds the next bytes of a run.
  func appendRun(_ name: RunName, _ bytes: [UInt8]) throws(StorageError) {
    try onDisk { () throws(DiskError) in
      try disk.open(name.path(in: Self.incoming), .append).append(bytes.span)
    }
  }

  /// Checks a copied run as a whole and makes it part of the mirror.
  ///
  /// - Returns: false where it holds, under this store's id, changes that this store did not make; then it is not
  ///   taken.
  /// - Throws: `StorageError.damaged` where it is not intact; then the copy starts from the beginning next time.
  func finishRun(_ name: RunName) throws(StorageError) -> Bool {
    let path = name.path(in: Self.incoming)
    let indexPath = name.indexPath(in: Self.incoming)
    do throws(StorageError) {
      try onDisk { () throws(DiskError) in
        try disk.open(path, .append).sync()
        // Without an index the run is read as a whole.
        try disk.remove(indexPath)
      }
      let run = try RunReader(disk, name, in: Self.incoming)
      if isForked(by: try ownChanges(in: run)) { return false }
    } catch {
      if case .damaged = error { try onDisk { () throws(DiskError) in try disk.remove(path) } }
      throw error
    }
    try onDisk { () throws(DiskError) in
      try disk.makeFolder(RunName.folder)
      // Of the index it is no matter whether it gets there.
      try? disk.rename(indexPath, to: name.indexPath)
      try disk.rename(path, to: name.path)
      try disk.syncFolder(RunName.folder)
    }
    try lowerErasureNote(to: name.first - 1, sum: mirror.sum)
    try reopen()
    return true
  }

  /// The changes of a run under this store's id, where it may hold some that count as unsent.
  private func ownChanges(in run: RunReader) throws(StorageError) -> [Change] {
    guard let mark = run.index.replicas[replica], mark.sequence > acknowledged else { return [] }
    var found: [Change] = []
    for member in 0..<run.index.memberCount {
      for placed in try run.changes(member) where placed.change.id.replica == replica {
        found.append(placed.change)
      }
    }
    return found
  }
}
