import Storage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Appending to the lists, which the server does and `askonce admin` beside it.
extension RecordLines {
  /// Held by whoever changes one of a workspace's lists: of two who see the same torn end the second would cut off what the first
  /// wrote in its place.
  static let lockPath = ".lock"
  /// How often the lock is tried, each time for a quarter of a second.
  private static let attempts = 40

  /// Holds the lock of a workspace's lists while something is done. Cost: two calls of the system.
  ///
  /// - Throws: `StorageError`, `.locked` where another process holds it for ten seconds.
  static func locked(
    _ disk: any Disk, _ body: () throws(DiskError) -> Void
  ) throws(StorageError) {
    for _ in 0..<attempts {
      guard let lock = try onDisk({ () throws(DiskError) in try disk.lock(lockPath) }) else { continue }
      defer { withExtendedLifetime(lock) {} }
      return try onDisk(body)
    }
    throw .locked("the workspace's \(lockPath)")
  }

  /// Appends a record as a line and makes it durable. Cost: a look through the file.
  ///
  /// - Throws: `StorageError`; then the file's lines are those that were there.
  static func append(_ record: some Encodable, to path: String, on disk: any Disk) throws(StorageError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let object = try? encoder.encode(record) else {
      throw .refused("a record of \(path) cannot be written")
    }
    try locked(disk) { () throws(DiskError) in
      let file = try disk.open(path, .append)
      let bytes = try disk.readAll(path) ?? []
      var end = bytes.count
      var separator: [UInt8] = []
      if let last = bytes.last, last != 0x0A {
        // A line that a crash left unfinished must not swallow the next one.
        if let torn = read(bytes, of: path).torn {
          end = torn.offset
          try file.truncate(to: end)
        } else {
          separator = [0x0A]
        }
      }
      do throws(DiskError) {
        try file.append((separator + line(Array(object))).span)
        try file.sync()
      } catch {
        // Half a line would be damage, and a whole one what nobody was told.
        try? file.truncate(to: end)
        throw error
      }
      try disk.syncFolder("")
    }
  }
}
