import Agent
import Causality
import Codec
import Merge
import Storage

/// The service desk of a store: customers and tickets by name, in lists, and with what an agent does to them.
///
/// Lists and finds read tables that are derived from the store's runs; what is missing of them or damaged is
/// made anew on the way. Like its store, a desk is used from one thread.
public final class Desk {
  public let store: Store
  /// Told how far the making of derived tables is, for a line on the standard error.
  public var onProgress: ((DeskProgress) -> Void)?

  public init(_ store: Store) {
    self.store = store
  }
}

/// How far work on derived tables is.
public struct DeskProgress: Sendable, Hashable {
  public let done: Int
  public let total: Int
}
