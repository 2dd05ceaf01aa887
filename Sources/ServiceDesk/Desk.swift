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
  public let store: Store
  /// Told how far the making of derived tables is, for a line on the standard error.
  public var onProgress: ((DeskProgress) -> Void)?
  let tables: DeskTables
  /// All replicas that are known here, for short ids; nil until it is asked for.
  var replicas: (names: SortedReplicas, key: [UInt64])?

  /// How many changes the store held when its newer rows were last made, as far as this desk knows.
  private var settledCount: Int

  public init(_ store: Store) {
    self.store = store
    settledCount = Self.changeCount(store)
    tables = DeskTables(store)
    store.follower = self
  }

  /// Runs a question against tables that are in step with the store.
  func reading<Result>(_ body: () throws(StorageError) -> Result) throws(StorageError) -> Result {
    try tables.reading(onProgress, body)
  }
}

extension Desk: StoreFollower {
  /// What fewer new changes touch is folded by the next list, so that a single edit does not wait for it.
  private static let eagerMinimum = 16
  /// What more entities need is left to the next list too, so that a sync does not wait for it.
  private static let eagerMaximum = 256

  package func storeDidCompact(hasNewRuns: Bool) {
    let count = Self.changeCount(store)
    // A mirror that was set back holds fewer than before.
    guard hasNewRuns || abs(count - settledCount) >= Self.eagerMinimum else { return }
    // What fails here is made by the first command that needs it.
    try? reading { () throws(StorageError) in
      if tables.unknownCount <= Self.eagerMaximum { _ = try tables.newerRows(ofType: nil) }
    }
    settledCount = count
  }

  private static func changeCount(_ store: Store) -> Int { Int(store.position) + store.unsent.count }
}

/// How far work on derived tables is, in changes.
public struct DeskProgress: Sendable, Hashable {
  public let done: Int
  public let total: Int
}
