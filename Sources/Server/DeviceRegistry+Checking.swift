import Storage

extension DeviceRegistry {
  /// What is damaged in a workspace's lists of devices and invitations.
  static func verify(_ disk: any Disk) throws(StorageError) -> [Damage] {
    var damage: [Damage] = []
    if try isLost(disk) {
      let reason =
        "missing or empty beside a log that devices sent: all of them have to join again with new codes"
      damage.append(Damage(file: devicesPath, offset: 0, reason: reason))
    }
    for path in [devicesPath, invitesPath] {
      let bytes = try onDisk { () throws(DiskError) in try disk.readAll(path) } ?? []
      let found = RecordLines.read(bytes, of: path)
      damage += found.damage + found.mended + (found.torn.map { [$0] } ?? [])
    }
    return damage
  }

  /// Puts right what one bit explains, cuts off unfinished ends, and takes out lines that cannot be read. The files as
  /// they were are set aside.
  ///
  /// - Returns: the files in which lines were lost.
  static func repair(_ disk: any Disk) throws(StorageError) -> [String] {
    var lost: [String] = []
    for path in [devicesPath, invitesPath] {
      let bytes = try onDisk { () throws(DiskError) in try disk.readAll(path) } ?? []
      let found = RecordLines.read(bytes, of: path)
      if found.damage.isEmpty, found.mended.isEmpty, found.torn == nil { continue }
      try onDisk { () throws(DiskError) in
        try disk.makeFolder(Repair.folder)
        try disk.replace(try Repair.freePath(disk, path), with: bytes)
        try disk.replace(path, with: found.lines.flatMap { $0 + [0x0A] })
      }
      if !found.damage.isEmpty { lost.append(path) }
    }
    if try isLost(disk) {
      // An empty line says that somebody knows.
      try onDisk { () throws(DiskError) in try disk.replace(devicesPath, with: [0x0A]) }
      if !lost.contains(devicesPath) { lost.append(devicesPath) }
    }
    return lost
  }

  /// Whether there is no list of devices, and a log that only devices can have written.
  private static func isLost(_ disk: any Disk) throws(StorageError) -> Bool {
    try onDisk { () throws(DiskError) in
      if try disk.readAll(devicesPath)?.isEmpty == false { return false }
      for name in try disk.list("log") where name.hasSuffix(".jsonl.gz") {
        if try disk.open("log/\(name)", .read).size() > 0 { return true }
      }
      return false
    }
  }
}
