import Agent
import Causality
import Codec
import Merge
import Storage

/// Words of customers who stay in the timelines of tickets that are erased. A split leaves an entry in the log in which it was written,
/// and that is emptied; so what is shown by a ticket that stays is made again there first.
extension Desk {
  /// What went along from tickets that are erased to tickets that stay, each entry once for tickets that are one. Cost: a fold for each
  /// ticket that is erased, and for each that was split from it.
  func entriesStaying(without gone: Set<EntityID>) throws(DeskError) -> [ErasurePlan.RemadeEntries] {
    var found: [ErasurePlan.RemadeEntries] = []
    for id in gone.sorted() where id.type == Vocabulary.ticket {
      guard let state = try stored({ () throws(StorageError) in try store.state(of: id) }) else { continue }
      let timeline = state.logs[Vocabulary.timeline] ?? []
      var shown: [EntityID: Set<ChangeID>] = [:]
      for other in try split(from: id).sorted(by: { $0.id < $1.id }) where !gone.contains(other.id) {
        let whole = try whole(other.id)
        let page = gone.contains(whole) ? other.id : whole
        let came = other.splitEntries.subtracting(shown[page] ?? [])
        let entries = timeline.map(\.id).filter(came.contains).sorted()
        guard !entries.isEmpty else { continue }
        shown[page, default: []].formUnion(entries)
        found.append(ErasurePlan.RemadeEntries(on: other.id, from: id, entries: entries))
      }
    }
    return found
  }

  /// Makes entries again where they are shown, by whom and when they were made, with what was said of them since. What was hidden comes
  /// without its words; and a message that waits is held: a gateway that did not hear of the erasure may be sending it, so that a person
  /// has to let it go.
  func remake(
    _ moved: ErasurePlan.RemadeEntries, in batch: inout EditBatch
  ) throws(StorageError) -> [Change] {
    guard let source = try store.state(of: moved.from) else { return [] }
    let timeline = (source.logs[Vocabulary.timeline] ?? []).filter { moved.entries.contains($0.id) }
    var made: [Change] = []
    for item in TicketPage.Entry.all(timeline.map(TimelineEntry.init), on: source) {
      let old = item.entry
      var draft = Draft()
      draft.log[Vocabulary.timeline] = item.redacted == nil ? old.value : old.value.wordless
      let entry = Edit(.entity(moved.on), draft, at: old.effective, by: old.by)
      guard let change = try batch.make(entry) else { continue }
      made.append(change)
      for edit in Self.told(of: item, in: source, about: change.id, on: moved.on) {
        if let change = try batch.make(edit) { made.append(change) }
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
    if let state = item.state {
      let outcome = head(Vocabulary.replyPrefix)
      let isWaiting = ["queued", "held", "sending"].contains(state)
      // Which words of the customer it was let go in spite of is told by ids that are gone.
      let members = (outcome?.value.members ?? []).filter { !["state", "despite"].contains($0.key) }
      let value = JSONText(
        object: [("state", JSONText(isWaiting ? "held" : state))] + members.map { ($0.key, $0.value) })
      edits.append(edit(Vocabulary.replyPrefix, value, like: isWaiting ? nil : outcome))
    }
    if let redacted = head(Vocabulary.redactedPrefix) {
      edits.append(edit(Vocabulary.redactedPrefix, redacted.value, like: redacted))
    } else if let corrected = head(Vocabulary.correctedPrefix) {
      edits.append(edit(Vocabulary.correctedPrefix, corrected.value, like: corrected))
    }
    return edits
  }
}
