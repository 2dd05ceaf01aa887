import Storage
import Synchronization

/// What requests run into, told to the operator once an hour, however often anybody makes such requests.
final class Troubles: Sendable {
  /// When each was told last.
  private let told = Mutex<[String: UInt64]>([:])
  private let now: @Sendable () -> UInt64
  private let report: @Sendable (String) -> Void

  /// How long a trouble is not told again, in milliseconds. What comes back later is another one, of which somebody has to hear.
  private static let interval: UInt64 = 3_600_000

  init(now: @escaping @Sendable () -> UInt64, _ report: @escaping @Sendable (String) -> Void) {
    self.now = now
    self.report = report
  }

  /// Tells a trouble, unless it was told just before. Cost: for an hour its words in memory.
  func tell(_ trouble: String) {
    let time = now()
    let isNew = told.withLock { told in
      told = told.filter { $0.value <= time && time < $0.value + Self.interval }
      guard told[trouble] == nil else { return false }
      told[trouble] = time
      return true
    }
    if isNew { report(trouble) }
  }

  /// Tells what is the matter with a file.
  @Sendable func tell(_ error: StorageError) { tell(error.description) }
}
