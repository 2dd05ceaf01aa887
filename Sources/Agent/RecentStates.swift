import Merge

/// The states of the few entities that were asked for last: what an agent reads is what is edited next, and read again
/// behind the edit.
///
/// Whoever adds a change tells it: an own one is folded in, for what the server brought the state is made anew.
struct RecentStates {
  /// A ticket, its customer, and what they lead to.
  private static let limit = 8

  private struct Entry {
    let id: EntityID
    var fold: Fold
    /// What the fold comes to; nil where it took a change since it was asked for.
    var state: EntityState?
  }

  private var entries: [Entry] = []

  /// The state of an entity; nil where it is not among them. Cost: per field, and only behind an edit.
  mutating func state(of entity: EntityID) -> EntityState? {
    guard let index = entries.firstIndex(where: { $0.id == entity }) else { return nil }
    if let state = entries[index].state { return state }
    let fold = entries[index].fold
    let state = fold.finish()
    entries[index].state = state
    return state
  }

  /// Folds the changes of an entity, and keeps it instead of the one that was kept longest.
  mutating func fold(_ changes: [PlacedChange], of entity: EntityID) -> EntityState {
    var fold = Fold(entity)
    for change in changes { fold.apply(change) }
    entries.removeAll { $0.id == entity }
    if entries.count == Self.limit { entries.removeFirst() }
    let state = fold.finish()
    entries.append(Entry(id: entity, fold: fold, state: state))
    return state
  }

  /// Takes a change that the store has now.
  mutating func add(_ placed: PlacedChange) {
    guard let index = entries.firstIndex(where: { $0.id == placed.change.on }) else { return }
    // An own change that has a place now is not what was folded.
    if placed.position == nil {
      entries[index].state = nil
      entries[index].fold.apply(placed)
    } else {
      entries.remove(at: index)
    }
  }
}
