import Causality
import Codec

/// Folds the changes of one entity, in whatever order they come, to its state.
///
/// Registers are multi-value registers with exact causality (a value lives until a change names it in
/// `over`), sets are add-wins observed-remove sets: M. Shapiro et al., *A comprehensive study of Convergent
/// and Commutative Replicated Data Types* (2011), specifications 10 and 15; logs and counters are
/// grow-only and keyed by change id. Cost: per change of the entity.
public struct Fold {
  private var state: EntityState
  private var replaced: [ExactString: Set<ChangeID>] = [:]
  private var dropped: [ExactString: [ExactString: Set<ChangeID>]] = [:]
  private var folded: Set<ChangeID> = []
  /// The entities whose changes count.
  private let members: Set<EntityID>

  /// Begins to fold an entity, from nothing.
  public init(_ id: EntityID) {
    self.init(id, with: [])
  }

  /// Folds entities that are shown as one, `Links.same`, under the name of the first.
  ///
  /// A value lives until a change of *any* of them names it in `over`, and a change on one may name heads of another: so
  /// a disagreement between them is settled like any other, and undone by folding each alone again.
  public init(_ id: EntityID, with others: some Sequence<EntityID>) {
    state = EntityState(id: id)
    members = Set(others).union([id])
  }

  /// The state of an entity after the given changes.
  @inlinable
  public static func state(of id: EntityID, _ changes: some Sequence<PlacedChange>) -> EntityState {
    var fold = Fold(id)
    for change in changes { fold.apply(change) }
    return fold.finish()
  }

  /// Takes one change. The same change a second time has no effect.
  public mutating func apply(_ placed: PlacedChange) {
    let change = placed.change
    guard members.contains(change.on), folded.insert(change.id).inserted else { return }
    let effective = placed.effective
    // Before it was made nothing can have been said of it: a clock that was slow then tells nothing.
    if change.creates, !state.isCreated || effective < state.firstAt {
      state.firstAt = effective
    } else if !state.isCreated {
      state.firstAt = state.changeCount == 0 ? effective : min(state.firstAt, effective)
    }
    state.lastAt = max(state.lastAt, effective)
    state.changeCount += 1
    if change.creates { state.isCreated = true }
    // A body is validated before it is stored, so it does not throw here; were it damaged, what comes
    // before the damage counts.
    try? ChangeBody.operations(of: change.body) { operation in
      switch operation {
      case .set(let field, let value):
        guard replaced[field]?.contains(change.id) != true else { return }
        let head = Head(
          id: change.id, value: value, by: change.by, at: change.at, effective: effective, seen: placed.seen,
          position: placed.position)
        state.registers[field, default: Register()].heads.append(head)
      case .replaces(let field, let heads):
        replaced[field, default: []].formUnion(heads)
        state.registers[field]?.heads.removeAll { heads.contains($0.id) }
      case .add(let field, let element):
        guard dropped[field]?[element]?.contains(change.id) != true else { return }
        state.sets[field, default: [:]][element, default: []].append(change.id)
      case .drop(let field, let element, let adds):
        dropped[field, default: [:]][element, default: []].formUnion(adds)
        state.sets[field]?[element]?.removeAll(where: adds.contains)
      case .log(let field, let value):
        let entry = LogEntry(
          id: change.id, value: value, by: change.by, at: change.at, effective: effective, seen: placed.seen,
          position: placed.position, stamp: placed.stamp)
        state.logs[field, default: []].append(entry)
      case .count(let field, let step):
        state.counters[field, default: 0] &+= step
      case .erase:
        state.isErased = true
      }
    }
  }

  /// The state after everything that was applied.
  public consuming func finish() -> EntityState {
    if state.isErased {
      state.registers = [:]
      state.sets = [:]
      state.logs = [:]
      state.counters = [:]
      return state
    }
    for (field, register) in state.registers {
      if register.heads.isEmpty {
        state.registers[field] = nil
      } else if register.heads.count > 1 {
        state.registers[field]?.heads.sort { $0.id < $1.id }
      }
    }
    state.untied = (dropped[Links.same] ?? [:]).keys.sorted()
    for (field, elements) in state.sets {
      let present = elements.compactMapValues { Array(Set($0)).sorted() }.filter { !$0.value.isEmpty }
      state.sets[field] = present.isEmpty ? nil : present
    }
    for field in state.logs.keys {
      state.logs[field]?.sort { ($0.effective, $0.id) < ($1.effective, $1.id) }
    }
    return state
  }
}
