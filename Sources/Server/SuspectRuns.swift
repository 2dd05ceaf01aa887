import Storage
import Synchronization

/// Runs that may be damaged where opening them shows nothing: maintenance reads each as a whole.
///
/// Their members are read by nobody on a server but who merges them or erases something, while every new device fetches them.
final class SuspectRuns: Sendable {
  private struct Fetch: Hashable {
    let run: RunName
    let device: String
  }

  private struct State {
    var waiting: Set<RunName> = []
    /// When a run was read as a whole.
    var checked: [RunName: UInt64] = [:]
    /// When a device fetched a run from its start.
    var fetched: [Fetch: UInt64] = [:]
  }

  private let state = Mutex(State())

  /// How long it is known what a device fetched; also how long a run that turned out intact is not read again, so that devices
  /// cannot keep a server busy. In milliseconds.
  private static let interval: UInt64 = 3_600_000

  /// Whether some are to be read.
  var isEmpty: Bool { state.withLock { $0.waiting.isEmpty } }

  /// One that is to be read.
  var next: RunName? { state.withLock { $0.waiting.min { $0.first < $1.first } } }

  /// Notes a run that somebody found damaged.
  func add(_ name: RunName) { state.withLock { _ = $0.waiting.insert(name) } }

  /// Notes that a device begins to fetch a run: who does so a second time found its copy damaged, or lost it.
  ///
  /// - Returns: whether the run is to be read.
  func fetched(_ name: RunName, by device: String, at time: UInt64) -> Bool {
    state.withLock { state in
      func isRecent(_ other: UInt64) -> Bool { other <= time && time < other + Self.interval }
      state.fetched = state.fetched.filter { isRecent($0.value) }
      state.checked = state.checked.filter { isRecent($0.value) }
      let isAgain = state.fetched.updateValue(time, forKey: Fetch(run: name, device: device)) != nil
      guard isAgain, state.checked[name] == nil else { return false }
      return state.waiting.insert(name).inserted
    }
  }

  /// Notes that a run is intact, or was merged.
  func passed(_ name: RunName, at time: UInt64) {
    state.withLock { state in
      state.waiting.remove(name)
      state.checked[name] = time
    }
  }

  /// Forgets runs that were removed from one on: those that are made in their places are others.
  func dropped(from first: RunName) {
    state.withLock { state in
      state.waiting = state.waiting.filter { $0.first < first.first }
      state.checked = state.checked.filter { $0.key.first < first.first }
    }
  }
}
