import Glibc

/// What tells that something in a folder was written since: the sizes of its files and when they were last written.
///
/// The sizes alone do not: a change may be written over room that a file keeps for it.
struct FolderMark: Equatable {
  private var sizes = 0
  private var times: UInt64 = 0
  /// The greatest time, in nanoseconds since 1970.
  private var latest: UInt64 = 0

  /// Takes in all files of a folder and below. What goes away meanwhile is not counted.
  mutating func add(_ folder: String) {
    FolderSize.visit(folder) { status in
      let time = UInt64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ UInt64(status.st_mtim.tv_nsec)
      sizes &+= Int(status.st_size)
      times &+= time
      latest = max(latest, time)
    }
  }

  /// Whether what is written from now on moves the mark. A file's time comes from a clock that goes in steps of up to ten
  /// milliseconds, so what was written a moment ago may be written once more at the same time.
  var isSettled: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let nanoseconds = UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    return !(latest...latest &+ 20_000_000).contains(nanoseconds)
  }
}
