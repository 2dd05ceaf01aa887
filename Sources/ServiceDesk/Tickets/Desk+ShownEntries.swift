import Causality
import Merge

/// What tickets that are one show of timelines: their own, without what went to a ticket that was split from one of them, and
/// what came along to those of them that were split from another.
struct ShownEntries {
  /// For each timeline of which something is shown its ticket, and that; each entry once.
  fileprivate(set) var timelines: [(state: EntityState, entries: [TimelineEntry])] = []
  /// The tickets that were split from them.
  fileprivate(set) var splitInto: [EntityID] = []
}

extension Desk {
  /// What tickets that are one show. Whoever shows entries of more than one ticket asks this: an entry that was split off is shown
  /// by the tickets that it went to and by what these are one with, so that it comes back where one of them is merged
  /// into the ticket that it came from, by whichever way.
  ///
  /// Cost: a page of a table for each, and the tickets that were split from them or that they were split from.
  /// - Parameter hidesRedacted: whether the words that came along are without those that were redacted, as the members are then.
  func shownEntries(of members: [EntityState], hidesRedacted: Bool = false) throws(DeskError) -> ShownEntries
  {
    var shown = ShownEntries()
    for member in members {
      var gone: Set<ChangeID> = []
      for other in try split(from: member.id) {
        shown.splitInto.append(other.id)
        gone.formUnion(other.splitEntries)
      }
      shown.timelines.append((member, PlainLook(member).timeline.filter { !gone.contains($0.id) }))
    }
    // Two who split it off at the same time may both be merged back.
    var seen: Set<ChangeID> = []
    for member in members {
      guard var source = try splitSource(of: member) else { continue }
      if hidesRedacted { source = source.withoutRedactedWords }
      let mine = member.splitEntries
      let came = PlainLook(source).timeline.filter { mine.contains($0.id) && seen.insert($0.id).inserted }
      shown.timelines.append((source, came))
    }
    return shown
  }
}
