import Codec
import Storage

/// The file that makes a folder a workspace.
extension ServerData {
  static let settingsPath = "workspace.json"
  static let formatVersion = 1

  /// - Parameter created: milliseconds since 1970, for people only.
  static func writeSettings(_ disk: any Disk, _ name: String, created: UInt64) throws(StorageError) {
    let settings = JSONText(object: [
      ("format", JSONText(formatVersion)), ("workspace", JSONText(name)), ("created", JSONText(Int(created))),
    ])
    try onDisk { () throws(DiskError) in
      try disk.replace(settingsPath, with: Array((settings.text + "\n").utf8))
    }
  }

  static func lostSettings(_ name: String) -> StorageError {
    StorageError.damaged(Damage(file: settingsPath, offset: 0, reason: "the file is missing beside a log"))
      .of(workspace: name)
  }

  /// Refuses a workspace of a later version: what is right in it only that one knows.
  ///
  /// - Parameter path: its settings, as they are named.
  static func refuseLaterVersion(_ disk: any Disk, path: String = settingsPath) throws(StorageError) {
    let bytes = try onDisk { () throws(DiskError) in try disk.readAll(settingsPath) } ?? []
    if let format = (try? JSONText(parsing: bytes))?["format"]?.int { try check(format, of: path) }
  }

  /// - Parameter path: the settings that say so, as they are named.
  static func check(_ format: Int, of path: String) throws(StorageError) {
    guard format <= formatVersion else {
      throw .laterVersion(file: path, found: format, known: formatVersion)
    }
  }
}
