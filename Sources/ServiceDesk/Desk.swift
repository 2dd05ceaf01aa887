import Agent
import Causality
import Codec
import Merge
import Storage

/// The service desk of a store: customers and tickets by name, in lists, and with what an agent does to them.
///
/// Lists and finds read tables that are derived from the store's runs; what is missing of them or damaged is
/// made anew on the way. While a desk is there, it also keeps them in step when its store compacts. Like its
/// store, a desk is used from one thread.
///
/// ```swift
/// let desk = Desk(try Store(at: "nord", .writing))
/// let ticket = try desk.resolve("INC0000045", type: "ticket")
/// try desk.reply(ticket, channel: "phone", text: "We send a new tap today")
/// for row in try desk.tickets().rows { print(desk.shortID(row.id), row.status, row.subject) }
/// ```
public final class Desk {
  /// The store that it reads and edits.
  public let store: Store
  let tables: DeskTables
  /// The words of the store's runs, for search; made when they are first asked for.
  let words: WordSet
  /// The conflicts, made when they are first asked for.
  private(set) lazy var inbox = Inbox(self)
  /// All replicas that are known here, for short ids; nil until it is asked for.
  var replicas: (names: SortedReplicas, position: UInt64)?

  /// The desk of a store. Cost: nothing; tables are made when they are first asked for.
  public init(_ store: Store) {
    self.store = store
    tables = DeskTables(store)
    words = WordSet(store.disk, SearchProjection())
    tables.didErase = { [unowned self] in
      words.forget()
      inbox.forget()
    }
    tables.retained = { () throws(StorageError) in
      Settings(try store.state(of: Vocabulary.settingsID)).retention?.thinning(now: store.environment.now())
    }
    tables.willCompact = { [unowned self] in if inbox.isInUse { try? inbox.settleBeforeCompaction() } }
  }

  /// Told how far the making of derived tables is, for a line on the standard error.
  public var onProgress: ((DeskProgress) -> Void)? {
    get { tables.onProgress }
    set { tables.onProgress = newValue }
  }

  /// Runs a question against tables that are in step with the store.
  func reading<Result>(_ body: () throws(StorageError) -> Result) throws(StorageError) -> Result {
    try tables.reading(body)
  }
}

/// How far work on derived tables is, in changes.
public struct DeskProgress: Sendable, Hashable {
  /// Changes that are done.
  public let done: Int
  /// Changes in all.
  public let total: Int
}
