import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// Ties profiles of one person together: from then on they are shown as one, and each keeps what it has.
  ///
  /// Where their values differ, the whole has a conflict, to be settled like any other. Merging the same two at
  /// the same time elsewhere, in whatever direction, comes to the same. What somebody said earlier about them being
  /// different people is taken back.
  ///
  /// Cost: the changes of both and of those that they are one with already.
  /// - Returns: the profiles that are one now, ordered; the first names the whole.
  /// - Throws: `DeskError.invalid` for an erased customer or one profile alone.
  @discardableResult
  public func mergeCustomers(_ left: EntityID, _ right: EntityID) throws(DeskError) -> [EntityID] {
    guard left != right else { throw .invalid("a profile cannot be merged with itself") }
    return try storing { () throws(StorageError) in
      for id in [left, right] {
        guard let state = try store.state(of: id), id.type == Vocabulary.customer, !state.isErased else {
          return .failure(
            .invalid("\(id) is no customer that can be merged; it is erased or not known here"))
        }
      }
      let members = try store.members(of: left)
      if members.contains(right) {
        // Somebody who knows that they are one takes back what somebody said who did not.
        try store.commit(members.map { Self.undistinct($0, members) })
        return .success(members)
      }
      let others = try store.members(of: right)
      var edits = [Self.tie(left, to: right), Self.tie(right, to: left)]
      for id in members {
        // Whoever merges the two knows better than whoever said that they are different.
        edits.append(Self.undistinct(id, others))
      }
      for id in others { edits.append(Self.undistinct(id, members)) }
      try store.commit(edits)
      return .success(try store.members(of: left))
    }
  }

  /// Says that two profiles are of different people, so that they are not suggested again.
  ///
  /// - Throws: `DeskError.invalid` where one is no customer, where both are the same profile or are merged, `.notFound` where
  ///   nothing is known of one.
  public func distinguishCustomers(_ left: EntityID, _ right: EntityID) throws(DeskError) {
    guard left != right else { throw .invalid("\(left) is one profile, named twice") }
    for id in [left, right] { try known(id, as: Vocabulary.customer) }
    let members: [EntityID]
    do { members = try store.members(of: left) } catch { throw .storage(error) }
    guard !members.contains(right) else {
      throw .invalid("the two are merged; split them, which also says that they are different people")
    }
    do throws(StorageError) {
      try store.commit([Self.distinct(left, [right]), Self.distinct(right, [left])])
    } catch {
      throw .storage(error)
    }
  }

  /// Takes a profile out of those that it was merged with: a true unmerge.
  ///
  /// Each profile has again what it had, what was added to it since, and the tickets that name it. What was written on the
  /// whole by people who knew of the merge, and may be either's, stays where it is and becomes a question,
  /// `splitQuestions(of:)`. The others stay one.
  ///
  /// Cost: the changes of all of them.
  /// - Returns: those that it was one with; none where there was nothing to take it out of.
  @discardableResult
  public func splitCustomer(_ id: EntityID) throws(DeskError) -> [EntityID] {
    try storing { () throws(StorageError) in
      let others = try store.members(of: id).filter { $0 != id }
      guard !others.isEmpty else { return .success([]) }
      var edits: [Edit] = []
      var neighbours: [EntityID] = []
      for other in others {
        let isTied = try isTied(id, other)
        guard isTied else { continue }
        neighbours.append(other)
        edits += [Self.untie(id, from: other), Self.untie(other, from: id)]
      }
      // Those that were one only through this profile stay one.
      for (left, right) in zip(neighbours, neighbours.dropFirst()) {
        edits += [Self.tie(left, to: right), Self.tie(right, to: left)]
      }
      edits.append(Self.distinct(id, others))
      for other in others { edits.append(Self.distinct(other, [id])) }
      // Behind the split, so that they are no questions themselves.
      edits += try restorations(id, leaving: others)
      for other in others { edits += try restorations(other, leaving: [id]) }
      try store.commit(edits)
      return .success(others)
    }
  }

  /// Pairs of profiles that are shown as one although somebody said that they are different people: a merge and a
  /// split that did not know each other. Whoever knows merges or splits them again.
  public func mergeContradictions(of id: EntityID) throws(StorageError) -> [(EntityID, EntityID)] {
    let members = try store.members(of: id)
    var pairs: [(EntityID, EntityID)] = []
    for member in members {
      for other in try store.state(of: member)?.distinct ?? [] where member < other && members.contains(other)
      {
        pairs.append((member, other))
      }
    }
    return pairs
  }

  /// All customers that consist of several profiles, each by its members, ordered.
  ///
  /// Cost: those customers' changes.
  public func mergedCustomers() throws(StorageError) -> [[EntityID]] {
    try reading { () throws(StorageError) in
      var groups: [[EntityID]] = []
      var seen: Set<EntityID> = []
      for id in try tables.entities(.linked) where id.type == Vocabulary.customer && !seen.contains(id) {
        let members = try store.members(of: id)
        seen.formUnion(members)
        if members.count > 1 { groups.append(members) }
      }
      return groups
    }
  }

  private func isTied(_ left: EntityID, _ right: EntityID) throws(StorageError) -> Bool {
    if try store.state(of: left)?.linked.contains(right) == true { return true }
    return try store.state(of: right)?.linked.contains(left) == true
  }

  // MARK: The edits

  private static func tie(_ id: EntityID, to other: EntityID) -> Edit {
    var draft = Draft()
    draft.add[Vocabulary.same] = [ExactString(other.description)]
    return alone(id, draft)
  }

  private static func untie(_ id: EntityID, from other: EntityID) -> Edit {
    var draft = Draft()
    draft.drop[Vocabulary.same] = [ExactString(other.description)]
    return alone(id, draft)
  }

  private static func distinct(_ id: EntityID, _ others: [EntityID]) -> Edit {
    var draft = Draft()
    draft.add[Vocabulary.distinct] = others.map { ExactString($0.description) }
    return alone(id, draft)
  }

  private static func undistinct(_ id: EntityID, _ others: [EntityID]) -> Edit {
    var draft = Draft()
    draft.drop[Vocabulary.distinct] = others.map { ExactString($0.description) }
    return alone(id, draft)
  }

  /// An edit of one profile for itself, whatever it is one with.
  static func alone(_ id: EntityID, _ draft: Draft) -> Edit {
    var edit = Edit(.entity(id), draft)
    edit.alone = true
    return edit
  }

  /// Runs something that can fail in the store or for a reason of its own.
  func storing<Value>(
    _ body: () throws(StorageError) -> Result<Value, DeskError>
  ) throws(DeskError) -> Value {
    let result: Result<Value, DeskError>
    do throws(StorageError) { result = try body() } catch { throw .storage(error) }
    return try result.get()
  }
}
