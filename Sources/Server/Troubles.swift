import Storage
import Synchronization

/// What requests run into, told to the operator once, however often anybody makes such requests.
final class Troubles: Sendable {
  private let told = Mutex<Set<String>>([])
  private let report: @Sendable (String) -> Void

  init(_ report: @escaping @Sendable (String) -> Void) {
    self.report = report
  }

  /// Tells a trouble, unless it was told before. Cost: none that lasts, but its words in memory.
  func tell(_ trouble: String) {
    if told.withLock({ $0.insert(trouble).inserted }) { report(trouble) }
  }

  /// Tells what is the matter with a file.
  @Sendable func tell(_ error: StorageError) { tell(error.description) }
}
