/// A hybrid logical clock: never goes back, stays close to the wall, and is never dragged ahead by a
/// colleague's wrong clock.
///
/// The wall time is passed in, so that a simulator can own it. Cost: constant.
public struct HybridClock: Sendable {
  /// How far a remote reading, or this device's own earlier one, may lie ahead of the wall and still be
  /// followed: 5 minutes, in milliseconds.
  public static let tolerance: UInt64 = 300_000

  /// The latest reading that was given out or followed.
  public private(set) var last: HybridTime

  /// A clock that goes on after a time that it gave before.
  public init(last: HybridTime = .zero) {
    self.last = last
  }

  /// A reading later than every one before it.
  ///
  /// When the wall stands behind the last reading, the counter grows instead; when the counter is
  /// exhausted, the millisecond does. A wall clock that was once wrong by years and then set right leaves
  /// `last` far ahead: beyond the tolerance the wall is believed again, because a change dated years
  /// ahead would be clamped by everybody anyway.
  public mutating func tick(wall milliseconds: UInt64) -> HybridTime {
    if milliseconds > last.milliseconds || last.milliseconds > milliseconds &+ Self.tolerance {
      last = HybridTime(milliseconds: milliseconds)
    } else if last.counter < HybridTime.maximumCounter {
      last = HybridTime(milliseconds: last.milliseconds, counter: last.counter + 1)
    } else {
      last = HybridTime(milliseconds: last.milliseconds + 1)
    }
    return last
  }

  /// Follows a remote reading, so that what is written next orders after it, unless it lies beyond the
  /// tolerance.
  ///
  /// A `last` beyond the tolerance gives way to it, as it gives way to the wall in `tick`: else nobody would be
  /// followed until the wall gets there.
  public mutating func observe(_ remote: HybridTime, wall milliseconds: UInt64) {
    let limit = milliseconds &+ Self.tolerance
    if remote.milliseconds <= limit, remote > last || last.milliseconds > limit { last = remote }
  }
}
