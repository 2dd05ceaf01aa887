import Storage
import Synchronization

/// A disk that counts what is read and how often a server's log is looked for, and lets a test step in.
struct CountingDisk: Disk {
  final class File: DiskFile {
    private let inner: any DiskFile
    private let path: String
    private let disk: CountingDisk

    init(_ inner: any DiskFile, _ path: String, _ disk: CountingDisk) {
      self.inner = inner
      self.path = path
      self.disk = disk
    }

    var descriptor: Int32? { inner.descriptor }
    func size() throws(DiskError) -> Int { try inner.size() }
    func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
      let bytes = try inner.read(at: offset, count: count)
      disk.counter.reads.add(1, ordering: .relaxed)
      disk.counter.bytes.add(bytes.count, ordering: .relaxed)
      disk.afterRead(path)
      return bytes
    }
    func append(_ bytes: Span<UInt8>) throws(DiskError) { try inner.append(bytes) }
    func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) { try inner.write(bytes, at: offset) }
    func truncate(to size: Int) throws(DiskError) { try inner.truncate(to: size) }
    func sync() throws(DiskError) { try inner.sync() }
  }

  final class Counter: Sendable {
    let reads = Atomic(0)
    let bytes = Atomic(0)
    let logs = Atomic(0)
  }

  let inner: any Disk
  var counter = Counter()
  /// Called when the log is looked for.
  var atLog: @Sendable () -> Void = {}
  /// Called before a file is opened, to refuse it, or to change it behind the back of whoever opens it.
  var atOpen: @Sendable (_ path: String) throws(DiskError) -> Void = { _ in }
  /// Called when a part of a file was read and its reader does not have it yet.
  var afterRead: @Sendable (_ path: String) -> Void = { _ in }

  var reads: Int { counter.reads.load(ordering: .relaxed) }

  func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
    try atOpen(path)
    return File(try inner.open(path, mode), path, self)
  }
  func list(_ folder: String) throws(DiskError) -> [String] {
    if folder == ServerLog.folder {
      counter.logs.add(1, ordering: .relaxed)
      atLog()
    }
    return try inner.list(folder)
  }
  func makeFolder(_ folder: String) throws(DiskError) { try inner.makeFolder(folder) }
  func rename(_ path: String, to target: String) throws(DiskError) { try inner.rename(path, to: target) }
  func remove(_ path: String) throws(DiskError) { try inner.remove(path) }
  func syncFolder(_ folder: String) throws(DiskError) { try inner.syncFolder(folder) }
  func lock(_ path: String) throws(DiskError) -> (any Sendable)? { try inner.lock(path) }
}
