import Dispatch
import Synchronization

/// Runs pure work on all cores.
package enum SideBySide {
  /// What `make` gives for each of `0..<count`, in order.
  ///
  /// Cost: the work, shared by as many threads as there are cores; no thread for a single piece.
  package static func map<Result: Sendable>(
    _ count: Int, _ make: @Sendable (Int) -> Result
  ) -> [Result] {
    if count <= 1 { return (0..<count).map(make) }
    let results = Mutex([Result?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
      let result = make(index)
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap(\.self) }
  }
}
