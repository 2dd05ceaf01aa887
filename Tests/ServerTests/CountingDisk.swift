import Storage
import Synchronization

/// A disk that counts how often a file is read and a server's log looked for.
struct CountingDisk: Disk {
  final class File: DiskFile {
    private let inner: any DiskFile
    private let counter: CountingDisk.Counter

    init(_ inner: any DiskFile, _ counter: Counter) {
      self.inner = inner
      self.counter = counter
    }

    var descriptor: Int32? { inner.descriptor }
    func size() throws(DiskError) -> Int { try inner.size() }
    func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
      counter.reads.add(1, ordering: .relaxed)
      return try inner.read(at: offset, count: count)
    }
    func append(_ bytes: Span<UInt8>) throws(DiskError) { try inner.append(bytes) }
    func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) { try inner.write(bytes, at: offset) }
    func truncate(to size: Int) throws(DiskError) { try inner.truncate(to: size) }
    func sync() throws(DiskError) { try inner.sync() }
  }

  final class Counter: Sendable {
    let reads = Atomic(0)
    let logs = Atomic(0)
  }

  let inner: any Disk
  var counter = Counter()
  /// Called when the log is looked for.
  var atLog: @Sendable () -> Void = {}

  var reads: Int { counter.reads.load(ordering: .relaxed) }

  func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
    File(try inner.open(path, mode), counter)
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
