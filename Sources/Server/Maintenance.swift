import Dispatch
import Storage
import Synchronization

/// What the server does behind: runs, joining of small members, the activity files, pings.
final class Maintenance: Sendable {
  private let data: ServerData
  private let live: LiveStreams
  private let report: @Sendable (String) -> Void
  private let queue = DispatchQueue(label: "maintenance", qos: .utility)
  private let requested = Mutex<Set<String>>([])
  private let isStopped = Mutex(false)

  private static let flushInterval = 2.0
  private static let pingInterval = 25.0

  init(_ data: ServerData, _ live: LiveStreams, _ report: @escaping @Sendable (String) -> Void) {
    self.data = data
    self.live = live
    self.report = report
  }

  func start() {
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

  /// Waits for the step that runs, which gives up what takes long, then flushes.
  func stop() {
    isStopped.withLock { $0 = true }
    queue.sync { flush() }
  }

  private func flush() {
    for hosted in data.opened {
      do throws(StorageError) {
        try hosted.activity.flush()
      } catch {
        report("the activity of workspace \(hosted.workspace.name) cannot be written: \(error)")
      }
    }
  }

  /// Looks after a workspace soon. Requests that come meanwhile are one.
  func request(_ hosted: ServerData.Hosted) {
    let isNew = requested.withLock { $0.insert(hosted.workspace.name).inserted }
    guard isNew else { return }
    queue.asyncAfter(deadline: .now() + 0.2) { self.step(hosted) }
  }

  private func step(_ hosted: ServerData.Hosted) {
    _ = requested.withLock { $0.remove(hosted.workspace.name) }
    guard !isStopped.withLock({ $0 }) else { return }
    do throws(StorageError) {
      // One step at a time, so that flushes and stopping need not wait for all of them.
      if try hosted.workspace.maintain(isStopping: { isStopped.withLock { $0 } }) { request(hosted) }
    } catch {
      report("maintenance of workspace \(hosted.workspace.name) failed: \(error)")
    }
  }
}
