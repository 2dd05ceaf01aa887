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
/// Cost: a pass over what is in no run; then, for each entity with news, its changes among that.
struct PlainNews {
  private let tables: DeskTables
  /// What the runs hold.
  private let covered: UInt64
  private let newer: [EntityID: [PlacedChange]]
  /// Entities that have entries, of whatever state, and whether these are all about fields.
  private let listed: [EntityID: Bool]
  /// Entities that are shown as one with others, or were.
  private let linked: Set<EntityID>
  /// Whether somebody withdrew a consent of late: any reply may have crossed it.
  private let hasWithdrawal: Bool
  /// Whether an answer of late rests on facts: one that came since may cross it.
  private let hasFactsGiven: Bool

  init(_ store: Store, _ tables: DeskTables, listed: [EntityID: Bool]) throws(StorageError) {
    self.tables = tables
    linked = Set(try tables.entities(.linked))
    covered = store.runs.last
    newer = store.newer
    self.listed = listed
    func occurs(_ word: [UInt8], on type: String) -> Bool {
      store.newer.contains { id, changes in
        id.type == type && changes.contains { $0.change.body.contains(word: word) }
      }
    }
    hasWithdrawal = occurs(InboxSurvey.withdrawnWord, on: Vocabulary.customer)
    hasFactsGiven = occurs(InboxSurvey.facts, on: Vocabulary.ticket)
  }

  /// Whether the news of an entity can make no entry, of it or of what looks at it.
  func includes(_ id: EntityID, _ news: [PlacedChange]) throws(StorageError) -> Bool {
    guard !linked.contains(id) else { return false }
    if let isOfFields = listed[id] {
      // What is told on the timeline ends no disagreement about a field, and is no part of what an entry shows.
      guard isOfFields, news.allSatisfy({ Self.onlyTells($0.change) }) else { return false }
    }
    switch id.type {
    case Vocabulary.ticket: if hasWithdrawal { return false }
    case Vocabulary.customer: if hasFactsGiven { return false }
    default: return false
    }
    let isNew = news.contains(where: \.change.creates)
    var words = Self.words
    if id.type == Vocabulary.ticket {
      words += Self.ticketWords + (isNew ? [] : [InboxSurvey.customer])
    } else {
      words += isNew ? [CaseReader.consent] : Self.customerWords
    }
    let lately = newer[id] ?? []
    let isPlain = news.allSatisfy { placed in
      placed.seen >= covered && !placed.isClamped
        && !words.contains { placed.change.body.contains(word: $0) }
        && lately.allSatisfy { $0.change.id == placed.change.id || placed.knew($0) || $0.knew(placed) }
    }
    guard isPlain, isNew, id.type == Vocabulary.customer else { return isPlain }
    return try !isShared(id, news)
  }

  /// Whether others are reached in the same way as a new customer.
  private func isShared(_ id: EntityID, _ news: [PlacedChange]) throws(StorageError) -> Bool {
    let contacts = news.flatMap { InboxSurvey.contacts(addedBy: $0.change) }
    // Of many one more may tell nobody apart any longer, so all of them have to be looked at.
    return try tables.entities(contacts).joined().contains { $0 != id }
  }

  /// Whether a change writes to timelines, and nothing else.
  private static func onlyTells(_ change: Change) -> Bool {
    var isSo = true
    try? ChangeBody.operations(of: change.body) { operation in
      if case .log = operation { return }
      isSo = false
    }
    return isSo
  }

  /// What rules read besides who knew what, on any entity.
  private static let words =
    InboxSurvey.merges + [CaseReader.same, CaseReader.erase]
    + ["\"distinct\"", "\"settles\"", "\"reopens\"", "\"restores\""].map { Array($0.utf8) }
  /// On a ticket: what a promise may be the twin of, and facts that were given. Whose ticket it is says nothing on one that
  /// is new.
  private static let ticketWords =
    [InboxSurvey.facts] + ["\"compensation\"", "\"promise\""].map { Array($0.utf8) }
  /// On a customer who was there: how they are reached, what they allow, and the name, which sentences have in them.
  private static let customerWords =
    [CaseReader.consent, CaseReader.name] + ["\"add\":", "\"drop\":"].map { Array($0.utf8) }
}
