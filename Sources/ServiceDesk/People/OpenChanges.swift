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
  /// The changes that were found to belong here, and those that were made again elsewhere.
  private let (kept, given): (Set<String>, Set<String>)
  private let store: Store
  /// Sets that tell of the profiles themselves.
  static let own: Set<ExactString> = [
    Vocabulary.same, Vocabulary.distinct, Vocabulary.kept, Vocabulary.given,
  ]

  /// nil where the profile was never one with another, or is erased. Cost: the changes of those that it was ever one with.
  init?(of id: EntityID, in store: Store) throws(StorageError) {
    try self.init(of: id, Ties(around: [id], in: store), in: store)
  }

  /// - Parameter ties: those around the profile.
  private init?(of id: EntityID, _ ties: Ties, in store: Store) throws(StorageError) {
    guard ties.wasTied(id) else { return nil }
    (self.store, self.ties) = (store, ties)
    changes = ties.changes(of: id)
    members = Set(try store.members(of: id))
    state = Fold.state(of: id, changes)
    (kept, given) = (Set(state.elements(Vocabulary.kept)), Set(state.elements(Vocabulary.given)))
  }

  /// Whether somebody told whose a change is, and nobody else another thing.
  private func isAnswered(_ id: ChangeID) -> Bool {
    kept.contains(id.description) != given.contains(id.description)
  }

  private func isContradicted(_ id: ChangeID) -> Bool {
    kept.contains(id.description) && given.contains(id.description)
  }

  /// Those whose a change may be instead, ordered: while two are one, what somebody writes on the whole is written on the first of
  /// them.
  func others(_ placed: PlacedChange) -> [EntityID] {
    formerlyOne(placed).filter { state.id < $0 }
  }

  /// Those of which the author of a change knew that they were one with the profile, and which are not now, ordered.
  private func formerlyOne(_ placed: PlacedChange) -> [EntityID] {
    ties.known(to: placed, oneWith: state.id).subtracting(members).sorted()
  }

  /// What a change did to the whole that nobody has told whose it is; nil where it did nothing of the kind.
  ///
  /// Cost: the change; where it took something back, the changes of the others.
  func question(_ placed: PlacedChange) throws(StorageError) -> SplitQuestion? {
    if isAnswered(placed.change.id) { return nil }
    if isContradicted(placed.change.id) {
      // What it wrote may be at either, so all of it is asked again.
      let others = formerlyOne(placed)
      return others.isEmpty ? nil : question(placed, others, Self.all(by: placed))
    }
    var others = others(placed)
    var items = others.isEmpty ? [] : written(by: placed, others)
    for (other, removed) in try removals(by: placed) {
      items += removed.filter { !items.contains($0) }
      if !others.contains(other) { others.append(other) }
    }
    return items.isEmpty ? nil : question(placed, others.sorted(), items)
  }

  /// A question about a change, on the profile or on what names it.
  func question(
    _ placed: PlacedChange, _ others: [EntityID], _ items: [SplitQuestion.Item]
  ) -> SplitQuestion {
    SplitQuestion(
      change: placed.change.id, on: placed.change.on, profile: state.id, others: others, items: items,
      by: placed.change.by, at: placed.effective, isContradicted: isContradicted(placed.change.id))
  }

  /// What a change wrote that still holds.
  private func written(by placed: PlacedChange, _ others: [EntityID]) -> [SplitQuestion.Item] {
    let id = placed.change.id
    let withdrawn = Set(others.flatMap { withdrawals(by: placed, for: $0) }.map(\.field))
    var items: [SplitQuestion.Item] = []
    Ties.operations(of: placed) { operation in
      switch operation {
      case .set(let field, let value)
      where withdrawn.contains(field) || state.registers[field]?.heads.contains { $0.id == id } == true:
        items.append(.field(field, value))
      case .add(let field, let element) where !Self.own.contains(field):
        if state.sets[field]?[element]?.contains(id) == true { items.append(.element(field, element)) }
      case .log(let field, let entry): items.append(.entry(field, entry))
      default: break
      }
    }
    return items
  }

  /// All that a change did, whether it still holds or not.
  private static func all(by placed: PlacedChange) -> [SplitQuestion.Item] {
    var items: [SplitQuestion.Item] = []
    var set: Set<ExactString> = []
    Ties.operations(of: placed) { operation in
      switch operation {
      case .set(let field, let value):
        set.insert(field)
        items.append(.field(field, value))
      case .replaces(let field, _) where !set.contains(field): items.append(.cleared(field))
      case .add(let field, let element) where !own.contains(field): items.append(.element(field, element))
      case .drop(let field, let element, _) where !own.contains(field): items.append(.dropped(field, element))
      case .log(let field, let entry): items.append(.entry(field, entry))
      default: break
      }
    }
    return items.filter { if case .cleared(let field) = $0 { !set.contains(field) } else { true } }
  }

  /// What a change took back of the whole that stands on others, whatever their ids, now that each is folded alone: it has no
  /// effect there.
  private func removals(
    by placed: PlacedChange
  ) throws(StorageError) -> [(other: EntityID, items: [SplitQuestion.Item])] {
    var (cleared, set): (Set<ExactString>, Set<ExactString>) = ([], [])
    var dropped: [(field: ExactString, element: ExactString, adds: [ChangeID])] = []
    Ties.operations(of: placed) { operation in
      switch operation {
      case .set(let field, _): set.insert(field)
      case .replaces(let field, _): cleared.insert(field)
      case .drop(let field, let element, let adds) where !Self.own.contains(field):
        dropped.append((field, element, adds))
      default: break
      }
    }
    cleared.subtract(set)
    if cleared.isEmpty, dropped.isEmpty { return [] }
    var found: [(EntityID, [SplitQuestion.Item])] = []
    for other in formerlyOne(placed) {
      let theirs = try store.changes(of: other)
      let state = Fold.state(of: other, theirs)
      // What the author had before their eyes, or replaced by what they had.
      let known = Set(theirs.filter { placed.knew($0) }.map(\.change.id))
      var items: [SplitQuestion.Item] = []
      for field in cleared.sorted() {
        let heads = state.registers[field]?.heads ?? []
        if heads.contains(where: { known.contains($0.id) }) { items.append(.cleared(field)) }
      }
      for (field, element, adds) in dropped {
        if state.sets[field]?[element]?.contains(where: adds.contains) == true {
          items.append(.dropped(field, element))
        }
      }
      if !items.isEmpty { found.append((other, items)) }
    }
    return found
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
    for later in changes where later.change.body.contains(word: BodyWords.consent) {
      Ties.operations(of: later) { operation in
        guard case .replaces(let field, let heads) = operation, heads.contains(placed.change.id),
          ties.known(to: later, oneWith: state.id).contains(other)
        else { return }
        fields.remove(field)
      }
    }
    let written = Fold.state(of: state.id, [placed]).registers
    return fields.sorted().compactMap { field in written[field]?.heads.first.map { (field, $0) } }
  }

  /// The withdrawals that hold for some profiles that are one, though they stand on others, until somebody tells whose they are.
  ///
  /// Cost: the changes of those that these were ever one with.
  /// - Parameter gone: profiles that are taken for erased.
  static func withdrawals(
    for whole: [EntityID], without gone: Set<EntityID> = [], in store: Store
  ) throws(StorageError) -> [(field: ExactString, head: Head)] {
    let ties = try Ties(around: whole, without: gone, in: store)
    var found: [(field: ExactString, head: Head)] = []
    for former in ties.profiles where !whole.contains(former) {
      guard let open = try OpenChanges(of: former, ties, in: store) else { continue }
      for placed in open.changes
      where placed.change.body.contains(word: BodyWords.consent) && !open.isAnswered(placed.change.id) {
        for other in open.others(placed) where whole.contains(other) {
          found += open.withdrawals(by: placed, for: other)
        }
      }
    }
    return found
  }
}
