import Causality
import Codec

/// What ties entities together that are shown as one, such as two profiles of one person.
///
/// Both stay what they are: each keeps its changes, its id and what was added to it. Each names the other in the set
/// `same`, so that neither needs an index to find the other, and two merges at once, in whatever directions, are
/// the same two links. Taking the links back gives both as if they had never met, but for what was written in the
/// meantime.
public enum Links {
  /// The set that names the entities which an entity is one with. Elements are entity ids of its own type.
  public static let same: ExactString = "same"
  /// The set that names the entities which somebody said are *not* the same as this one.
  public static let distinct: ExactString = "distinct"
}

extension EntityState {
  /// The entities that this one is said to be one with.
  public var linked: [EntityID] { entities(Links.same) }

  /// The entities that this one is said not to be one with.
  public var distinct: [EntityID] { entities(Links.distinct) }

  /// The entities of which somebody took back that this one is one with them.
  package var unlinked: [EntityID] { entities(untied) }

  private func entities(_ field: ExactString) -> [EntityID] {
    sets[field].map { entities($0.keys) } ?? []
  }

  /// Those of some elements that name other entities of this one's type, ordered.
  private func entities(_ elements: some Sequence<ExactString>) -> [EntityID] {
    elements.compactMap { EntityID($0.text) }.filter { $0.type == id.type && $0 != id }.sorted()
  }
}
