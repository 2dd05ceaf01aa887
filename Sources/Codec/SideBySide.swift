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

  /// What `make` gives for each of some values, in order.
  ///
  /// Cost: as `map`, for sixteen pieces of the values, so that it does not matter how little there is to make of each.
  package static func each<Value: Sendable, Result: Sendable>(
    _ values: [Value], _ make: @Sendable (Value) -> Result
  ) -> [Result] {
    let size = max(1, (values.count + 15) / 16)
    return map((values.count + size - 1) / size) { part in
      values[part * size..<min((part + 1) * size, values.count)].map(make)
    }.flatMap(\.self)
  }
}
