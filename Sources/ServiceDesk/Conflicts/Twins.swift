import Agent
import Merge
import Storage

/// Finds who may be another profile of a customer, by what they are reached by and who can have known of whom: without reading
/// any of them.
///
/// What more than `BlockingKeys.maximumList` share, such as a company's switchboard, tells nobody apart. Cost: a page or two of
/// each table for each way to reach somebody.
struct Twins {
  private let store: Store
  private let tables: DeskTables

  init(_ store: Store, _ tables: DeskTables) {
    self.store = store
    self.tables = tables
  }

  /// The ways to reach somebody.
  static func contacts(of state: EntityState) -> Set<Term> {
    Set(
      Vocabulary.contactSets.flatMap { field in
        state.elements(field).compactMap { Term.contact(field, $0) }
      })
  }

  /// Who may be the twin of a customer who is reached so.
  ///
  /// - Parameter made: the changes that created the customer's profiles.
  func all(_ contacts: Set<Term>, made: [PlacedChange]) throws(StorageError) -> [EntityID] {
    try sharers(contacts, atMost: BlockingKeys.maximumList).joined().filter { mayBeTwin($0, made) }
  }

  /// Who may be the twin of a customer now that the customer has news, or not any more.
  ///
  /// - Parameters:
  ///   - made: the change that created the customer where that is among the news.
  ///   - arriving: how many may have come just now of those that share something.
  func touched(
    _ id: EntityID, _ contacts: Set<Term>, made: [PlacedChange], arriving: Int
  ) throws(StorageError) -> [EntityID] {
    let maximum = BlockingKeys.maximumList
    return try sharers(contacts, atMost: maximum + arriving).flatMap { list in
      let others = list.filter { $0 != id }
      // With one more than so many, what they share tells none of them apart any longer.
      return made.isEmpty || list.count > maximum ? others : others.filter { mayBeTwin($0, made) }
    }
  }

  private func mayBeTwin(_ other: EntityID, _ made: [PlacedChange]) -> Bool {
    made.contains { store.mayBeParallel($0, toCreationOf: other) }
  }

  /// For each way to reach a customer all who have it, or had.
  private func sharers(_ contacts: Set<Term>, atMost maximum: Int) throws(StorageError) -> [[EntityID]] {
    // Other things may have terms of the same hash, and do not count.
    try tables.entities(Array(contacts), atMost: 4 * maximum).map { list in
      let customers = list.filter { $0.type == Vocabulary.customer }
      return customers.count > maximum ? [] : customers
    }
  }
}
