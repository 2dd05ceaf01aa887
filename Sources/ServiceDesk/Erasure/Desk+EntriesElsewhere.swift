import Agent
import Causality
import Codec
import Merge
import Storage

/// Words of an erased customer in the timelines of others. An entry stays in the log in which it was written, whoever it was found to
/// belong to later; what says that it belongs elsewhere goes with the erasure, or hides it only on pages.
extension Desk {
  /// The entries that are the customer's of a plan by a split, and stand in the timeline of something that stays. Cost: a fold for each
  /// ticket that was split from another, and for each profile that was one with one of these.
  func entriesElsewhere(of plan: ErasurePlan) throws(DeskError) -> [ErasurePlan.HiddenEntries] {
    let gone = Set(plan.profiles + plan.others)
    var found = try entriesAlong(with: gone)
    for (profile, entries) in try entriesGiven(to: plan.profiles, gone) { found[profile] = entries }
    return found.sorted { $0.key < $1.key }.map { on, entries in
      ErasurePlan.HiddenEntries(on: on, entries: entries.sorted())
    }
  }

  /// What went along to some tickets from tickets that are not among them, by these; but for what went along to another one too, which is
  /// somebody's who stays.
  private func entriesAlong(with gone: Set<EntityID>) throws(DeskError) -> [EntityID: Set<ChangeID>] {
    var wanted: [EntityID: Set<ChangeID>] = [:]
    for id in gone where id.type == Vocabulary.ticket {
      guard let state = try stored({ () throws(StorageError) in try store.state(of: id) }),
        let source = state.splitSource, !gone.contains(source)
      else { continue }
      wanted[source, default: []].formUnion(state.splitEntries)
    }
    var found: [EntityID: Set<ChangeID>] = [:]
    for (id, entries) in wanted {
      guard let source = try stored({ () throws(StorageError) in try store.state(of: id) }) else { continue }
      var left = source.unhidden(entries)
      for other in try split(from: id) where !gone.contains(other.id) { left.subtract(other.splitEntries) }
      if !left.isEmpty { found[id] = left }
    }
    return found
  }

  /// What was written on profiles that were one with some, and was found to belong to these when they were split: it was made
  /// again there with the same words, author and time.
  private func entriesGiven(
    to profiles: [EntityID], _ gone: Set<EntityID>
  ) throws(DeskError) -> [EntityID: Set<ChangeID>] {
    try stored { () throws(StorageError) in
      var found: [EntityID: Set<ChangeID>] = [:]
      for profile in profiles {
        let ties = try Ties(around: [profile], in: store)
        let own = Fold.state(of: profile, ties.changes(of: profile)).logs[Vocabulary.timeline] ?? []
        for other in ties.profiles where !gone.contains(other) && !store.isErased(other) {
          guard let state = try store.state(of: other), let given = state.sets[Vocabulary.given] else {
            continue
          }
          let same = (state.logs[Vocabulary.timeline] ?? []).filter { entry in
            given[ExactString(entry.id.description)] != nil
              && own.contains {
                $0.value == entry.value && $0.by == entry.by && $0.effective == entry.effective
              }
          }
          let left = state.unhidden(Set(same.map(\.id)))
          if !left.isEmpty { found[other, default: []].formUnion(left) }
        }
      }
      return found
    }
  }

  /// The fields that were written on profiles that were one with some, and were found to belong to these when they were split: they
  /// were made again there, and what the others had before was put in their place. Cost: a fold for each profile that was one with these.
  func fieldsGiven(
    to profiles: [EntityID], _ gone: Set<EntityID>
  ) throws(DeskError) -> [ErasurePlan.WrittenFields] {
    try stored { () throws(StorageError) in
      var found: [EntityID: (fields: Set<ExactString>, changes: Set<ChangeID>)] = [:]
      for profile in profiles {
        let ties = try Ties(around: [profile], in: store)
        let own = Set(ties.changes(of: profile).flatMap(Self.fieldsWritten(by:)))
        for other in ties.profiles where !gone.contains(other) && !store.isErased(other) {
          guard let given = try store.state(of: other)?.sets[Vocabulary.given] else { continue }
          for placed in try store.changes(of: other)
          where given[ExactString(placed.change.id.description)] != nil {
            let same = Self.fieldsWritten(by: placed).filter(own.contains)
            guard !same.isEmpty else { continue }
            found[other, default: ([], [])].fields.formUnion(same.compactMap(\.field))
            found[other, default: ([], [])].changes.insert(placed.change.id)
          }
        }
      }
      return found.sorted { $0.key < $1.key }.map { on, written in
        ErasurePlan.WrittenFields(on: on, fields: written.fields.sorted(), changes: written.changes.sorted())
      }
    }
  }

  /// The values and elements that a change wrote, without who learned them: what was made again elsewhere tells of it.
  private static func fieldsWritten(by placed: PlacedChange) -> [SplitQuestion.Item] {
    var items: [SplitQuestion.Item] = []
    Ties.operations(of: placed) { operation in
      switch operation {
      case .set(let field, let value): items.append(.field(field, value.unlearned(field)))
      case .add(let field, let element): items.append(.element(field, element))
      default: break
      }
    }
    return items
  }

  /// The edit that hides entries, with a reason that names nobody.
  static func hiding(_ hidden: ErasurePlan.HiddenEntries) -> Edit {
    var draft = Draft()
    for entry in hidden.entries {
      draft.set[ExactString(Vocabulary.redactedPrefix + entry.description)] = JSONText(
        "erased with the customer whose it was")
    }
    return alone(hidden.on, draft)
  }
}

extension SplitQuestion.Item {
  /// The field that holds it, where it is a value or an element.
  fileprivate var field: ExactString? {
    switch self {
    case .field(let field, _), .element(let field, _): field
    case .entry, .cleared, .dropped, .reference: nil
    }
  }
}

extension EntityState {
  /// Those of some entries that are in its timeline with their words.
  fileprivate func unhidden(_ entries: Set<ChangeID>) -> Set<ChangeID> {
    guard !entries.isEmpty else { return [] }
    return Set(
      (logs[Vocabulary.timeline] ?? []).map(\.id).filter { entries.contains($0) && redaction(of: $0) == nil })
  }
}
