import Agent
import Codec
import Merge
import Storage

/// Tells which news can make no entry of the inbox, so that nothing has to be read for them.
///
/// Every rule is about edits of which neither author knew the other's (`HistoryStep.isParallel`), about a clock that ran
/// ahead, or about links. An author who had merged all that is in the runs can only have missed what is in no run yet,
/// and that is in memory. Of most edits this says that they are plain; of the others, that one has to look.
///
/// Cost: a pass over what is in no run, and for each ticket in that a number of its row in the runs; then, for each entity with
/// news, its changes among that.
struct PlainNews {
  private let store: Store
  private let tables: DeskTables
  /// What the runs hold.
  private let covered: UInt64
  /// Entities that have entries, of whatever state, and whether these are all about fields.
  private let listed: [EntityID: Bool]
  /// Entities that are shown as one with others, or were.
  private let linked: Set<EntityID>
  /// Whether somebody withdrew a consent of late: any reply may have crossed it.
  private let hasWithdrawal: Bool
  /// Whether an answer of late rests on facts: one that came since may cross it.
  private let hasFactsGiven: Bool

  /// Tickets that are one with others of which something is in no run.
  private let merged: Set<EntityID>

  /// How many entities have news.
  private let count: Int

  init(
    _ store: Store, _ tables: DeskTables, listed: [EntityID: Bool], of count: Int
  ) throws(StorageError) {
    self.count = count
    self.store = store
    self.tables = tables
    linked = Set(try tables.entities(.linked))
    covered = store.runs.last
    self.listed = listed
    func occurs(_ word: [UInt8], on type: String) -> Bool {
      store.newer.contains { id, changes in
        id.type == type && changes.contains { $0.change.body.contains(word: word) }
      }
    }
    hasWithdrawal = occurs(BodyWords.withdrawn, on: Vocabulary.customer)
    hasFactsGiven = occurs(BodyWords.facts, on: Vocabulary.ticket)
    var merged: Set<EntityID> = []
    for (id, changes) in store.newer where id.type == Vocabulary.ticket {
      // A fold of each would cost a member of a run; whoever is one too many here is looked at, no more.
      var isPart = changes.contains { $0.change.body.contains(word: BodyWords.merged) }
      if !isPart { isPart = try tables.storedValue("part", of: id)?.number == 1 }
      guard isPart else { continue }
      merged.insert(id)
      var whole = try store.state(of: id)?.mergedInto
      while let next = whole, merged.insert(next).inserted { whole = try store.state(of: next)?.mergedInto }
    }
    self.merged = merged
  }

  /// Whether the news of an entity can make no entry, of it or of what looks at it.
  func includes(_ id: EntityID, _ news: [PlacedChange]) throws(StorageError) -> Bool {
    guard !linked.contains(id), !merged.contains(id) else { return false }
    if let isOfFields = listed[id] {
      // What is told on the timeline ends no disagreement about a field, and is no part of what an entry shows.
      guard isOfFields, news.allSatisfy({ ChangeBody.onlyLogs($0.change.body.span) }) else { return false }
    }
    switch id.type {
    case Vocabulary.ticket: if hasWithdrawal { return false }
    case Vocabulary.customer: if hasFactsGiven { return false }
    default: return false
    }
    let isNew = news.contains(where: \.change.creates)
    // An answer that waits to be sent is held back for what the customer says now, and answers nothing then.
    if id.type == Vocabulary.ticket, !isNew,
      news.contains(where: { $0.change.body.contains(word: BodyWords.incoming) }),
      try mayWait(id)
    {
      return false
    }
    let words =
      id.type == Vocabulary.ticket
      ? isNew ? Self.newTicketWords : Self.ticketWords : isNew ? Self.newCustomerWords : Self.customerWords
    let lately = store.newer[id] ?? []
    let isPlain = news.allSatisfy { placed in
      placed.seen >= covered && !placed.isClamped
        && !words.contains { placed.change.body.contains(word: $0) }
        && lately.allSatisfy { $0.change.id == placed.change.id || placed.knew($0) || $0.knew(placed) }
    }
    guard isPlain, isNew, id.type == Vocabulary.customer else { return isPlain }
    return try !isShared(id, news)
  }

  /// Whether a message of a ticket may wait to be sent.
  private func mayWait(_ id: EntityID) throws(StorageError) -> Bool {
    if store.newer[id]?.contains(where: { $0.change.body.contains(word: BodyWords.waiting) }) == true {
      return true
    }
    return try tables.storedValue("outbox", of: id)?.text.isEmpty == false
  }

  /// Whether others are reached in the same way as a new customer, of whom its author cannot have known.
  private func isShared(_ id: EntityID, _ news: [PlacedChange]) throws(StorageError) -> Bool {
    let contacts = Set(news.flatMap { InboxSurvey.contacts(addedBy: $0.change) })
    let made = news.filter(\.change.creates)
    return try !Twins(store, tables).touched(id, contacts, made: made, arriving: count).isEmpty
  }

  /// What rules read besides who knew what, on any entity.
  private static let words =
    BodyWords.settling + [BodyWords.merged, BodyWords.same, BodyWords.distinct, BodyWords.erase]
  /// On a ticket: what a promise may be the twin of, and facts that were given.
  private static let newTicketWords = words + [BodyWords.owed, BodyWords.facts]
  /// And on one that was there: whose it is, and that a message did not go out, so that nobody was answered by it, also because its
  /// words were hidden.
  private static let ticketWords =
    newTicketWords + BodyWords.stopping + [BodyWords.redacted, BodyWords.customer]
  /// On a customer: what they allow.
  private static let newCustomerWords = words + [BodyWords.consent]
  /// And on one who was there: how they are reached, and the name, which sentences have in them.
  private static let customerWords = newCustomerWords + [BodyWords.name, BodyWords.add, BodyWords.drop]
}
