import Agent
import Causality
import Merge
import Storage

/// Entries that were made again where they are shown, because the log in which they stood is emptied by an erasure: each names the
/// change that wrote it first. Two who erased without knowing of each other made the same ones twice.
extension [TicketPage.Entry] {
  /// Leaves one of several entries that are the same one: with the same original, author and time. Of these it is the one of which
  /// most is known: that its words are hidden, how far it came on its way to the customer, that it was put right; else the original,
  /// else the least id. What was not sent is so sent once.
  ///
  /// Cost: where no entry was made again a look at each.
  mutating func dropCopies() {
    guard contains(where: { $0.entry.moves != nil }) else { return }
    var groups: [MadeOnce: [Int]] = [:]
    for index in indices { groups[MadeOnce(self[index].entry), default: []].append(index) }
    var dropped: Set<Int> = []
    for group in groups.values where group.count > 1 {
      guard let shown = group.min(by: { self[$0].isToldBefore(self[$1]) }) else { continue }
      dropped.formUnion(group.filter { $0 != shown })
    }
    if !dropped.isEmpty { self = indices.filter { !dropped.contains($0) }.map { self[$0] } }
  }
}

/// What an entry has in common with its copies.
private struct MadeOnce: Hashable {
  let original: ChangeID
  let by: String
  let effective: HybridTime

  init(_ entry: TimelineEntry) { (original, by, effective) = (entry.original, entry.by, entry.effective) }
}

extension TicketPage.Entry {
  /// Ways of a message from which there is none back to one that waits, the furthest last.
  private static let settled = ["cancelled", "sending", "sent", "delivered"]

  fileprivate func isToldBefore(_ other: TicketPage.Entry) -> Bool {
    func rank(_ item: TicketPage.Entry) -> (Int, Int, Int, Int) {
      (
        item.redacted == nil ? 1 : 0, -(item.state.flatMap(Self.settled.firstIndex(of:)) ?? -1),
        item.corrected == nil ? 1 : 0, item.entry.moves == nil ? 0 : 1
      )
    }
    let (own, others) = (rank(self), rank(other))
    return own == others ? entry.id < other.entry.id : own < others
  }
}

extension EntityState {
  /// Some entries of the timeline with those that are the same ones. What is done with an entry is done with all of them, of which one
  /// is shown.
  func withCopies(of entries: some Collection<ChangeID>) -> Set<ChangeID> {
    let log = (logs[Vocabulary.timeline] ?? []).map(TimelineEntry.init)
    let chosen = Set(log.filter { entries.contains($0.id) }.map(MadeOnce.init))
    guard log.contains(where: { $0.moves != nil }) else { return Set(entries) }
    return Set(log.filter { chosen.contains(MadeOnce($0)) }.map(\.id)).union(entries)
  }
}

extension Desk {
  /// Where in the order the originals are of entries of customers that were made again; their stubs keep it. Who knew of the original had
  /// seen the words.
  ///
  /// Cost: none where nothing was made again or no message waits; else the changes of the erased tickets.
  /// - Parameter states: the tickets in whose timelines the entries are.
  func originals(
    of entries: [TicketPage.Entry], in states: [EntityID: EntityState]
  ) throws(DeskError) -> [ChangeID: UInt64] {
    let copies = entries.filter { $0.entry.direction == "in" && $0.entry.moves != nil }
    let isWaiting = entries.contains { $0.state.map(Vocabulary.unsentStates.contains) == true }
    guard !copies.isEmpty, isWaiting else { return [:] }
    let wanted = Set(copies.map(\.entry.original))
    let sources = Set(copies.compactMap { states[$0.on]?.splitSource })
    return try stored { () throws(StorageError) in
      var found: [ChangeID: UInt64] = [:]
      for source in sources {
        for placed in try store.changes(of: source) where wanted.contains(placed.change.id) {
          found[placed.change.id] = placed.position
        }
      }
      return found
    }
  }
}
