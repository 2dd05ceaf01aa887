import Agent
import Causality
import Merge

/// What the store told of an entity: enough to make its history of it on any core.
struct ToldChanges: Sendable {
  /// The entity, and those that it is shown as one with, ordered.
  let members: [EntityID]
  let changes: [PlacedChange]

  var history: EntityHistory { EntityHistory(members, changes) }

  /// What the store could have told before; nil where that was nothing.
  func asOf(_ moment: StoreMoment) -> ToldChanges? {
    let known = changes.compactMap(moment.known)
    return known.isEmpty ? nil : ToldChanges(members: members, changes: known)
  }
}

/// What a store held at a moment: the workspace's changes up to a position, and its own ones.
struct StoreMoment: Sendable {
  let position: UInt64
  let replica: ReplicaID
  /// The last own change, and the last one that the server had acknowledged.
  let own: UInt64
  let acknowledged: UInt64

  init(_ store: Store) {
    position = store.position
    replica = store.replica
    own = store.lastOwnSequence
    acknowledged = store.acknowledged
  }

  /// A change as the store knew it then; nil where it did not.
  func known(_ placed: PlacedChange) -> PlacedChange? {
    let id = placed.change.id
    guard holds(id, placed.position) else { return nil }
    return id.replica == replica && id.sequence > acknowledged ? PlacedChange(placed.change) : placed
  }

  /// Whether the store held what a side of a conflict is.
  func holds(_ side: Conflict.Side) -> Bool { holds(side.change, side.position) }

  private func holds(_ id: ChangeID, _ position: UInt64?) -> Bool {
    id.replica == replica ? id.sequence <= own : position.map { $0 <= self.position } == true
  }
}
