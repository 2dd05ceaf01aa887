import Glibc

extension DiskError {
  /// Whether the file or folder is not there; nothing is below a file either.
  package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  /// Whether the disk or the owner's quota is full.
  package var isFull: Bool { code == ENOSPC || code == EDQUOT }

  fileprivate init(_ operation: String, _ path: String) {
    let code = errno
    self.init(operation, path, code: code, reason: String(cString: strerror(code)))
  }
}

/// The disk that is a folder of the file system.
package struct FolderDisk: Disk {
  /// The folder's path, as errors show it.
  package let root: String

  package init(_ root: String) {
    self.root = root.isEmpty ? "." : root
  }

  private func full(_ path: String) -> String { path.isEmpty ? root : root + "/" + path }

  package func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
    let flags =
      switch mode {
      case .read: O_RDONLY
      case .append: O_RDWR | O_APPEND | O_CREAT
      case .replace: O_RDWR | O_APPEND | O_CREAT | O_TRUNC
      // Linux writes to the end of a file that is opened for appending, whatever the offset.
      case .update: O_RDWR | O_CREAT
      }
    // Customers' data is nobody else's on this machine: files are for their owner only.
    let descriptor = Glibc.open(full(path), flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw DiskError("open", full(path)) }
    return FolderFile(descriptor: descriptor, path: full(path))
  }

  package func list(_ folder: String) throws(DiskError) -> [String] {
    guard let stream = opendir(full(folder)) else {
      let error = DiskError("list", full(folder))
      if error.isMissing { return [] }
      throw error
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      // A disk that fails here looks like the folder's end otherwise, and what lies in it would be written over.
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    if errno != 0 { throw DiskError("list", full(folder)) }
    return names
  }

  package func rootIdentity() throws(DiskError) -> FolderIdentity? {
    var status = stat()
    guard stat(root, &status) == 0 else {
      let error = DiskError("look at", root)
      if error.isMissing { return nil }
      throw error
    }
    return FolderIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  package func makeFolder(_ folder: String) throws(DiskError) {
    var parent = "."
    var made = ""
    let depth = root.split(separator: "/", omittingEmptySubsequences: false).count
    let parts = full(folder).split(separator: "/", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      made += part
      if !made.isEmpty {
        if mkdir(made, 0o700) == 0 {
          // What is synced within a folder survives power loss only when the folder itself does.
          try Self.syncFolder(at: parent)
        } else if errno == EEXIST {
          // Whoever made it may have been killed before that. What is around the root may be on a disk that cannot be synced,
          // or closed to us for reading.
          if index >= depth { try Self.syncFolder(at: parent) }
        } else {
          // A parent may be there and closed to us for writing: only a missing one is an error.
          let error = DiskError("make", made)
          var status = stat()
          if stat(made, &status) != 0 { throw error }
        }
      }
      made += "/"
      parent = made
    }
  }

  package func rename(_ path: String, to target: String) throws(DiskError) {
    if Glibc.rename(full(path), full(target)) != 0 { throw DiskError("rename", full(path)) }
  }

  package func remove(_ path: String) throws(DiskError) {
    if Glibc.remove(full(path)) != 0 {
      let error = DiskError("remove", full(path))
      if !error.isMissing { throw error }
    }
  }

  package func syncFolder(_ folder: String) throws(DiskError) {
    try Self.syncFolder(at: full(folder))
  }

  private static func syncFolder(at path: String) throws(DiskError) {
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw DiskError("open", path) }
    defer { close(descriptor) }
    if fsync(descriptor) != 0 { throw DiskError("sync", path) }
  }

  package func lock(_ path: String) throws(DiskError) -> (any Sendable)? {
    let file = try open(path, .append)
    guard let descriptor = file.descriptor else { return file }
    // A process that has just ended, or a child that another thread is starting, may hold it for a moment yet.
    for attempt in 0..<Self.lockAttempts {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return file }
      guard errno == EWOULDBLOCK || errno == EINTR else { throw DiskError("lock", full(path)) }
      if attempt + 1 < Self.lockAttempts { usleep(10_000) }
    }
    return nil
  }

  /// How often a lock is tried, ten milliseconds apart.
  private static let lockAttempts = 25
}

/// An open file of a `FolderDisk`.
package final class FolderFile: DiskFile {
  private let number: Int32
  private let path: String

  fileprivate init(descriptor: Int32, path: String) {
    number = descriptor
    self.path = path
  }

  deinit { close(number) }

  package var descriptor: Int32? { number }

  package func size() throws(DiskError) -> Int {
    var status = stat()
    if fstat(number, &status) != 0 { throw DiskError("measure", path) }
    return Int(status.st_size)
  }

  package func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
    var failure: DiskError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let base = buffer.baseAddress {
        let got = pread(number, base + filled, count - filled, off_t(offset + filled))
        if got > 0 {
          filled += got
        } else if got == 0 {
          return
        } else if errno != EINTR {
          failure = DiskError("read", path)
          return
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }

  package func append(_ bytes: Span<UInt8>) throws(DiskError) {
    try writeAll(bytes, "append to") { rest, _ in Glibc.write(number, rest.baseAddress, rest.count) }
  }

  package func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) {
    try writeAll(bytes, "write to") { rest, written in
      pwrite(number, rest.baseAddress, rest.count, off_t(offset + written))
    }
  }

  /// Calls `put` with what is not written yet, and how much is, until nothing is left.
  private func writeAll(
    _ bytes: Span<UInt8>, _ operation: String, _ put: (UnsafeRawBufferPointer, Int) -> Int
  ) throws(DiskError) {
    var failure: DiskError?
    bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let count = put(UnsafeRawBufferPointer(rebasing: buffer[written...]), written)
        if count >= 0 {
          written += count
        } else if errno != EINTR {
          failure = DiskError(operation, path)
          return
        }
      }
    }
    if let failure { throw failure }
  }

  package func truncate(to size: Int) throws(DiskError) {
    if ftruncate(number, off_t(size)) != 0 { throw DiskError("truncate", path) }
  }

  package func sync() throws(DiskError) {
    // fdatasync also writes the size, which is all that an appended file needs.
    if fdatasync(number) != 0 { throw DiskError("sync", path) }
  }
}
