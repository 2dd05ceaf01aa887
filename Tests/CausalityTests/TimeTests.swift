import Testing

@testable import Causality

@Suite struct TimeTests {
  @Test func textIsTheDesigns() {
    let time = HybridTime(milliseconds: 1_795_281_663_306, counter: 3)
    #expect(time.description == "2026-11-21T17:21:03.306Z~3")
    #expect(HybridTime("2026-11-21T17:21:03.306Z~3") == time)
  }

  @Test func everyDayOfFourCenturiesRoundTrips() {
    for day in stride(from: 0, to: 146_097, by: 1) {
      let (year, month, ofMonth) = CivilDate.date(ofDay: day)
      #expect(CivilDate.day(year: year, month: month, day: ofMonth) == day)
    }
    let last = HybridTime(milliseconds: HybridTime.maximumMilliseconds)
    #expect(last.description == "9999-12-31T23:59:59.999Z")
    #expect(HybridTime(last.description) == last)
  }

  @Test(arguments: [
    "2026-02-29T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-11-21 17:21:03.306Z",
    "2026-11-21T24:00:00.000Z",
    "2026-11-21T17:21:03Z", "2026-11-21T17:21:03.306", "2026-11-21T17:21:03.306Z~",
    "2026-11-21T17:21:03.306Z~0",
    "2026-11-21T17:21:03.306Z~65536", "1969-12-31T23:59:59.999Z", "", "2026-11-21T17:21:60.000Z",
  ])
  func malformedTimeIsRefused(text: String) {
    #expect(HybridTime(text) == nil)
  }

  @Test func ticksGrowWhateverTheWallDoes() {
    var clock = HybridClock()
    var last = HybridTime.zero
    for wall: UInt64 in [1000, 1000, 999, 500, 1001, 1001, 2000] {
      let next = clock.tick(wall: wall)
      #expect(next > last)
      last = next
    }
  }

  @Test func exhaustedCounterMovesTheMillisecond() {
    var clock = HybridClock(last: HybridTime(milliseconds: 5, counter: HybridTime.maximumCounter))
    #expect(clock.tick(wall: 5) == HybridTime(milliseconds: 6))
  }

  @Test func remoteReadingIsFollowedOnlyWithinTheTolerance() {
    var clock = HybridClock()
    _ = clock.tick(wall: 1_000_000)
    clock.observe(HybridTime(milliseconds: 1_000_000 + HybridClock.tolerance, counter: 2), wall: 1_000_000)
    #expect(
      clock.tick(wall: 1_000_000) > HybridTime(milliseconds: 1_000_000 + HybridClock.tolerance, counter: 2))
    let before = clock.last
    clock.observe(HybridTime(milliseconds: 172_800_000), wall: 1_000_000)
    #expect(clock.last == before)
  }

  @Test func clockThatWasYearsAheadComesBack() {
    var clock = HybridClock()
    _ = clock.tick(wall: 2_000_000_000_000)
    #expect(clock.tick(wall: 1_000_000_000_000) == HybridTime(milliseconds: 1_000_000_000_000))
  }

  /// A reading of its own that is not believed any more does not keep it from following others.
  @Test func clockThatWasYearsAheadFollowsOthers() {
    var clock = HybridClock()
    let wall: UInt64 = 1_000_000_000_000
    _ = clock.tick(wall: 2 * wall)
    let others = [HybridTime(milliseconds: wall + 120_000, counter: 1), HybridTime(milliseconds: wall - 5)]
    for remote in others { clock.observe(remote, wall: wall) }
    #expect(clock.last == others[0])
    #expect(clock.tick(wall: wall) > others[0])
  }
}
