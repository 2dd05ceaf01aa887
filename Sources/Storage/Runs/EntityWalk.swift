import Causality
import ChangeCodec
import Codec
import Merge

/// Walks all entities in order, each with all of its changes, by position. Holds a few members a run in memory
/// and the changes of one entity.
package final class EntityWalk {
  private var cursors: [RunCursor] = []
  private let newer: [EntityID: [PlacedChange]]
  private var newerIDs: [EntityID]
  private let type: String?

  /// - Parameters:
  ///   - runs: oldest first.
  ///   - type: only entities of this type; nil for all. Members without any are not read.
  ///   - newer: changes that are in no run; they come behind those of the runs.
  ///   - ahead: so many members of a run are parsed at once, on all cores. One where somebody else needs these more.
  package init(
    _ runs: [RunReader], type: String? = nil, newer: [EntityID: [PlacedChange]] = [:], ahead: Int = 4
  ) throws(StorageError) {
    self.type = type
    self.newer = newer
    newerIDs = newer.keys.filter { type == nil || $0.type == type }.sorted(by: >)
    for run in runs {
      let members = try type.map(run.members(ofType:)) ?? 0..<run.index.memberCount
      if let cursor = try RunCursor(run, members, ahead) { cursors.append(cursor) }
    }
  }

  /// The next entity and its changes; nil behind the last.
  package func next() throws(StorageError) -> (id: EntityID, changes: [PlacedChange])? {
    while true {
      var least = newerIDs.last
      for cursor in cursors where least.map({ cursor.entity < $0 }) ?? true { least = cursor.entity }
      guard let entity = least else { return nil }
      var changes: [PlacedChange] = []
      var index = 0
      while index < cursors.count {
        var isDone = false
        while !isDone, cursors[index].entity == entity {
          changes.append(cursors[index].current)
          isDone = try !cursors[index].advance()
        }
        if isDone { cursors.remove(at: index) } else { index += 1 }
      }
      if newerIDs.last == entity {
        newerIDs.removeLast()
        changes += newer[entity] ?? []
      }
      if type == nil || entity.type == type { return (entity, changes) }
    }
  }
}

/// Walks a run's changes, a few members in memory.
private struct RunCursor {
  private let run: RunReader
  private let ahead: Int
  /// Those that are not read yet.
  private var members: Range<Int>
  /// Those that are read and come next, the last one first.
  private var ready: [[PlacedChange]] = []
  private var changes: [PlacedChange] = []
  private var index = -1

  /// nil where there is no change.
  init?(_ run: RunReader, _ members: Range<Int>, _ ahead: Int) throws(StorageError) {
    self.run = run
    self.members = members
    self.ahead = ahead
    guard try advance() else { return nil }
  }

  var current: PlacedChange { changes[index] }
  var entity: EntityID { changes[index].change.on }

  /// False when there is no next change.
  mutating func advance() throws(StorageError) -> Bool {
    index += 1
    while index == changes.count {
      if ready.isEmpty {
        guard !members.isEmpty else { return false }
        let some = members.prefix(ahead)
        ready = try run.changes(ofMembers: some).reversed()
        members = members.dropFirst(some.count)
      }
      changes = ready.removeLast()
      index = 0
    }
    return true
  }
}
