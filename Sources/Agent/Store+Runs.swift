import Storage

/// Taking over a server's runs, as a first sync does.
extension Store {
  private static func partPath(_ name: RunName) -> String { "\(RunName.folder)/\(name).part" }

  /// Begins or resumes the copy of a run. Returns how many of its bytes are here.
  func startRun(_ name: RunName, size: Int) throws(StorageError) -> Int {
    try onDisk { () throws(DiskError) in
      try disk.makeFolder(RunName.folder)
      let file = try disk.open(Self.partPath(name), .append)
      let have = try file.size()
      if have > size { try file.truncate(to: 0) }
      return have > size ? 0 : have
    }
  }

  /// Adds the next bytes of a run.
  func appendRun(_ name: RunName, _ bytes: [UInt8]) throws(StorageError) {
    try onDisk { () throws(DiskError) in
      try disk.open(Self.partPath(name), .append).append(bytes.span)
    }
  }

  /// Checks a copied run as a whole and makes it part of the mirror.
  ///
  /// - Throws: `StorageError.damaged` where it is not intact; then the copy starts from the beginning next time.
  func finishRun(_ name: RunName) throws(StorageError) {
    try onDisk { () throws(DiskError) in
      try disk.open(Self.partPath(name), .append).sync()
      try disk.rename(Self.partPath(name), to: name.path)
      try disk.remove(name.indexPath)
      try disk.syncFolder(RunName.folder)
    }
    do {
      _ = try RunReader(disk, name)
    } catch {
      try onDisk { () throws(DiskError) in try disk.remove(name.path) }
      throw error
    }
    try reopen()
  }
}
