import Dispatch
import Synchronization

/// Runs handlers on Dispatch threads, at most so many at once, the others in the order in which they came.
///
/// A concurrent queue alone would start ever more threads while handlers wait for a disk.
package final class WorkQueue: Sendable {
  package typealias Work = @Sendable () -> Void

  private struct State {
    var running = 0
    var waiting: [Work] = []
    var first = 0
  }

  private let width: Int
  private let queue = DispatchQueue(label: "http.handlers", attributes: .concurrent)
  private let state = Mutex(State())

  package init(width: Int) {
    self.width = max(1, width)
  }

  package func submit(_ work: @escaping Work) {
    let starts = state.withLock { state in
      guard state.running < width else {
        state.waiting.append(work)
        return false
      }
      state.running += 1
      return true
    }
    if starts { queue.async { self.run(work) } }
  }

  private func run(_ work: @escaping Work) {
    var next: Work? = work
    while let current = next {
      current()
      next = state.withLock { state in
        guard state.first < state.waiting.count else {
          state.running -= 1
          state.waiting = []
          state.first = 0
          return nil
        }
        let work = state.waiting[state.first]
        state.first += 1
        if state.first >= 1024 {
          state.waiting.removeFirst(state.first)
          state.first = 0
        }
        return work
      }
    }
  }
}
