import Agent
import Causality
import Codec
import Merge
import Storage

/// What was written on a profile by people who knew that it was one with others that it is not one with any more: nobody can tell
/// whose it is until somebody answers (`Protocol.md`, section 12).
struct OpenChanges {
  /// The profile's, all of them.
  let changes: [PlacedChange]
  /// Alone, without those that it is one with now.
  let state: EntityState
  private let ties: Ties
  private let members: Set<EntityID>
  private let answered: Set<String>

  /// nil where the profile was never one with another. Cost: its changes, and those of the profiles that it is one with now.
  init?(of id: EntityID, in store: Store) throws(StorageError) {
    changes = try store.changes(of: id)
    ties = Ties(changes)
    guard !ties.ties.isEmpty else { return nil }
    members = Set(try store.members(of: id))
    state = Fold.state(of: id, changes)
    answered = Set(state.elements(Vocabulary.kept) + state.elements(Vocabulary.given))
  }

  /// Whether somebody told whose a change is.
  func isAnswered(_ placed: PlacedChange) -> Bool { answered.contains(placed.change.id.description) }

  /// Those whose a change may be instead, ordered: while two are one, what somebody writes on the whole is written on the first of
  /// them.
  func others(_ placed: PlacedChange) -> [EntityID] {
    ties.known(to: placed).filter { !members.contains($0) && state.id < $0 }.sorted()
  }

  /// The withdrawals of consent by a change that hold for one of the others too, each as a head. What somebody says of this profile
  /// once it is one of its own again says nothing of the others.
  ///
  /// Cost: the change; where it withdraws any, the profile's changes.
  func withdrawals(by placed: PlacedChange, for other: EntityID) -> [(field: ExactString, head: Head)] {
    var fields: Set<ExactString> = []
    Ties.operations(of: placed) { operation in
      guard case .set(let field, let value) = operation,
        field.text.hasPrefix(Vocabulary.consentPrefix), Consents.isWithdrawn(value)
      else { return }
      fields.insert(field)
    }
    guard !fields.isEmpty else { return [] }
    for later in changes where ties.known(to: later).contains(other) {
      Ties.operations(of: later) { operation in
        guard case .replaces(let field, let heads) = operation, heads.contains(placed.change.id) else {
          return
        }
        fields.remove(field)
      }
    }
    let written = Fold.state(of: state.id, [placed]).registers
    return fields.sorted().compactMap { field in written[field]?.heads.first.map { (field, $0) } }
  }

  /// The withdrawals that hold for some profiles that are one, though they stand on this one, until somebody tells whose they are.
  func withdrawals(for whole: [EntityID]) -> [(field: ExactString, head: Head)] {
    changes.filter { !isAnswered($0) }.flatMap { placed in
      others(placed).filter(whole.contains).flatMap { withdrawals(by: placed, for: $0) }
    }
  }
}
