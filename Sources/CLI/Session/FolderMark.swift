import Glibc

/// What tells that something in a folder was written since: the sizes of its files and when they were last written.
///
/// The sizes alone do not: a change may be written over room that a file keeps for it.
struct FolderMark: Equatable {
  private var sizes = 0
  private var times: UInt64 = 0
  /// The greatest time, in nanoseconds since 1970.
  private var latest: UInt64 = 0

  /// Of all files of some folders and below. What goes away meanwhile is not counted.
  init(of folders: [String]) {
    for folder in folders {
      FolderSize.visit(folder) { status in
        let time = Self.nanoseconds(status.st_mtim)
        sizes &+= Int(status.st_size)
        times &+= time
        latest = max(latest, time)
      }
    }
  }

  /// Whether what is written from now on moves the mark. A file's time comes from a clock that goes in steps of up to ten
  /// milliseconds, so what was written a moment ago may be written once more at the same time.
  var isSettled: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    // Wraps to a great number where a file is of the future: then the clock was set back.
    return Self.nanoseconds(now) &- latest > 20_000_000
  }

  private static func nanoseconds(_ time: timespec) -> UInt64 {
    UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000_000 &+ UInt64(bitPattern: Int64(time.tv_nsec))
  }
}
