import Dispatch
import Synchronization

/// The server's log lines on their way to whoever writes them, one after another on a thread of their own.
///
/// Who reads the log may be slow, or stand still: nobody who serves a device waits for that. Lines wait instead, and of too many
/// the newest are dropped and counted.
package final class LogLines: Sendable {
  private struct State {
    var waiting: [String] = []
    /// How many wait or are being written.
    var count = 0
    var isWriting = false
    /// How many were dropped since a line last found room.
    var dropped = 0
  }

  /// So many lines of requests wait at most, and beyond them so many troubles.
  static let capacity = (requests: 65_536, troubles: 1024)

  private let sink: @Sendable (String) -> Void
  private let queue = DispatchQueue(label: "log")
  private let writing = DispatchGroup()
  private let state = Mutex(State())

  /// - Parameter sink: writes a line; may take any time.
  package init(_ sink: @escaping @Sendable (String) -> Void) {
    self.sink = sink
  }

  /// Adds the line of a request.
  ///
  /// - Parameter line: makes it of how many were dropped just before. Called at once, or not at all.
  package func addRequest(_ line: (_ dropped: Int) -> String) { add(Self.capacity.requests, line) }

  /// Adds the line of a trouble.
  package func addTrouble(_ line: (_ dropped: Int) -> String) {
    add(Self.capacity.requests + Self.capacity.troubles, line)
  }

  private func add(_ capacity: Int, _ line: (Int) -> String) {
    let isFirst = state.withLock { state in
      guard state.count < capacity else {
        state.dropped += 1
        return false
      }
      state.waiting.append(line(state.dropped))
      state.dropped = 0
      state.count += 1
      guard !state.isWriting else { return false }
      state.isWriting = true
      writing.enter()
      return true
    }
    if isFirst { queue.async { self.write() } }
  }

  private func write() {
    while true {
      let lines = state.withLock { state in
        defer { state.waiting = [] }
        if state.waiting.isEmpty {
          state.isWriting = false
          writing.leave()
        }
        return state.waiting
      }
      if lines.isEmpty { return }
      for line in lines {
        sink(line)
        state.withLock { $0.count -= 1 }
      }
    }
  }

  /// Waits until all lines are written, at most for some seconds. Returns whether they are.
  @discardableResult
  package func finish(within seconds: Double) -> Bool {
    writing.wait(timeout: .now() + seconds) == .success
  }
}
