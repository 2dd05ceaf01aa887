import Agent
import Synchronization

/// The one time of a simulation. Nobody in it reads this clock: each node has a `NodeClock` that may be
/// wrong.
package final class VirtualClock: Sendable {
  private let time: Mutex<UInt64>

  package init(at milliseconds: UInt64 = 1_795_281_663_000) {
    time = Mutex(milliseconds)
  }

  /// Milliseconds since 1970.
  package var milliseconds: UInt64 { time.withLock { $0 } }

  package func advance(by milliseconds: UInt64) {
    time.withLock { $0 += milliseconds }
  }
}

/// A device's wall clock: the simulation's time, wrong by an offset that may jump both ways.
package final class NodeClock: Sendable {
  private let clock: VirtualClock
  private let ahead: Mutex<Int64>

  package init(_ clock: VirtualClock, offset: Int64 = 0) {
    self.clock = clock
    ahead = Mutex(offset)
  }

  /// How far this clock runs ahead, in milliseconds.
  package var offset: Int64 {
    get { ahead.withLock { $0 } }
    set { ahead.withLock { $0 = newValue } }
  }

  /// Milliseconds since 1970 by this device.
  package var now: UInt64 { UInt64(max(0, Int64(clock.milliseconds) + offset)) }

  /// The environment of a store or server on this device, with its own random numbers.
  package func environment(_ generator: SeededGenerator) -> Environment {
    let random = SharedGenerator(generator)
    return Environment(now: { self.now }, random: random.next)
  }
}
