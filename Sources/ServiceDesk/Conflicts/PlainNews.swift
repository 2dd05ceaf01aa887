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
  /// What the runs hold.
  private let covered: UInt64
  private let newer: [EntityID: [PlacedChange]]
  /// Entities that have entries, of whatever state.
  private let listed: Set<EntityID>
  /// Entities that are shown as one with others, or were.
  private let linked: Set<EntityID>
  /// Whether somebody withdrew a consent of late: any reply may have crossed it.
  private let hasWithdrawal: Bool
  /// Whether an answer of late rests on facts: one that came since may cross it.
  private let hasFactsGiven: Bool

  init(_ store: Store, listed: Set<EntityID>, linked: Set<EntityID>) {
    covered = store.runs.last
    newer = store.newer
    self.listed = listed
    self.linked = linked
    func occurs(_ word: [UInt8], on type: String) -> Bool {
      store.newer.contains { id, changes in
        id.type == type && changes.contains { $0.change.body.contains(word: word) }
      }
    }
    hasWithdrawal = occurs(InboxSurvey.withdrawnWord, on: Vocabulary.customer)
    hasFactsGiven = occurs(InboxSurvey.facts, on: Vocabulary.ticket)
  }

  /// Whether the news of an entity can make no entry, of it or of what looks at it.
  func includes(_ id: EntityID, _ news: [PlacedChange]) -> Bool {
    guard !listed.contains(id), !linked.contains(id) else { return false }
    switch id.type {
    case Vocabulary.ticket: if hasWithdrawal { return false }
    case Vocabulary.customer: if hasFactsGiven { return false }
    default: return false
    }
    let words = id.type == Vocabulary.ticket ? Self.ticketWords : Self.customerWords
    let lately = newer[id] ?? []
    return news.allSatisfy { placed in
      placed.seen >= covered && !placed.isClamped
        && !words.contains { placed.change.body.contains(word: $0) }
        && lately.allSatisfy { $0.change.id == placed.change.id || placed.knew($0) || $0.knew(placed) }
    }
  }

  /// What rules read besides who knew what, on any entity.
  private static let words =
    InboxSurvey.merges + [CaseReader.same, CaseReader.erase]
    + ["\"distinct\"", "\"settles\"", "\"reopens\"", "\"restores\""].map { Array($0.utf8) }
  /// On a ticket: what a promise may be the twin of, facts that were given, and whose ticket it is.
  private static let ticketWords =
    words + [InboxSurvey.facts, InboxSurvey.customer]
    + ["\"compensation\"", "\"promise\""].map { Array($0.utf8) }
  /// On a customer: how they are reached, what they allow, and the name, which sentences have in them.
  private static let customerWords =
    words + [CaseReader.consent, CaseReader.name] + ["\"add\":", "\"drop\":"].map { Array($0.utf8) }
}
