import Merge
import Storage

/// The terms of what is newer than the runs, in memory: built by the first question for one, then kept in step with
/// the edits of this process, so that an import may ask for every row.
struct NewerTerms {
  private var entities: [UInt32: Set<EntityID>] = [:]
  private var isBuilt = false

  /// The entities that a term may lead to.
  func entities(_ term: UInt32) -> Set<EntityID> { entities[term] ?? [] }

  /// Takes what is new. Cost: the changes since this was last done; the first time the newer entities.
  ///
  /// - Parameters:
  ///   - news: what was added since; nil where that is not known.
  ///   - known: gives the terms of an entity with just these changes, where they are known.
  mutating func update(
    _ news: [PlacedChange]?, of newer: [EntityID: [PlacedChange]], _ projection: DeskProjection,
    known: (EntityID, [PlacedChange]) -> [UInt32]?
  ) {
    if isBuilt, let news {
      for placed in news { add(projection.terms(of: placed.change.on, [placed]), placed.change.on) }
      return
    }
    isBuilt = true
    entities = [:]
    for (id, changes) in newer {
      if let known = known(id, changes) {
        add(known, id)
      } else {
        add(projection.terms(of: id, changes), id)
      }
    }
  }

  private mutating func add(_ terms: some Sequence<UInt32>, _ id: EntityID) {
    for term in terms { entities[term, default: []].insert(id) }
  }
}
