import Agent
import Codec
import Foundation
import Merge
import Storage
import Synchronization
import Testing

@Suite("Making a store, by several at the same time")
struct MakingTests {
  /// What became of those who made a store at the same time.
  private final class Outcomes: Sendable {
    let waiting: Atomic<Int>
    let made = Mutex<[String]>([])
    let refusals = Mutex<[StorageError]>([])

    init(_ makers: Int) { waiting = Atomic(makers) }
  }

  @Test("Of two threads that make one store, one gets it, and its edit is there afterwards")
  func race() throws {
    for round in 0..<25 {
      let path = FileManager.default.temporaryDirectory.appendingPathComponent("askonce-\(UUID())").path
      defer { try? FileManager.default.removeItem(atPath: path) }
      let outcomes = Outcomes(2)
      let isDone = DispatchGroup()
      for agent in ["anna", "bo"] {
        isDone.enter()
        Thread {
          defer { isDone.leave() }
          outcomes.waiting.subtract(1, ordering: .acquiringAndReleasing)
          while outcomes.waiting.load(ordering: .acquiring) > 0 {}
          do throws(StorageError) {
            let store = try Store.make(at: path, agent: agent)
            try store.commit(Edit(.new(type: "customer"), Draft(set: ["name": "by \(agent)"])))
            outcomes.made.withLock { $0.append(agent) }
          } catch {
            outcomes.refusals.withLock { $0.append(error) }
          }
        }.start()
      }
      isDone.wait()
      let made = outcomes.made.withLock { $0 }
      let refusals = outcomes.refusals.withLock { $0 }
      #expect(made.count == 1, "round \(round): \(refusals)")
      #expect(refusals == [.storeExists(path)] || refusals == [.locked(path)], "round \(round)")
      let store = try Store(at: path, .reading)
      #expect(store.configuration.agent == made.first)
      #expect(store.unsent.map(\.by) == made)
    }
  }
}
