import Dispatch
import Synchronization

/// Hands access records over to whoever writes them, off the event loops and in order.
final class AccessLog: Sendable {
  typealias Sink = @Sendable (AccessRecord) -> Void

  /// Records that wait for a slow sink, at most; then new ones are dropped and counted.
  private static let capacity = 65_536

  private let sink: Sink
  private let queue = DispatchQueue(label: "http.log")
  private let pending = Atomic(0)
  private let dropped = Atomic(0)

  init(_ sink: @escaping Sink) {
    self.sink = sink
  }

  /// Queues the records of one turn of a loop.
  func submit(_ records: [AccessRecord]) {
    let count = records.count
    guard pending.load(ordering: .relaxed) + count <= Self.capacity else {
      dropped.add(count, ordering: .relaxed)
      return
    }
    pending.add(count, ordering: .relaxed)
    queue.async {
      for var record in records {
        record.droppedBefore = self.dropped.exchange(0, ordering: .relaxed)
        self.sink(record)
      }
      self.pending.subtract(count, ordering: .relaxed)
    }
  }

  /// Waits until all records that were submitted are written.
  func drain() {
    queue.sync {}
  }
}
