import Agent
import Causality
import Codec
import Merge

/// One of the profiles between which the answer to a question takes what a change did to the whole.
struct SplitSide {
  private let id: EntityID
  private let changes: [PlacedChange]
  /// The profile as it is, alone.
  private let now: EntityState

  /// - Parameter changes: all of the profile.
  init(_ id: EntityID, _ changes: [PlacedChange]) {
    (self.id, self.changes) = (id, changes)
    now = Fold.state(of: id, changes)
  }

  /// The key of a change's body that names the change on another profile which it makes again here.
  static let moves = "moves"
  static let word = Array("\"\(moves)\":".utf8)

  /// The changes that made a change of another profile again here. Cost: a search of each body.
  func copies(of change: ChangeID) -> [PlacedChange] {
    changes.filter { placed in
      let body = placed.change.body
      guard body.contains(word: Self.word) else { return false }
      let members = try? JSONText(parsing: [UInt8(ascii: "{")] + body + [UInt8(ascii: "}")])
      return members?[Self.moves]?.string == change.description
    }
  }

  // MARK: Made again

  /// The edits that do here what a change did to the whole, beside what was learned here since.
  func making(_ question: SplitQuestion, _ placed: PlacedChange) -> [Edit] {
    let isHome = id == question.profile
    var draft = Draft()
    var edits: [Edit] = []
    for item in question.items {
      switch item {
      case .field(let field, let value) where !isAnswered(field, since: placed, isHome):
        draft.set[field] = value.learned(field, by: question.by, at: question.at)
        draft.over[field] = known(field, to: placed)
      case .element(let field, let element): draft.add[field, default: []].append(element)
      case .entry(let field, let entry) where !isHome:
        var copy = Draft()
        copy.log[field] = entry
        copy.extra = [(Self.moves, JSONText("\(question.change)"))]
        var edit = Desk.alone(id, copy)
        (edit.at, edit.by) = (question.at, question.by)
        edits.append(edit)
      case .cleared(let field):
        draft.clear.insert(field)
        draft.over[field] = known(field, to: placed)
      case .dropped(let field, let element): draft.drop[field, default: []].append(element)
      default: break
      }
    }
    if draft.isEmpty { return edits }
    if !isHome { draft.extra = [(Self.moves, JSONText("\(question.change)"))] }
    return [Desk.alone(id, draft)] + edits
  }

  /// The heads of a register that the change replaces: what its author knew, or what was brought back of that. What was learned
  /// since stays beside it, for people to choose from.
  private func known(_ field: ExactString, to placed: PlacedChange) -> Set<ChangeID> {
    guard let register = now.registers[field] else { return [] }
    let known = Set(changes.filter { placed.knew($0) }.map(\.change.id)).union([placed.change.id])
    let back = changes.filter { change in
      register.heads.contains { $0.id == change.change.id }
        && SettlementMark(change.change)?.restores.map(known.contains) == true
    }
    return known.intersection(register.heads.map(\.id)).union(back.map(\.change.id))
  }

  /// Whether a change need not set a register here any more: on its own profile, where it does or another value took its place; on
  /// another one, where somebody who knew of it asked the customer again for a consent, between two of which nobody chooses.
  private func isAnswered(_ field: ExactString, since placed: PlacedChange, _ isHome: Bool) -> Bool {
    let heads = Set(now.registers[field]?.heads.map(\.id) ?? [])
    if isHome { return !heads.isSubset(of: known(field, to: placed)) || heads.contains(placed.change.id) }
    guard field.text.hasPrefix(Vocabulary.consentPrefix) else { return false }
    return changes.contains { heads.contains($0.change.id) && $0.knew(placed) }
  }

  // MARK: Taken back

  /// The edits that give the profile back what it had before some changes, and hide the entries that these wrote. What was said here
  /// since stays.
  func undoing(_ made: [PlacedChange]) -> [Edit] {
    let ids = Set(made.map(\.change.id))
    let before = Fold.state(of: id, changes.filter { !ids.contains($0.change.id) })
    var draft = Draft()
    var back: [Edit] = []
    for (field, isSet) in fields(of: made) {
      let heads = now.registers[field]?.heads.map(\.id) ?? []
      let gone = heads.filter(ids.contains)
      // Where somebody wrote down another value who knew that it was cleared, that one counts.
      guard isSet ? !gone.isEmpty : heads.isEmpty else { continue }
      let lost = before.registers[field]?.heads.filter { !heads.contains($0.id) } ?? []
      back += Desk.bringingBack(lost, as: field, on: id, over: gone)
      if lost.isEmpty, !gone.isEmpty {
        draft.clear.insert(field)
        draft.over[field] = Set(gone)
      }
    }
    for placed in made {
      Ties.operations(of: placed) { operation in
        switch operation {
        case .add(let field, let element)
        where !OpenChanges.own.contains(field) && before.sets[field]?[element] == nil:
          draft.drop[field, default: []].append(element)
        case .drop(let field, let element, _)
        where !OpenChanges.own.contains(field) && before.sets[field]?[element] != nil
          && now.sets[field]?[element] == nil:
          draft.add[field, default: []].append(element)
        case .log: draft.add[Vocabulary.given, default: []].append(ExactString("\(placed.change.id)"))
        default: break
        }
      }
    }
    return (draft.isEmpty ? [] : [Desk.alone(id, draft)]) + back
  }

  /// The registers that some changes set or clear, ordered.
  private func fields(of made: [PlacedChange]) -> [(field: ExactString, isSet: Bool)] {
    var (set, replaced): (Set<ExactString>, Set<ExactString>) = ([], [])
    for placed in made {
      Ties.operations(of: placed) { operation in
        switch operation {
        case .set(let field, _): set.insert(field)
        case .replaces(let field, _): replaced.insert(field)
        default: break
        }
      }
    }
    return set.union(replaced).sorted().map { ($0, set.contains($0)) }
  }
}
