import Synchronization

/// SplitMix64: small, seeded and the same everywhere.
///
/// Source: G. Steele, D. Lea, C. Flood, *Fast Splittable Pseudorandom Number Generators* (2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// A generator of its own, so that what one part of a simulation draws does not move another's draws.
  package mutating func split() -> SeededGenerator {
    SeededGenerator(seed: next())
  }

  /// A whole number within a range.
  package mutating func int(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &self)
  }

  /// True once in so many times, on average.
  package mutating func oneIn(_ count: Int) -> Bool {
    int(1...count) == 1
  }

  /// One of the elements.
  ///
  /// - Precondition: there is one.
  package mutating func pick<Elements: RandomAccessCollection<Element>, Element>(_ elements: Elements)
    -> Element
  where Elements.Index == Int {
    elements[elements.startIndex + int(0...elements.count - 1)]
  }
}

/// A generator behind a reference, for closures.
package final class SharedGenerator: Sendable {
  private let generator: Mutex<SeededGenerator>

  package init(_ generator: SeededGenerator) {
    self.generator = Mutex(generator)
  }

  package func next() -> UInt64 { generator.withLock { $0.next() } }
}
