import Dispatch
import Synchronization

/// Runs handlers on Dispatch threads, at most so many at once, the others in the order in which they came.
///
/// A concurrent queue alone would start ever more threads while handlers wait for a disk.
package final class WorkQueue: Sendable {
  package typealias Work = @Sendable () -> Void

  private struct State {
    var running = 0
    /// Nil where it was taken: with it goes what it holds, which may be a request's whole body.
    var waiting: [Work?] = []
    var first = 0

    /// What is to be run next; nil where one of the threads may end.
    mutating func next() -> Work? {
      guard first < waiting.count else {
        running -= 1
        waiting = []
        first = 0
        return nil
      }
      let work = waiting[first]
      waiting[first] = nil
      first += 1
      if first >= 1024 {
        waiting.removeFirst(first)
        first = 0
      }
      return work
    }
  }

  private let width: Int
  private let queue = DispatchQueue(label: "http.handlers", attributes: .concurrent)
  private let state = Mutex(State())

  package init(width: Int) {
    self.width = max(1, width)
  }

  package func submit(_ work: @escaping Work) {
    let starts = state.withLock { state in
      state.waiting.append(work)
      guard state.running < width else { return false }
      state.running += 1
      return true
    }
    if starts { queue.async { self.run() } }
  }

  private func run() {
    while let work = state.withLock({ $0.next() }) { work() }
  }
}
