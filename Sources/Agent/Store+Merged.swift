import Merge
import Storage

extension Store {
  /// The most entities that are shown as one. What is tied beyond it is left out, so that a chain of links that
  /// somebody made by mistake costs no more than this.
  public static let maximumMembers = 64

  /// The entities that an entity is shown as one with, itself among them, ordered; the first gives the whole its name.
  /// Erased ones, and those that did not arrive yet, are none of them.
  ///
  /// Cost: the changes of each; for an entity that was never merged, its own.
  public func members(of entity: EntityID) throws(StorageError) -> [EntityID] {
    try together(entity)?.members ?? []
  }

  /// The state of an entity together with those that it is shown as one with, `Links.same`; nil when this store knows no
  /// change of it. Its id is that of the first of them.
  ///
  /// Cost: as `members(of:)`.
  public func mergedState(of entity: EntityID) throws(StorageError) -> EntityState? {
    try together(entity)?.state
  }

  /// The members and what they add up to. An erased entity stands alone.
  package func together(
    _ entity: EntityID
  ) throws(StorageError) -> (members: [EntityID], state: EntityState)? {
    if let state = recent.state(of: entity), state.linked.isEmpty { return ([entity], state) }
    let own = try changes(of: entity)
    return own.isEmpty ? nil : try together(entity, own, fold(own, of: entity)) { _ in true }
  }

  /// The members and what they add up to, by those changes that count.
  package func together(
    _ entity: EntityID, where counts: (PlacedChange) -> Bool
  ) throws(StorageError) -> (members: [EntityID], state: EntityState)? {
    let own = try changes(of: entity).filter(counts)
    return own.isEmpty ? nil : try together(entity, own, Fold.state(of: entity, own), where: counts)
  }

  private func together(
    _ entity: EntityID, _ own: [PlacedChange], _ state: EntityState, where counts: (PlacedChange) -> Bool
  ) throws(StorageError) -> (members: [EntityID], state: EntityState)? {
    var waiting = state.linked
    guard !waiting.isEmpty else { return ([entity], state) }
    var members = [entity: own]
    while let next = waiting.popLast(), members.count < Self.maximumMembers {
      guard members[next] == nil else { continue }
      let changes = try changes(of: next).filter(counts)
      guard !changes.isEmpty else { continue }
      let other = Fold.state(of: next, changes)
      guard !other.isErased else { continue }
      members[next] = changes
      waiting += other.linked
    }
    let ids = members.keys.sorted()
    guard ids.count > 1 else { return ([entity], state) }
    var fold = Fold(ids[0], with: ids)
    for id in ids { for change in members[id] ?? [] { fold.apply(change) } }
    return (ids, fold.finish())
  }
}
