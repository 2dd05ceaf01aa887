import Agent
import Causality
import Codec
import Merge
import Storage

/// Words of customers who stay in the timelines of tickets that are erased. A split leaves an entry in the log in which it was written,
/// and that is emptied; so what is shown by a ticket that stays is made again there first.
extension Desk {
  /// What went along from tickets that are erased to tickets that stay, each entry once for tickets that are one; a message that waits once
  /// for all, so that it is sent once. What somebody who erased already made again is there. Cost: a fold for each ticket that is erased,
  /// and for each that was split from it.
  func entriesStaying(without gone: Set<EntityID>) throws(DeskError) -> [ErasurePlan.RemadeEntries] {
    var found: [ErasurePlan.RemadeEntries] = []
    for id in gone.sorted() where id.type == Vocabulary.ticket {
      guard let state = try stored({ () throws(StorageError) in try store.state(of: id) }) else { continue }
      let timeline = (state.logs[Vocabulary.timeline] ?? []).map(TimelineEntry.init)
      let waiting = Set(TicketPage.Entry.all(timeline, on: state).filter(\.isWaiting).map(\.entry.id))
      var shown: [EntityID: Set<ChangeID>] = [:]
      var pages: [(other: EntityState, page: EntityID)] = []
      for other in try split(from: id).sorted(by: { $0.id < $1.id }) where !gone.contains(other.id) {
        let whole = try whole(other.id)
        let page = gone.contains(whole) ? other.id : whole
        pages.append((other, page))
        let copies = (other.logs[Vocabulary.timeline] ?? []).compactMap { TimelineEntry($0).moves }
        shown[page, default: []].formUnion(copies)
      }
      var placed = Set(shown.values.joined()).intersection(waiting)
      for (other, page) in pages {
        let came = other.splitEntries.subtracting(shown[page] ?? []).subtracting(placed)
        let entries = timeline.map(\.id).filter(came.contains).sorted()
        guard !entries.isEmpty else { continue }
        shown[page, default: []].formUnion(entries)
        placed.formUnion(waiting.intersection(entries))
        found.append(ErasurePlan.RemadeEntries(on: other.id, from: id, entries: entries))
      }
    }
    return found
  }

  /// Makes entries again where they are shown, by whom and when they were made, with what was said of them since, naming their originals.
  /// What was hidden comes without its words; and a message that waits is held: a gateway that did not hear of the erasure may be sending
  /// it, so that a person has to let it go.
  ///
  /// - Parameter customer: with whose erasure they come along.
  func remake(
    _ moved: ErasurePlan.RemadeEntries, along customer: EntityID, in batch: inout EditBatch
  ) throws(StorageError) -> [Change] {
    guard let source = try store.state(of: moved.from) else { return [] }
    let timeline = (source.logs[Vocabulary.timeline] ?? []).filter { moved.entries.contains($0.id) }
    var made: [Change] = []
    for item in TicketPage.Entry.all(timeline.map(TimelineEntry.init), on: source) {
      let old = item.entry
      var draft = Draft()
      draft.log[Vocabulary.timeline] = item.madeAgain
      let entry = Edit(.entity(moved.on), draft, at: old.effective, by: old.by).along(with: customer)
      guard let change = try batch.make(entry) else { continue }
      made.append(change)
      for edit in Self.told(of: item, in: source, about: change.id, on: moved.on) {
        if let change = try batch.make(edit.along(with: customer)) { made.append(change) }
      }
    }
    return made
  }

  /// The edits that say of an entry that was made again what was said of it where it stood.
  private static func told(
    of item: TicketPage.Entry, in source: EntityState, about id: ChangeID, on ticket: EntityID
  ) -> [Edit] {
    func edit(_ prefix: String, _ value: JSONText, like head: Head?) -> Edit {
      var draft = Draft()
      draft.set[ExactString(prefix + id.description)] = value
      return Edit(.entity(ticket), draft, at: head?.effective, by: head?.by)
    }
    func head(_ prefix: String) -> Head? { source.shown(ExactString(prefix + item.entry.id.description)) }
    var edits: [Edit] = []
    if let state = item.stateMadeAgain {
      let outcome = head(Vocabulary.replyPrefix)
      // Which words of the customer it was let go in spite of is told by ids that are gone.
      let members = (outcome?.value.members ?? []).filter { !["state", "despite"].contains($0.key) }
      let value = JSONText(object: [("state", JSONText(state))] + members.map { ($0.key, $0.value) })
      edits.append(edit(Vocabulary.replyPrefix, value, like: item.isWaiting ? nil : outcome))
    }
    if let redacted = head(Vocabulary.redactedPrefix) {
      edits.append(edit(Vocabulary.redactedPrefix, redacted.value, like: redacted))
    } else if let corrected = head(Vocabulary.correctedPrefix) {
      edits.append(edit(Vocabulary.correctedPrefix, corrected.value, like: corrected))
    }
    return edits
  }
}

extension TicketPage.Entry {
  /// Whether it is a message that may go out yet.
  fileprivate var isWaiting: Bool { state.map(["queued", "held", "sending"].contains) == true }

  /// How far a message is where it is made again.
  fileprivate var stateMadeAgain: String? { isWaiting ? "held" : state }

  /// The entry as it is made again. How far it came is in itself too: were what says so lost on the way, it would count as queued.
  fileprivate var madeAgain: JSONText {
    let value = redacted == nil ? entry.value : entry.value.wordless
    var members = (value.members ?? [("text", JSONText(entry.text))]).map { ($0.key, $0.value) }
    members.removeAll { $0.0 == Vocabulary.moves || $0.0 == "state" && state != nil }
    if let state = stateMadeAgain { members.insert(("state", JSONText(state)), at: 0) }
    return JSONText(object: [(Vocabulary.moves, JSONText(entry.id.description))] + members)
  }
}
