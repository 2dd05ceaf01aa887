import Agent
import Causality
import Merge
import Storage

extension Desk {
  /// What an agent's device knew at a moment; nil where the agent had made no change by then that is known here.
  ///
  /// Of several devices the one that the agent used last counts. Exact at each of the agent's changes, and on the agent's
  /// own device as far as its journal of syncs reaches; see `DeviceKnowledge`. Cost: per store, because an agent's
  /// changes can be anywhere.
  /// - Parameter milliseconds: since 1970, by the device's own clock.
  public func knowledge(
    of agent: String, at milliseconds: UInt64
  ) throws(StorageError) -> DeviceKnowledge? {
    var before: [ReplicaID: PlacedChange] = [:]
    var after: [ReplicaID: PlacedChange] = [:]
    let walk = try store.walk()
    while let (_, changes) = try walk.next() {
      for placed in changes where placed.change.by == agent {
        let replica = placed.change.id.replica
        let sequence = placed.change.id.sequence
        if placed.change.at.milliseconds <= milliseconds {
          if before[replica].map({ $0.change.id.sequence < sequence }) ?? true { before[replica] = placed }
        } else if after[replica].map({ $0.change.id.sequence > sequence }) ?? true {
          after[replica] = placed
        }
      }
    }
    guard let last = before.values.max(by: { ($0.change.at, $0.change.id) < ($1.change.at, $1.change.id) })
    else {
      return nil
    }
    let replica = last.change.id.replica
    var position = last.seen
    var most = after[replica]?.seen
    if replica == store.replica, let noted = store.syncJournal.position(at: milliseconds) {
      position = max(position, noted)
      most = position
    }
    return DeviceKnowledge(
      replica: replica,
      least: .device(replica, position: position, sequence: last.change.id.sequence), position: position,
      most: most.map { max($0, position) }, lastEdit: last.change.at)
  }

  /// An entity as a cut through the workspace's history leaves it; nil where nothing of it is known there. Cost: the entity.
  public func state(of id: EntityID, at knowledge: Knowledge) throws(StorageError) -> EntityState? {
    let known = try store.changes(of: id).filter(knowledge.includes)
    return known.isEmpty ? nil : Fold.state(of: id, known)
  }

  /// The digest that a store has at a cut: what its own device printed, where the cut is what the device knew. Cost: per
  /// store.
  public func digest(at knowledge: Knowledge) throws(StorageError) -> String {
    var sum: UInt64 = 0
    let walk = try store.walk()
    while let (id, changes) = try walk.next() {
      let known = changes.filter(knowledge.includes)
      if !known.isEmpty { sum &+= Fold.state(of: id, known).digest }
    }
    return FNV1a.hex(sum)
  }
}
