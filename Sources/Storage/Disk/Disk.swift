/// Where a store or a server keeps its files: one thin seam over the system's calls, which tests replace by
/// a disk that loses power, tears writes, flips bits and fills up.
///
/// Paths are relative to the disk's root, with `/` between the parts. All calls block.
package protocol Disk: Sendable {
  /// Opens a file.
  func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile
  /// The names in a folder, unordered; empty when there is no such folder.
  func list(_ folder: String) throws(DiskError) -> [String]
  /// Makes a folder and those above it, durably, also where it is there already.
  func makeFolder(_ folder: String) throws(DiskError)
  /// Renames a file over another, atomically. Durable only after `syncFolder`.
  func rename(_ path: String, to target: String) throws(DiskError)
  /// Removes a file or an empty folder; no error when it is gone.
  func remove(_ path: String) throws(DiskError)
  /// Makes creations, renames and removals in a folder survive power loss.
  func syncFolder(_ folder: String) throws(DiskError)
  /// Takes a file's exclusive lock, which ends with the returned object or with the process.
  ///
  /// - Returns: nil when another process holds it.
  func lock(_ path: String) throws(DiskError) -> (any Sendable)?
  /// What tells the root from another folder that gets its name; nil where there is none, and from a disk that cannot tell.
  func rootIdentity() throws(DiskError) -> FolderIdentity?
}

/// One folder of a machine, whatever it is called.
package struct FolderIdentity: Hashable, Sendable {
  let device: UInt64
  let inode: UInt64
}

/// How a file is opened.
package enum OpenMode: Sendable {
  /// For reading; the file must be there.
  case read
  /// For reading and appending; made when it is not there.
  case append
  /// For writing from the start; what was there is gone.
  case replace
  /// For reading and writing in place; made when it is not there.
  case update
}

/// An open file. Closed when the object goes.
package protocol DiskFile: AnyObject, Sendable {
  /// The size in bytes.
  func size() throws(DiskError) -> Int
  /// Reads up to `count` bytes at an offset; fewer only at the end of the file.
  func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8]
  /// Writes all bytes at the end of the file.
  ///
  /// After an error the file may hold a part of them: the caller cuts it off with `truncate`.
  func append(_ bytes: Span<UInt8>) throws(DiskError)
  /// Writes all bytes from an offset on, over what is there; for files that are opened to `update`.
  ///
  /// After an error the file may hold a part of them.
  func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError)
  /// Cuts the file to a size.
  func truncate(to size: Int) throws(DiskError)
  /// Makes what was written survive power loss.
  func sync() throws(DiskError)
  /// The descriptor that `sendfile` takes; nil for a disk that has none.
  var descriptor: Int32? { get }
}

/// Why the disk refused.
package struct DiskError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file or folder.
  package let path: String
  /// What was asked for, as a verb: `open`, `append`.
  package let operation: String
  /// The system's error number.
  package let code: Int32
  /// The system's words for it.
  package let reason: String

  package init(_ operation: String, _ path: String, code: Int32, reason: String) {
    self.operation = operation
    self.path = path
    self.code = code
    self.reason = reason
  }

  package var description: String { "cannot \(operation) \(path): \(reason)" }
}

extension Disk {
  package func rootIdentity() throws(DiskError) -> FolderIdentity? { nil }

  /// The whole content of a file; nil when it is not there.
  package func readAll(_ path: String) throws(DiskError) -> [UInt8]? {
    guard let file = try openIfThere(path) else { return nil }
    return try file.read(at: 0, count: file.size())
  }

  /// A file for reading; nil when it is not there.
  package func openIfThere(_ path: String) throws(DiskError) -> (any DiskFile)? {
    do {
      return try open(path, .read)
    } catch {
      if error.isMissing { return nil }
      throw error
    }
  }

  /// Replaces a small file so that after a crash it has either its old content or its new one.
  package func replace(_ path: String, with content: [UInt8]) throws(DiskError) {
    let temporary = path + ".new"
    let file = try open(temporary, .replace)
    try file.append(content.span)
    try file.sync()
    try rename(temporary, to: path)
    try syncFolder(Self.folder(of: path))
  }

  /// Removes a folder and the files in it, so that those do not come back where power is lost; the folder itself may.
  package func removeFolder(_ folder: String) throws(DiskError) {
    for name in try list(folder) { try remove("\(folder)/\(name)") }
    try syncFolderIfThere(folder)
    try remove(folder)
  }

  /// Makes creations, renames and removals in a folder survive power loss, if there is such a folder.
  package func syncFolderIfThere(_ folder: String) throws(DiskError) {
    do {
      try syncFolder(folder)
    } catch {
      if !error.isMissing { throw error }
    }
  }

  /// The folder part of a path, "" for a file at the root.
  package static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }
}
