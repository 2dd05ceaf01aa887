import Dispatch
import Storage
import Synchronization

/// What the server does behind: runs, joining of small members, the activity files, pings.
final class Maintenance: Sendable {
  private let data: ServerData
  private let live: LiveStreams
  private let report: @Sendable (String) -> Void
  /// For what would be told at every flush.
  private let troubles: Troubles
  private let ended: @Sendable (_ workspace: String) -> Void
  private let queue = DispatchQueue(label: "maintenance", qos: .utility)
  private let requested = Mutex<Set<String>>([])
  private let isStopped = Mutex(false)
  private let after: After
  /// Workspaces whose maintenance failed and has not ended well since, by name.
  private let failing = Mutex<[String: Failing]>([:])

  /// Runs an action after so many seconds, one action at a time.
  typealias After = @Sendable (_ seconds: Double, _ action: @escaping @Sendable () -> Void) -> Void

  /// What is known of maintenance that fails.
  private struct Failing {
    /// When to try again after the next failure, in seconds.
    var delay = firstRetry
    var isWaiting = false
    /// What was told already.
    var reasons: Set<String> = []
  }

  private static let firstRetry = 5.0
  private static let lastRetry = 300.0

  private static let flushInterval = 2.0
  /// So often a merge may ask whether to stop until the folder is looked at.
  private static let looks = 256
  private static let pingInterval = 25.0

  /// - Parameters:
  ///   - ended: takes the name of a workspace that turns out not to be served any more.
  ///   - after: what waits; by default on a queue of its own.
  init(
    _ data: ServerData, _ live: LiveStreams, _ report: @escaping @Sendable (String) -> Void,
    ended: @escaping @Sendable (_ workspace: String) -> Void = { _ in }, after: After? = nil
  ) {
    self.ended = ended
    self.data = data
    self.live = live
    self.report = report
    troubles = Troubles(now: data.now, report)
    let queue = queue
    self.after = after ?? { seconds, action in queue.asyncAfter(deadline: .now() + seconds, execute: action) }
  }

  func start() {
    tellFindings()
    // A server that was killed goes on with what it was at.
    for hosted in data.opened { request(hosted) }
    schedule(Self.flushInterval) { $0.flush() }
    schedule(Self.pingInterval) { $0.live.ping() }
  }

  private func schedule(_ seconds: Double, _ action: @escaping @Sendable (Maintenance) -> Void) {
    queue.asyncAfter(deadline: .now() + seconds) { [weak self] in
      guard let self, !self.isStopped.withLock({ $0 }) else { return }
      action(self)
      self.schedule(seconds, action)
    }
  }

  /// Lets no further step begin, and the one that runs give up what takes long. Returns at once.
  func prepareToStop() { isStopped.withLock { $0 = true } }

  /// Waits for the step that runs, then flushes; at most for some seconds.
  func stop(within seconds: Double = 60) {
    prepareToStop()
    let done = DispatchSemaphore(value: 0)
    queue.async {
      self.flush()
      done.signal()
    }
    _ = done.wait(timeout: .now() + seconds)
  }

  /// Writes what is only in memory, and looks whether each workspace is still where it was.
  func flush() {
    tellFindings()
    for hosted in data.opened where isServed(hosted) {
      do throws(StorageError) {
        try hosted.activity.flush()
      } catch {
        troubles.tell("the activity of workspace \(hosted.workspace.name) cannot be written: \(error)")
      }
    }
  }

  /// Tells what was found when workspaces were opened: what damages runs may damage the log next.
  private func tellFindings() {
    for finding in data.takeFindings() { report(finding) }
  }

  /// Whether a workspace is still served: not from the moment on at which its folder is found to be moved, which is told.
  ///
  /// Asked before anything is written, and again before it is said to be stored: until then it may have gone into files that
  /// nobody finds, or beside those that were restored in their place. Cost: a look at the folder.
  func isServed(_ hosted: ServerData.Hosted) -> Bool {
    if let reason = data.stopServing(ifMoved: hosted) { report("not served: \(reason)") }
    if data.isOpen(hosted.workspace.name) { return true }
    live.close(hosted.workspace.name)
    ended(hosted.workspace.name)
    return false
  }

  /// Looks after a workspace soon. Requests that come meanwhile are one.
  func request(_ hosted: ServerData.Hosted) {
    let isNew = requested.withLock { $0.insert(hosted.workspace.name).inserted }
    guard isNew else { return }
    after(Self.soon) { self.step(hosted) }
  }

  private static let soon = 0.2

  private func step(_ hosted: ServerData.Hosted) {
    _ = requested.withLock { $0.remove(hosted.workspace.name) }
    guard !isStopped.withLock({ $0 }), isServed(hosted) else { return }
    do throws(StorageError) {
      // One step at a time, so that flushes and stopping need not wait for all of them.
      var damage: Damage?
      var asked = 0
      let isMore = try hosted.workspace.maintain(
        isStopping: {
          // A merge asks for each entity, of which there may be a million.
          asked += 1
          return isStopped.withLock { $0 } || asked % Self.looks == 0 && !isServed(hosted)
        }, dropped: { damage = $0 })
      if let damage {
        // Later and later, as on a disk that damages whatever is written.
        retry(hosted, ServerData.Hosted.remade(hosted.workspace.name, damage))
      } else if isMore {
        request(hosted)
      } else {
        failing.withLock { $0[hosted.workspace.name] = nil }
      }
    } catch {
      let name = hosted.workspace.name
      retry(hosted, "maintenance of workspace \(name) failed: \(error.of(workspace: name))")
    }
  }

  /// Tries again later: what was to be erased must not wait for somebody to push. Each time that takes longer to come, and
  /// a reason is told once until all is done.
  private func retry(_ hosted: ServerData.Hosted, _ reason: String) {
    let (isNew, delay) = failing.withLock { failing -> (Bool, Double?) in
      var one = failing[hosted.workspace.name] ?? Failing()
      defer { failing[hosted.workspace.name] = one }
      let isNew = one.reasons.insert(reason).inserted
      // Pushes try it too, and must not make the next time come later.
      guard !one.isWaiting else { return (isNew, nil) }
      defer { one.delay = min(2 * one.delay, Self.lastRetry) }
      one.isWaiting = true
      return (isNew, one.delay)
    }
    if isNew { report(reason) }
    guard let delay else { return }
    after(delay) {
      self.failing.withLock { $0[hosted.workspace.name]?.isWaiting = false }
      self.step(hosted)
    }
  }
}
