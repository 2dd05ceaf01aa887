import Causality
import ChangeCodec
import Codec
import Merge

/// Walks all entities in order, each with all of its changes, by position. Holds one member a run in memory
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
  package init(
    _ runs: [RunReader], type: String? = nil, newer: [EntityID: [PlacedChange]] = [:]
  ) throws(StorageError) {
    self.type = type
    self.newer = newer
    newerIDs = newer.keys.filter { type == nil || $0.type == type }.sorted(by: >)
    for run in runs {
      let members = type.map(run.index.members(ofType:)) ?? 0..<run.index.memberCount
      if let cursor = try RunCursor(run, members) { cursors.append(cursor) }
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

/// Walks a run's changes, one member in memory.
private struct RunCursor {
  private let run: RunReader
  private var members: Range<Int>
  private var changes: [PlacedChange]
  private var index = 0

  init?(_ run: RunReader, _ members: Range<Int>) throws(StorageError) {
    guard let first = members.first else { return nil }
    self.run = run
    self.members = members.dropFirst()
    changes = try run.changes(first)
  }

  var current: PlacedChange { changes[index] }
  var entity: EntityID { changes[index].change.on }

  /// False when there is no next change.
  mutating func advance() throws(StorageError) -> Bool {
    index += 1
    while index == changes.count {
      guard let member = members.popFirst() else { return false }
      changes = try run.changes(member)
      index = 0
    }
    return true
  }
}
