import Dispatch
import Synchronization

/// Group commit: while one batch of pushes is written and synced, those that arrive wait, and then make the
/// next batch together.
final class PushQueue: Sendable {
  private struct Waiting: Sendable {
    let push: Workspace.Push
    let respond: @Sendable (Workspace.Answer) -> Void
  }

  private struct State {
    var waiting: [Waiting] = []
    var isRunning = false
  }

  private let workspace: Workspace
  private let state = Mutex(State())
  private let queue: DispatchQueue
  private let moved: @Sendable () -> Void

  /// The most pushes of one batch, so that its answers are not held back by its size.
  private static let batchSize = 256

  /// - Parameter moved: called after each batch that moved the head.
  init(_ workspace: Workspace, moved: @escaping @Sendable () -> Void) {
    self.workspace = workspace
    self.moved = moved
    queue = DispatchQueue(label: "push.\(workspace.name)")
  }

  /// Puts a push in line. `respond` is called on another thread once it is durable or refused.
  func add(_ push: Workspace.Push, _ respond: @escaping @Sendable (Workspace.Answer) -> Void) {
    let starts = state.withLock { state in
      state.waiting.append(Waiting(push: push, respond: respond))
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if starts { queue.async { self.drain() } }
  }

  private func drain() {
    while true {
      let batch = state.withLock { state -> [Waiting] in
        let batch = Array(state.waiting.prefix(Self.batchSize))
        state.waiting.removeFirst(batch.count)
        if batch.isEmpty { state.isRunning = false }
        return batch
      }
      if batch.isEmpty { return }
      let before = workspace.head
      let answers = workspace.process(batch.map(\.push))
      for (waiting, answer) in zip(batch, answers) { waiting.respond(answer) }
      if workspace.head != before { moved() }
    }
  }
}
