/// Whether a client keeps up: how many bytes moved in each window of time.
///
/// A total time alone would cut off large bodies on slow links; a rate over all the time would let a client send much
/// at once and then stall for hours.
struct Pace {
  private(set) var windowEnd: Int64
  private var progressAtStart: Int

  /// A window that starts now, at `progress` bytes. Times are milliseconds.
  init(now: Int64, progress: Int, window: Int64) {
    windowEnd = now + window
    progressAtStart = progress
  }

  /// Judges the window if it is over: false if fewer than `minimum` bytes a second moved in it; else the next window
  /// starts.
  mutating func keepsUp(now: Int64, progress: Int, window: Int64, minimum: Int) -> Bool {
    guard now >= windowEnd else { return true }
    let needed = window * Int64(minimum) / 1000
    guard Int64(progress - progressAtStart) >= needed else { return false }
    self = Pace(now: now, progress: progress, window: window)
    return true
  }
}
