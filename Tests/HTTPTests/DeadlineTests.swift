import TestSupport
import Testing

@testable import HTTP

/// The wheel that tells connections when their time is over, and the pace they must keep.
@Suite struct DeadlineTests {
  @Test(arguments: 0..<10) func theWheelDoesWhatAListOfDeadlinesDoes(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var now: Int64 = 1_000_003
    var wheel = DeadlineWheel(now: now, tickLength: 10, slots: 32)
    var model: [Int: Int64] = [:]
    for _ in 0..<5000 {
      let index = Int.random(in: 0..<40, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0:
        wheel.remove(index)
        model[index] = nil
      case 1...4:
        let due = now + Int64.random(in: -50...1500, using: &random)
        wheel.set(index, due: due)
        // What is set for the past is due now.
        model[index] = max(due, now)
      default:
        now += [0, 1, 7, 30, 400, 5000].randomElement(using: &random) ?? 0
        for index in wheel.expire(now: now) {
          // Never early, never twice, and never for what was taken back.
          let due = model.removeValue(forKey: index)
          #expect(due.map { $0 <= now } == true)
        }
        // Late by two ticks at most.
        for due in model.values { #expect(due > now - 20) }
        if let next = model.values.min() {
          #expect((wheel.nextDue ?? .max) <= max(next, now) + 20)
        }
      }
    }
  }

  @Test func anEmptyWheelIsDueNever() {
    var wheel = DeadlineWheel(now: 0)
    #expect(wheel.nextDue == nil)
    wheel.set(3, due: 1000)
    #expect(wheel.nextDue != nil)
    wheel.remove(3)
    let due = wheel.expire(now: 1_000_000)
    #expect(due.isEmpty)
    #expect(wheel.nextDue == nil)
  }

  @Test func aByteASecondIsTooSlowAndAStallIsForgiven() {
    /// Whether a client keeps up that has moved so many bytes by each second in the list.
    func keepsUp(_ progress: [(second: Int64, bytes: Int)]) -> Bool {
      var pace = Pace(now: 0, progress: 0, window: 20_000)
      return progress.allSatisfy {
        pace.keepsUp(now: $0.second * 1000, progress: $0.bytes, window: 20_000, minimum: 256)
      }
    }
    #expect(keepsUp([(19, 19)]))
    #expect(!keepsUp([(20, 20)]))
    // 15 seconds in a tunnel, then 10 kB/s.
    #expect(keepsUp([(20, 50_000), (40, 250_000)]))
    // Much at first does not pay for a stall later.
    #expect(!keepsUp([(20, 50_000_000), (40, 50_000_000)]))
  }
}
