import Storage

extension DeviceRegistry {
  /// What is damaged in a workspace's lists of devices and invitations.
  ///
  /// - Parameter withMended: whether with what is put right whenever they are read: one flipped bit, and an unfinished end.
  static func verify(_ disk: any Disk, withMended: Bool = true) throws(StorageError) -> [Damage] {
    var damage: [Damage] = []
    if try isLost(disk) {
      damage.append(Damage(file: devicesPath, offset: 0, reason: lost))
    }
    for path in [devicesPath, invitesPath] {
      let bytes = try onDisk { () throws(DiskError) in try disk.readAll(path) } ?? []
      let found = RecordLines.read(bytes, of: path)
      damage += found.damage
      if withMended { damage += found.mended + (found.torn.map { [$0] } ?? []) }
    }
    return damage
  }

  /// Puts right what one bit explains, cuts off unfinished ends, and takes out lines that cannot be read. The files as
  /// they were are set aside.
  ///
  /// - Returns: the files in which lines were lost.
  static func repair(_ disk: any Disk) throws(StorageError) -> [String] {
    var lost: [String] = []
    // A command that revokes a device beside this must not write to a file that is being replaced.
    try RecordLines.locked(disk) { () throws(DiskError) in
      for path in [devicesPath, invitesPath] {
        let bytes = try disk.readAll(path) ?? []
        let found = RecordLines.read(bytes, of: path)
        if found.damage.isEmpty, found.mended.isEmpty, found.torn == nil { continue }
        try disk.makeFolder(SetAside.folder)
        try disk.replace(try SetAside.freePath(disk, path), with: bytes)
        try disk.replace(path, with: found.lines.flatMap { $0 + [0x0A] })
        if !found.damage.isEmpty { lost.append(path) }
      }
    }
    if try isLost(disk) {
      // An empty line says that somebody knows.
      try onDisk { () throws(DiskError) in try disk.replace(devicesPath, with: [0x0A]) }
      if !lost.contains(devicesPath) { lost.append(devicesPath) }
    }
    return lost
  }

  /// What that means, in words for the operator.
  static let lost =
    "missing or empty beside a log that devices sent: all of them have to join again with new codes"

  /// Whether there is no list of devices, and a log that only devices can have written.
  static func isLost(_ disk: any Disk) throws(StorageError) -> Bool {
    try onDisk { () throws(DiskError) in
      if try disk.readAll(devicesPath)?.isEmpty == false { return false }
      for name in try disk.list("log") where name.hasSuffix(".jsonl.gz") {
        if try disk.open("log/\(name)", .read).size() > 0 { return true }
      }
      return false
    }
  }
}
