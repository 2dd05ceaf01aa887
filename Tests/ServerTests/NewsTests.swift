import Codec
import Merge
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// Waiting for a server's news with a transport that knows no stream.
@Suite struct NewsTests {
  @Test func withoutAStreamTheWaitEndsNowAndThen() throws {
    final class Pauses: Sendable {
      let count = Mutex(0)

      func take() -> Int {
        count.withLock { count in
          defer { count = 0 }
          return count
        }
      }
    }
    let desk = try LocalDesk()
    let pauses = Pauses()
    var environment = desk.environment
    environment.pause = { milliseconds in
      #expect(milliseconds == 1000)
      pauses.count.withLock { $0 += 1 }
    }
    let anna = try Store.make(at: desk.folder + "/anna", agent: "anna", environment: environment)
    try desk.join(anna)
    let client = try SyncClient(anna, desk.transport)
    var waits: [Int] = []
    for round in 0..<6 {
      if round == 5 { try anna.commit(Edit(.new(type: "customer"), Draft(set: ["name": "a"]))) }
      _ = try client.sync()
      #expect(try client.waitForNews())
      waits.append(pauses.take())
    }
    #expect(waits == [10, 20, 40, 60, 60, 5])
    #expect(try !client.waitForNews { true })
    #expect(pauses.take() == 0)
  }
}
