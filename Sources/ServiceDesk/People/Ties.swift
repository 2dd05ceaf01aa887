import Agent
import Causality
import Codec
import Merge
import Storage

/// With whom some profiles were one, and when, as the changes of all of them tell: a profile is one with those that it names in `same`, and
/// with those that these name.
///
/// Whom a change was about is told by what its author knew, so by ties that stood for the author, whether they stand now or not.
struct Ties {
  /// A profile, and whom it named.
  fileprivate struct Profile {
    let changes: [PlacedChange]
    let erasures: [PlacedChange]
    fileprivate(set) var ties: [EntityID: [Tie]] = [:]
  }

  /// An element of `same`.
  fileprivate struct Tie {
    let made: PlacedChange
    /// The changes that took just this one back; it may have been tied again.
    var undone: [PlacedChange] = []

    /// Whether the author of a change knew of it, and not that it was taken back.
    func stood(for change: PlacedChange) -> Bool {
      change.knew(made) && !undone.contains { change.knew($0) || $0 == change }
    }
  }

  /// The most profiles that are looked at. Nobody ever saw more than `Store.maximumMembers` of them as one; a profile that was merged with
  /// one after the other by mistake costs no more than this.
  static let maximum = 4 * Store.maximumMembers

  /// Those that it was asked for, and all that these were ever tied to, the nearest first.
  private(set) var profiles: [EntityID]
  private var byID: [EntityID: Profile] = [:]

  /// Cost: the changes of all of these profiles; of one that was never merged, its own.
  /// - Parameter gone: profiles that are taken for erased.
  init(
    around ids: [EntityID], without gone: Set<EntityID> = [], in store: Store
  ) throws(StorageError) {
    profiles = ids.sorted()
    var found = Set(ids)
    var index = 0
    while index < profiles.count {
      let id = profiles[index]
      let profile = Profile(id, gone.contains(id) ? [] : try store.changes(of: id))
      byID[id] = profile
      let next = profile.ties.keys.filter { !found.contains($0) }.sorted()
        .prefix(max(0, Self.maximum - profiles.count))
      found.formUnion(next)
      profiles += next
      index += 1
    }
  }

  /// All changes of one of the profiles.
  func changes(of id: EntityID) -> [PlacedChange] { byID[id]?.changes ?? [] }

  /// Whether a profile was ever one with another, as it tells itself; not of an erased one.
  func wasTied(_ id: EntityID) -> Bool { byID[id]?.ties.isEmpty == false }

  /// The profiles of which the author of a change knew that they were one with one of these, and not that they were not
  /// any more or were erased.
  ///
  /// Cost: the ties of those.
  func known(to change: PlacedChange, oneWith id: EntityID) -> Set<EntityID> {
    var (reached, waiting): (Set<EntityID>, [EntityID]) = ([id], [id])
    while let next = waiting.popLast() {
      for (other, ties) in byID[next]?.ties ?? [:]
      where !reached.contains(other) && ties.contains(where: { $0.stood(for: change) }) {
        if byID[other]?.erasures.contains(where: { change.knew($0) }) == true { continue }
        reached.insert(other)
        waiting.append(other)
      }
    }
    reached.remove(id)
    return reached
  }

  static func operations(of placed: PlacedChange, _ visit: (Operation) -> Void) {
    // A stored body was validated; were it damaged, what comes before the damage counts.
    try? ChangeBody.operations(of: placed.change.body, visit)
  }
}

extension Ties.Profile {
  /// - Parameter changes: all of the profile.
  fileprivate init(_ id: EntityID, _ changes: [PlacedChange]) {
    self.changes = changes
    erasures = changes.filter(\.change.erases)
    // Whether this device has taken it out of its files by now or not, what is erased ties nothing.
    guard erasures.isEmpty else { return }
    let tying = changes.filter { $0.change.body.contains(word: BodyWords.same) }
    for placed in tying {
      Ties.operations(of: placed) { operation in
        guard case .add(Vocabulary.same, let element) = operation, let other = EntityID(element.text),
          other.type == id.type, other != id
        else { return }
        ties[other, default: []].append(Ties.Tie(made: placed))
      }
    }
    for placed in tying {
      Ties.operations(of: placed) { operation in
        guard case .drop(Vocabulary.same, let element, let adds) = operation,
          let other = EntityID(element.text)
        else { return }
        for index in ties[other]?.indices ?? 0..<0 {
          if let tie = ties[other]?[index], adds.contains(tie.made.change.id) {
            ties[other]?[index].undone.append(placed)
          }
        }
      }
    }
  }
}
