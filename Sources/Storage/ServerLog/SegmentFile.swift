import Synchronization

/// The file of a segment of a server's log, opened when it is read: a log may have thousands of them, and a process far fewer
/// descriptors.
///
/// All copies of the log share it. Once the file is replaced by another one this goes on with the old one, for who still has
/// a log with the old one's members. Opening costs one call of the system, and nothing while somebody else has it open.
final class SegmentFile: Sendable {
  private struct State {
    weak var open: (any DiskFile)?
    /// The file that stays open as long as this is there.
    var kept: (any DiskFile)?
  }

  private let disk: any Disk
  private let path: String
  private let state: Mutex<State>

  /// - Parameters:
  ///   - file: the open file.
  ///   - isKept: whether it stays open.
  init(_ disk: any Disk, _ path: String, _ file: any DiskFile, isKept: Bool) {
    self.disk = disk
    self.path = path
    state = Mutex(State(open: file, kept: isKept ? file : nil))
  }

  /// The file, open as long as somebody has what this returns.
  func open() throws(StorageError) -> any DiskFile {
    try state.withLock { (state) throws(StorageError) in
      if let file = state.open { return file }
      let file = try onDisk { () throws(DiskError) in try disk.open(path, .read) }
      state.open = file
      return file
    }
  }

  /// Keeps the file open from now on, because another one is about to get its name.
  func keep() throws(StorageError) {
    let file = try open()
    state.withLock { $0.kept = file }
  }
}
