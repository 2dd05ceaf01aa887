import Agent
import Causality
import Codec
import Merge
import Storage

/// Merges of another workspace, whose tickets have other ids here.
extension Desk {
  /// The edits by which two tickets become one that are one in another workspace, where their ids may lie the other way round.
  ///
  /// As always the lesser id stays. Where that is the part's, it says from now on what the whole said; what it has under
  /// fields that the whole has not stays, but for who has the ticket and how urgent it is.
  /// Cost: both tickets, and those that they are parts of.
  /// - Returns: none where they are one already, or one of them is not there.
  package func carriedMerge(
    of part: EntityID, into target: EntityID, at: HybridTime? = nil, by: String? = nil
  ) throws(StorageError) -> [Edit] {
    guard let inner = try top(part), let outer = try top(target), inner.id != outer.id,
      !inner.isErased, !outer.isErased
    else { return [] }
    let (stays, goes) = (min(inner.id, outer.id), max(inner.id, outer.id))
    var lesser = stays == inner.id ? Self.speaking(for: outer, on: inner) : Draft()
    lesser.log[Vocabulary.timeline] = Self.event(
      "merged", "took in \(shortID(goes))", [("ticket", JSONText(goes.description))])
    // Towards a greater id, or an erased ticket, it never counted.
    lesser.clear.insert(Vocabulary.merged)
    var greater = Draft()
    greater.set[Vocabulary.merged] = JSONText(stays.description)
    greater.log[Vocabulary.timeline] = Self.event("merged", "became a part of \(shortID(stays))")
    // The larger one first: where it is refused, neither is made.
    return [
      Edit(.entity(stays), lesser, at: at, by: by), Edit(.entity(goes), greater, at: at, by: by),
    ]
  }

  /// What lets one ticket say what another one says.
  private static func speaking(for other: EntityState, on state: EntityState) -> Draft {
    var draft = Draft()
    for field in other.registers.keys where !isItsOwn(field) {
      if let value = other.shown(field)?.value { draft.set[field] = value }
    }
    for field: ExactString in ["assignee", "priority", "team", "due", Vocabulary.owner, Vocabulary.solution]
    where other.registers[field] == nil && state.registers[field] != nil { draft.clear.insert(field) }
    for field in other.sets.keys where field != Vocabulary.links {
      draft.add[field] = other.elements(field).map { ExactString($0) }
    }
    return draft
  }

  /// Whether a field says something of just that ticket: its number, its place among others, its entries.
  package static func isItsOwn(_ field: ExactString) -> Bool {
    ["ref", Vocabulary.merged, Vocabulary.split, Vocabulary.outreachField].contains(field)
      || [Vocabulary.replyPrefix, Vocabulary.redactedPrefix, Vocabulary.correctedPrefix, "settled."].contains(
        where: field.text.hasPrefix)
  }
}
