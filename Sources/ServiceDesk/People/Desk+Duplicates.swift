import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// The country whose national phone numbers this workspace writes: two letters; nil where nobody set it. Cost: the
  /// settings' changes.
  public func country() throws(StorageError) -> String? {
    try store.state(of: Vocabulary.settingsID)?.text(Vocabulary.country)
  }

  /// The customers that may be the person somebody describes, best first; to be asked while a new profile is typed. Who
  /// has the same phone number or e-mail address is always among them.
  ///
  /// Cost: a page or two for each key of the sketch, and a fold for each profile that shares one: at most 64 for
  /// each, usually a few. Never the store.
  /// - Parameters:
  ///   - isPartial: whether the name is still being typed, so that its last word may be the start of one.
  ///   - excluding: a profile to leave out, with those it is one with.
  public func similarCustomers(
    to sketch: PersonSketch, isPartial: Bool = false, excluding: EntityID? = nil, limit: Int = 10
  ) throws(StorageError) -> [DuplicateSuggestion] {
    try reading { () throws(StorageError) in
      let country = try country()
      let threshold = MatchWeights.threshold(profiles: tables.rowCount(ofType: Vocabulary.customer))
      var left: Set<EntityID> = []
      if let excluding {
        left = Set(try store.members(of: excluding))
        left.insert(excluding)
        left.formUnion(try store.mergedState(of: excluding)?.distinct ?? [])
      }
      var found: [EntityID: DuplicateSuggestion] = [:]
      for id in try candidates(sketch.keys).subtracting(left).sorted() {
        guard let whole = try store.together(id), !whole.state.isErased, found[whole.members[0]] == nil else {
          continue
        }
        if let excluding, whole.state.distinct.contains(excluding) { continue }
        let other = PersonSketch(whole.state, country: country)
        let weights = MatchWeights(isPartial ? sketch.completed(by: other) : sketch, other)
        guard weights.total >= MatchWeights.worthALook || weights.sharesContact else { continue }
        found[whole.members[0]] = DuplicateSuggestion(
          excluding, whole.members[0], weights, threshold: threshold)
      }
      return Array(found.values.sorted(by: DuplicateSuggestion.precedes).prefix(max(limit, 0)))
    }
  }

  /// The profiles that may be of the same person as a customer, best first.
  ///
  /// Not those with which it is one already, nor those that somebody said are other people. Cost: as
  /// `similarCustomers(to:)`.
  public func duplicates(of id: EntityID, limit: Int = 10) throws(StorageError) -> [DuplicateSuggestion] {
    guard let state = try store.mergedState(of: id), !state.isErased else { return [] }
    return try similarCustomers(to: PersonSketch(state, country: try country()), excluding: id, limit: limit)
  }

  /// All pairs of profiles that are likely of one person, the surest first.
  ///
  /// Cost: the store: every customer is folded once and compared with those that share a key with it.
  /// - Parameters:
  ///   - possible: whether pairs that are only worth a look are listed too.
  ///   - progress: told how many customers were read.
  public func duplicates(
    possible: Bool = false, progress: (Int) -> Void = { _ in }
  ) throws(StorageError) -> [DuplicateSuggestion] {
    let country = try country()
    var scan = DuplicateScan()
    try store.forEachState(ofType: Vocabulary.customer) { (state) throws(StorageError) in
      guard !state.isErased else { return }
      if state.linked.isEmpty {
        scan.add(state.id, PersonSketch(state, country: country), distinct: state.distinct)
      } else if let whole = try store.together(state.id), whole.members[0] == state.id {
        scan.add(
          state.id, PersonSketch(whole.state, country: country), members: whole.members,
          distinct: whole.state.distinct)
      }
      progress(scan.count)
    }
    return scan.suggestions(possible: possible)
  }

  /// The customers that share a key, without keys that many share.
  private func candidates(_ keys: Set<Term>) throws(StorageError) -> Set<EntityID> {
    let keys = keys.sorted { $0.hash < $1.hash }
    var found: Set<EntityID> = []
    for list in try tables.entities(keys, atMost: BlockingKeys.maximumList) {
      found.formUnion(list.filter { $0.type == Vocabulary.customer })
    }
    return found
  }
}

/// Finds likely duplicates among all profiles, in memory.
struct DuplicateScan {
  private struct Profile {
    let id: EntityID
    let sketch: PersonSketch
    /// Those it is one with, itself too.
    let members: Set<EntityID>
    let distinct: Set<EntityID>
  }

  private var profiles: [Profile] = []
  /// The profiles under a key, by its hash as in the index, where a phone number is its last digits.
  private var lists: [UInt32: [Int32]] = [:]

  var count: Int { profiles.count }

  mutating func add(
    _ id: EntityID, _ sketch: PersonSketch, members: [EntityID] = [], distinct: [EntityID] = []
  ) {
    let index = Int32(profiles.count)
    profiles.append(
      Profile(id: id, sketch: sketch, members: Set(members).union([id]), distinct: Set(distinct)))
    for key in Set(sketch.keys.map(\.hash)) { lists[key, default: []].append(index) }
  }

  /// The pairs above the threshold, the surest first.
  func suggestions(possible: Bool) -> [DuplicateSuggestion] {
    let threshold = MatchWeights.threshold(profiles: profiles.count)
    let least = possible ? MatchWeights.worthALook : threshold
    var pairs: [UInt64] = []
    for list in lists.values where list.count > 1 && list.count <= BlockingKeys.maximumList {
      for (index, left) in list.enumerated() {
        for right in list[(index + 1)...] { pairs.append(UInt64(left) << 32 | UInt64(right)) }
      }
    }
    pairs.sort()
    var found: [DuplicateSuggestion] = []
    var last = UInt64.max
    for pair in pairs where pair != last {
      last = pair
      let (left, right) = (profiles[Int(pair >> 32)], profiles[Int(pair & 0xFFFF_FFFF)])
      let weights = MatchWeights(left.sketch, right.sketch)
      guard weights.total >= least, left.distinct.isDisjoint(with: right.members),
        right.distinct.isDisjoint(with: left.members)
      else { continue }
      found.append(DuplicateSuggestion(left.id, right.id, weights, threshold: threshold))
    }
    return found.sorted(by: DuplicateSuggestion.precedes)
  }
}

extension PersonSketch {
  /// The sketch with the last word of its name completed where the other one has a word that begins so.
  func completed(by other: PersonSketch) -> PersonSketch {
    guard let typed = names.last, let last = typed.last, last.characters.count > 1 else { return self }
    for name in other.names {
      guard let whole = name.first(where: { $0.text.hasPrefix(last.text) && $0.text != last.text }) else {
        continue
      }
      var completed = self
      completed.names[names.count - 1][typed.count - 1] = whole
      return completed
    }
    return self
  }
}
