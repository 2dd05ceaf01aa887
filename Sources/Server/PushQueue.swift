import Dispatch
import Storage
import SyncProtocol
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
    /// What those that wait and those that are being stored take in memory, in bytes.
    var held = 0
    var isRunning = false
  }

  private let workspace: Workspace
  private let state = Mutex(State())
  private let queue: DispatchQueue
  private let tell: @Sendable (StorageError) -> Void
  private let isServed: @Sendable () -> Bool
  private let moved: @Sendable () -> Void

  /// The most pushes of one batch, so that its answers are not held back by its size.
  private static let batchSize = 256
  /// The most that one batch takes in memory, beyond its first push, in bytes.
  private static let batchWeight = 16 << 20

  private let limit: Int

  /// - Parameters:
  ///   - limit: the most that pushes in line may take in memory, in bytes; a single one may take more.
  ///   - tell: takes what is the matter with the workspace's files.
  ///   - isServed: asked before a batch is written, and again before it is acknowledged: a folder may be moved at any time.
  ///   - moved: called after each batch that moved the head.
  init(
    _ workspace: Workspace, limit: Int = 64 << 20,
    tell: @escaping @Sendable (StorageError) -> Void = { _ in },
    isServed: @escaping @Sendable () -> Bool = { true }, moved: @escaping @Sendable () -> Void
  ) {
    self.workspace = workspace
    self.limit = limit
    self.tell = tell
    self.isServed = isServed
    self.moved = moved
    queue = DispatchQueue(label: "push.\(workspace.name)")
  }

  /// Puts a push in line, or refuses it where too much is in line already. `respond` is called once it is durable or
  /// refused, on another thread but for the latter.
  func add(_ push: Workspace.Push, _ respond: @escaping @Sendable (Workspace.Answer) -> Void) {
    enum Place {
      case none, first, behind
    }
    let place = state.withLock { state -> Place in
      guard state.held == 0 || state.held + push.weight <= limit else { return .none }
      state.held += push.weight
      state.waiting.append(Waiting(push: push, respond: respond))
      defer { state.isRunning = true }
      return state.isRunning ? .behind : .first
    }
    switch place {
    case .none:
      respond(
        .failure(Refusal(.unavailable, "more is being sent to this workspace than the server can store")))
    case .first: queue.async { self.drain() }
    case .behind: break
    }
  }

  private func drain() {
    // What the last batch took is free once its answers are given.
    var done = 0
    while true {
      let batch = state.withLock { state -> [Waiting] in
        state.held -= done
        let batch = Self.batch(state.waiting)
        state.waiting.removeFirst(batch.count)
        if batch.isEmpty { state.isRunning = false }
        return Array(batch)
      }
      if batch.isEmpty { return }
      let before = workspace.head
      let answers = answers(to: batch.map(\.push))
      for (waiting, answer) in zip(batch, answers) { waiting.respond(answer) }
      done = batch.reduce(0) { $0 + $1.push.weight }
      if workspace.head != before { moved() }
    }
  }

  /// Stores pushes. Those that went into a folder that is not there any more are not acknowledged: their devices send them again,
  /// and where the folder comes back they count once.
  private func answers(to pushes: [Workspace.Push]) -> [Workspace.Answer] {
    if isServed() {
      let answers = workspace.process(pushes, tell: tell)
      if isServed() { return answers }
    }
    let refusal = Refusal(
      .unavailable, "the workspace is not served until the server's operator has looked after it")
    return pushes.map { _ in .failure(refusal) }
  }

  /// The first ones that are stored together.
  private static func batch(_ waiting: [Waiting]) -> ArraySlice<Waiting> {
    var weight = 0
    let end = waiting.prefix(batchSize).firstIndex { one in
      weight += one.push.weight
      return weight > batchWeight
    }
    return waiting.prefix(end.map { max(1, $0) } ?? batchSize)
  }
}
