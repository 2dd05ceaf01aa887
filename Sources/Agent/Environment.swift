import Glibc
import Storage

/// Where time and randomness enter: a simulator passes its own.
public struct Environment: Sendable {
  /// Milliseconds since 1970 by the device's wall clock.
  public var now: @Sendable () -> UInt64
  /// 64 random bits.
  public var random: @Sendable () -> UInt64
  /// When files are closed and messages cut.
  package var sizes = Sizes.standard
  /// How often the lock of a store that was lent is tried before it is given up: a folder's lock a quarter of a second each.
  package var lockTries = 120
  /// Waits, in milliseconds.
  package var pause: @Sendable (Int) -> Void = { usleep(UInt32($0) * 1000) }

  /// An environment of a clock, in milliseconds since 1970, and a source of random bits.
  public init(now: @escaping @Sendable () -> UInt64, random: @escaping @Sendable () -> UInt64) {
    self.now = now
    self.random = random
  }

  /// The system's clock and its random generator.
  public static let system = Environment(
    now: {
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      // A clock that lost its battery may stand before 1970.
      return UInt64(max(0, time.tv_sec)) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    },
    random: {
      var generator = SystemRandomNumberGenerator()
      return generator.next()
    })
}
