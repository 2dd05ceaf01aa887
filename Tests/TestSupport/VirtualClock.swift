import Agent

/// The one time of a simulation. Nobody in it reads this clock: each node has a `NodeClock` that may be
/// wrong.
package final class VirtualClock: @unchecked Sendable {
  /// Milliseconds since 1970.
  package private(set) var milliseconds: UInt64

  package init(at milliseconds: UInt64 = 1_795_281_663_000) {
    self.milliseconds = milliseconds
  }

  package func advance(by milliseconds: UInt64) {
    self.milliseconds += milliseconds
  }
}

/// A device's wall clock: the simulation's time, wrong by an offset that may jump both ways.
package final class NodeClock: @unchecked Sendable {
  private let clock: VirtualClock
  /// How far this clock runs ahead, in milliseconds.
  package var offset: Int64

  package init(_ clock: VirtualClock, offset: Int64 = 0) {
    self.clock = clock
    self.offset = offset
  }

  /// Milliseconds since 1970 by this device.
  package var now: UInt64 { UInt64(max(0, Int64(clock.milliseconds) + offset)) }

  /// The environment of a store or server on this device, with its own random numbers.
  package func environment(_ generator: SeededGenerator) -> Environment {
    let random = SharedGenerator(generator)
    return Environment(now: { self.now }, random: { random.next() })
  }
}

/// A generator behind a reference, for closures.
package final class SharedGenerator: @unchecked Sendable {
  private var generator: SeededGenerator

  package init(_ generator: SeededGenerator) {
    self.generator = generator
  }

  package func next() -> UInt64 { generator.next() }
}
