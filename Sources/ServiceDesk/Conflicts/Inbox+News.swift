import Agent
import Causality
import Merge
import Storage

extension Inbox {
  /// The changes behind a base, by entity; nil where they are of too many. Cost: what is in no run, and the runs that end
  /// behind it, up to where it is too much.
  func changes(since base: InboxFile.Base) throws(StorageError) -> [EntityID: [PlacedChange]]? {
    let limit = Self.newsLimit
    guard store.position - min(base.position, store.position) < Self.changesLimit else { return nil }
    var found: [EntityID: [PlacedChange]] = [:]
    for (id, changes) in store.newer {
      let new = changes.filter {
        $0.position.map { $0 > base.position } ?? ($0.change.id.sequence > base.own)
      }
      if !new.isEmpty { found[id] = new }
    }
    for run in store.runs.runs where run.name.last > base.position {
      for member in 0..<run.index.memberCount {
        for placed in try run.changes(member) where placed.position ?? 0 > base.position {
          found[placed.change.on, default: []].append(placed)
        }
        if found.count > limit { return nil }
      }
    }
    return found.count > limit ? nil : found
  }
}
