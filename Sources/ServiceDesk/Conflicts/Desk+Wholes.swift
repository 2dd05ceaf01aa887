import Agent
import Codec
import Merge
import Storage

extension Desk {
  /// The tickets that a ticket is a part of, and those that it was before some news: what their situations are may be others now.
  /// Which of them were erased does not matter here: one too many costs a look.
  ///
  /// Cost: a fold for each; where the news are of a merge or an erasure, the ticket's changes.
  func wholes(of ticket: EntityID, before news: [PlacedChange]) throws(StorageError) -> Set<EntityID> {
    var waiting = [ticket]
    // An erased ticket has no field any more that names what it was a part of.
    let isTelling = news.contains { placed in
      [BodyWords.merged, BodyWords.erase].contains { placed.change.body.contains(word: $0) }
    }
    if isTelling {
      waiting += try store.changes(of: ticket).compactMap { Self.mergeTarget(of: $0.change) }
    }
    var found = Set(waiting)
    while let id = waiting.popLast() {
      if let next = try store.state(of: id)?.mergedInto, found.insert(next).inserted { waiting.append(next) }
    }
    return found
  }

  /// Where it stands that a situation is settled: on what it is on, or on what is one with that since, on which a side need not
  /// be: a promise only names it. Cost: a page, and a fold for each part.
  func settled(_ conflict: Conflict) throws(StorageError) -> [EntityID] {
    let field = ConflictFinder.settlementField(conflict.id)
    let parts = try parts(below: conflict.on)
    var found = [conflict.on]
    for id in Set(conflict.sides.map(\.on) + parts).sorted() where id != conflict.on {
      if try store.state(of: id)?.registers[field] != nil { found.append(id) }
    }
    return found
  }

  /// The ticket of which a change makes its ticket a part; nil where it makes it none, or of one with a greater id, which does
  /// not count.
  package static func mergeTarget(of change: Change) -> EntityID? {
    guard change.on.type == Vocabulary.ticket, change.body.contains(word: BodyWords.merged) else {
      return nil
    }
    var target: EntityID?
    try? ChangeBody.operations(of: change.body) { operation in
      if case .set(Vocabulary.merged, let value) = operation { target = EntityID(value.plain) }
    }
    return target.flatMap { $0.canTakeIn(change.on) ? $0 : nil }
  }
}
