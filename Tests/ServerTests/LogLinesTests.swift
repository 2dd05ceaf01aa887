import Dispatch
import Synchronization
import Testing

@testable import Server

/// The server's log lines, of which nobody waits for the reader.
@Suite struct LogLinesTests {
  @Test func allLinesComeInOrder() {
    let told = Told()
    let lines = LogLines { told.add($0) }
    for number in 0..<5000 {
      if number % 7 == 0 {
        lines.addTrouble { "\(number) \($0)" }
      } else {
        lines.addRequest { "\(number) \($0)" }
      }
    }
    #expect(lines.finish(within: 60))
    #expect(told.all == (0..<5000).map { "\($0) 0" })
    lines.addRequest { "behind \($0)" }
    #expect(lines.finish(within: 60))
    #expect(told.all.last == "behind 0")
  }

  /// A pipe that nobody reads.
  @Test func aReaderThatStandsStillHoldsNobodyUp() {
    let (told, goesOn) = (Told(), DispatchSemaphore(value: 0))
    let isStill = Atomic(true)
    let lines = LogLines { line in
      if isStill.load(ordering: .relaxed) { goesOn.wait() }
      told.add(line)
    }
    let (requests, troubles) = (LogLines.capacity.requests, LogLines.capacity.troubles)
    for number in 0..<requests + 10 { lines.addRequest { "request \(number) \($0)" } }
    // Of requests there may be any number; a trouble is not left out for them.
    for number in 0..<troubles + 5 { lines.addTrouble { "trouble \(number) \($0)" } }
    #expect(!lines.finish(within: 0.05))
    #expect(told.all.isEmpty)
    isStill.store(false, ordering: .relaxed)
    goesOn.signal()
    #expect(lines.finish(within: 60))
    #expect(told.all.count == requests + troubles)
    #expect(
      told.all[requests - 1...requests + 1] == ["request \(requests - 1) 0", "trouble 0 10", "trouble 1 0"])
    lines.addRequest { "again \($0)" }
    #expect(lines.finish(within: 60))
    #expect(told.all.last == "again 5")
  }
}
