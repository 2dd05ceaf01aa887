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
    try knowledge(of: [(agent, milliseconds)])[0]
  }

  /// The same for many agents and moments in one walk.
  package func knowledge(
    of moments: [(agent: String, milliseconds: UInt64)]
  ) throws(StorageError) -> [DeviceKnowledge?] {
    var byAgent: [String: [Int]] = [:]
    for (index, moment) in moments.enumerated() { byAgent[moment.agent, default: []].append(index) }
    var before: [[ReplicaID: PlacedChange]] = moments.map { _ in [:] }
    var after: [[ReplicaID: PlacedChange]] = moments.map { _ in [:] }
    let walk = try store.walk()
    while let (_, changes) = try walk.next() {
      for placed in changes {
        let id = placed.change.id
        for index in byAgent[placed.change.by] ?? [] {
          if placed.change.at.milliseconds <= moments[index].milliseconds {
            let isLater = before[index][id.replica].map { $0.change.id.sequence < id.sequence } ?? true
            if isLater { before[index][id.replica] = placed }
          } else {
            let isEarlier = after[index][id.replica].map { $0.change.id.sequence > id.sequence } ?? true
            if isEarlier { after[index][id.replica] = placed }
          }
        }
      }
    }
    return moments.indices.map { index in
      device(before[index], after[index], moments[index].milliseconds)
    }
  }

  /// The device that was used last, by its last change up to a moment and its next one.
  private func device(
    _ before: [ReplicaID: PlacedChange], _ after: [ReplicaID: PlacedChange], _ milliseconds: UInt64
  ) -> DeviceKnowledge? {
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

  /// An entity as a cut through the workspace's history leaves it, together with those that it was shown as one with there;
  /// nil where nothing of it is known there. Cost: the changes of each.
  public func state(of id: EntityID, at knowledge: Knowledge) throws(StorageError) -> EntityState? {
    try store.together(id, where: knowledge.includes)?.state
  }

  /// The digest that a store has at a cut: what its own device printed, where the cut is what the device knew. Cost: per
  /// store.
  public func digest(at knowledge: Knowledge) throws(StorageError) -> String {
    try digests(at: [knowledge])[0]
  }

  /// The digests at many cuts, in one walk. Cost: per change and cut, and a fold for each way in which the cuts part an
  /// entity's changes.
  package func digests(at cuts: [Knowledge]) throws(StorageError) -> [String] {
    var sums = [UInt64](repeating: 0, count: cuts.count)
    let walk = try store.walk()
    while let (id, changes) = try walk.next() {
      var digests: [[Bool]: UInt64] = [:]
      for (index, cut) in cuts.enumerated() {
        let isKnown = changes.map(cut.includes)
        guard isKnown.contains(true) else { continue }
        if let digest = digests[isKnown] {
          sums[index] &+= digest
          continue
        }
        let digest = Fold.state(of: id, zip(changes, isKnown).filter(\.1).map(\.0)).digest
        digests[isKnown] = digest
        sums[index] &+= digest
      }
    }
    return sums.map(FNV1a.hex)
  }
}
