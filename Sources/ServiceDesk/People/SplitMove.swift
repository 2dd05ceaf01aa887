import Agent
import Causality
import Codec
import Merge

/// Takes what a change did to the whole of two profiles from the one on which it stands to the other.
struct SplitMove {
  private let question: SplitQuestion
  private let owner: EntityID
  private let placed: PlacedChange
  /// The profile as it is, and without the change.
  private let (now, before): (EntityState, EntityState)
  /// The changes of the profile to which it goes, and what they add up to.
  private let theirs: (changes: [PlacedChange], state: EntityState)

  /// nil where the change is not among those of its profile.
  ///
  /// - Parameters:
  ///   - here: the changes of the profile on which it stands.
  ///   - there: those of the one to which it goes.
  init?(
    _ question: SplitQuestion, to owner: EntityID, here: [PlacedChange], there: [PlacedChange]
  ) {
    guard let placed = here.first(where: { $0.change.id == question.change }) else { return nil }
    (self.question, self.owner, self.placed) = (question, owner, placed)
    now = Fold.state(of: question.profile, here)
    before = Fold.state(of: question.profile, here.filter { $0.change.id != question.change })
    theirs = (there, Fold.state(of: owner, there))
  }

  /// The edits of both profiles.
  var edits: [Edit] {
    var here = Draft()
    var there = Draft()
    var back: [Edit] = []
    var entries: [Edit] = []
    for item in question.items {
      switch item {
      case .field(let field, let value):
        if !isAnsweredSince(field) {
          there.set[field] = value
          there.over[field] = known(field)
        }
        // What was said on this profile since stays.
        guard now.registers[field]?.heads.contains(where: { $0.id == question.change }) == true else { break }
        if lost(field).isEmpty {
          here.clear.insert(field)
          here.over[field] = [question.change]
        } else {
          back += bringingBack(field, over: [question.change])
        }
      case .element(let field, let element):
        there.add[field, default: []].append(element)
        if before.sets[field]?[element] == nil { here.drop[field, default: []].append(element) }
      case .entry(let field, let entry):
        var draft = Draft()
        draft.log[field] = entry
        var edit = Desk.alone(owner, draft)
        (edit.at, edit.by) = (question.at, question.by)
        entries.append(edit)
      case .cleared(let field):
        there.clear.insert(field)
        there.over[field] = known(field)
        // Where somebody wrote down another value who knew that there was none, that one counts.
        if now.registers[field] == nil { back += bringingBack(field, over: []) }
      case .dropped(let field, let element):
        there.drop[field, default: []].append(element)
        if before.sets[field]?[element] != nil { here.add[field, default: []].append(element) }
      case .reference: break
      }
    }
    return (here.isEmpty ? [] : [Desk.alone(question.profile, here)]) + back
      + (there.isEmpty ? [] : [Desk.alone(owner, there)]) + entries
  }

  /// The heads of the other profile's that the change replaces there, too. What was learned of it since stays beside them, for
  /// people to choose from.
  private func known(_ field: ExactString) -> Set<ChangeID> {
    theirs.state.registers[field]?.ids(knownTo: placed, theirs.changes) ?? []
  }

  /// Whether the other customer was asked again for a consent, by somebody who knew of the change: people are not asked to choose
  /// between two of these.
  private func isAnsweredSince(_ field: ExactString) -> Bool {
    guard field.text.hasPrefix(Vocabulary.consentPrefix) else { return false }
    let heads = theirs.state.registers[field]?.heads.map(\.id) ?? []
    return theirs.changes.contains { heads.contains($0.change.id) && $0.knew(placed) }
  }

  /// The heads that a register of the profile had, were it not for the change, and has not.
  private func lost(_ field: ExactString) -> [Head] {
    let heads = Set(now.registers[field]?.heads.map(\.id) ?? [])
    return before.registers[field]?.heads.filter { !heads.contains($0.id) } ?? []
  }

  private func bringingBack(_ field: ExactString, over heads: [ChangeID]) -> [Edit] {
    Desk.bringingBack(lost(field), as: field, on: question.profile, over: heads)
  }
}
