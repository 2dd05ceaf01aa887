import Agent
import Causality
import Codec
import Merge
import Storage

/// What the erasure of a customer takes.
public struct ErasurePlan: Hashable, Sendable {
  /// The customer; of merged profiles the one that names the whole, or named it when it was erased.
  public let customer: EntityID
  /// Its profiles that are not erased yet.
  public let profiles: [EntityID]
  /// What names any of them and is erased with them: tickets with all that was said, promises, surveys.
  public let others: [EntityID]
  /// What names them and stays because it was asked for.
  public let kept: [EntityID]
  /// What names them and, by a conflict that nobody settled, somebody else too. It stays.
  public let unclear: [EntityID]
  /// Tickets of other customers that became a part of what is erased: they stay, and stand for themselves again, or are a part of
  /// what somebody else merged them into at the same time.
  public let freed: [EntityID]
  /// What was found to be the customer's and stands in the log of something of others, which stays.
  public internal(set) var hidden: [HiddenEntries] = []

  /// What a ticket that stays shows of the timeline of one that is erased, by its split: it is another customer's, and is made again
  /// in that ticket's own timeline.
  public internal(set) var remade: [RemadeEntries] = []

  /// Entries of a timeline whose words are hidden with an erasure, since they would be shown again where they were written. They
  /// stay in that history until it is erased too.
  public struct HiddenEntries: Hashable, Sendable {
    /// In whose timeline they are.
    public let on: EntityID
    /// The changes that wrote them, ordered.
    public let entries: [ChangeID]
  }

  /// Fields that were written on a profile while it was one with what is erased, and were found to belong there: they went, and stay in
  /// that profile's history.
  public internal(set) var written: [WrittenFields] = []

  /// What of a customer stays in the history of another one.
  public struct WrittenFields: Hashable, Sendable {
    /// In whose history it is.
    public let on: EntityID
    /// The fields, ordered.
    public let fields: [ExactString]
    /// The changes that wrote them, ordered.
    public let changes: [ChangeID]
  }

  /// Entries that stay, though the log in which they were written is emptied.
  public struct RemadeEntries: Hashable, Sendable {
    /// The ticket that shows them, in whose timeline they are made again.
    public let on: EntityID
    /// The ticket that is erased.
    public let from: EntityID
    /// The changes that wrote them there, ordered.
    public let entries: [ChangeID]
  }

  /// Withdrawals of consent of profiles that stay, which stand on what is erased: they are made again on those.
  public internal(set) var withdrawn: [Withdrawal] = []

  /// Whether there is nothing left to erase.
  public var isEmpty: Bool { profiles.isEmpty && others.isEmpty }
}

extension Desk {
  /// What there is to erase of a customer: all merged profiles, every entity whose `customer` is one of them, the tickets that
  /// belong to their tickets and name no customer themselves, and what names any of these tickets. Of an erased customer that
  /// is what colleagues made for it without knowing.
  ///
  /// - Parameter keepingTickets: whether tickets stay, with all that was said on them.
  /// Cost: each entity that names the customer, and a page or two for each ticket; of profiles that were merged the others.
  /// - Throws: `DeskError.invalid` for what is no customer, which would else be erased for good; `.notFound` where nothing is known of
  ///   it.
  public func erasurePlan(
    of customer: EntityID, keepingTickets: Bool = false
  ) throws(DeskError) -> ErasurePlan {
    try known(customer, as: Vocabulary.customer)
    var plan = try stored { () throws(StorageError) in
      let root = try erasureRoot(of: customer)
      let gone = try erasedTogether(with: root)
      let members = try store.members(of: customer) + [customer, root]
      let profiles = gone.filter { $0.type == Vocabulary.customer }.union(members)
      let erased = gone.filter { $0.type == Vocabulary.ticket }
      let found = try belongings(of: profiles, erased: erased)
      let all = found.ids.sorted()
      func isKept(_ id: EntityID) -> Bool { keepingTickets && id.type == Vocabulary.ticket }
      let others = all.filter { !isKept($0) }
      let wholes = erased.union(others.filter { $0.type == Vocabulary.ticket })
      return ErasurePlan(
        customer: root, profiles: profiles.filter { !store.isErased($0) }.sorted(), others: others,
        kept: all.filter(isKept), unclear: found.unclear.sorted(),
        freed: try parts(directlyOf: wholes).subtracting(found.ids).subtracting(found.unclear).sorted())
    }
    plan.hidden = try entriesElsewhere(of: plan)
    plan.written = try fieldsGiven(to: plan.profiles, Set(plan.profiles))
    plan.remade = try entriesStaying(without: Set(plan.others))
    plan.withdrawn = try withdrawalsStaying(without: Set(plan.profiles))
    return plan
  }

  /// Erases what a plan says: it is hidden here at once, and gone everywhere once all devices synced.
  ///
  /// In a store without a server it is gone from its files when this returns.
  /// - Parameter reason: kept with the erasure, so it must not name anybody.
  /// - Returns: the changes; empty where nothing was left to erase.
  /// - Throws: `DeskError.invalid` where this device may not erase, or for a reason of more than 1000 bytes.
  @discardableResult
  public func erase(_ plan: ErasurePlan, because reason: String? = nil) throws(DeskError) -> [Change] {
    guard mayErase else {
      throw .invalid(
        "only a supervisor may erase, and the server knows this device as '\(store.configuration.role ?? "agent")'; "
          + "ask a supervisor, or your operator for an invitation with --role supervisor")
    }
    if let reason, JSONText(reason).bytes.count > Change.maximumReason {
      throw .invalid("a reason has at most \(Change.maximumReason) bytes, since every device keeps it")
    }
    var draft = Draft()
    draft.erase = true
    draft.extra.append(("of", JSONText(plan.customer.description)))
    if let reason { draft.extra.append(("because", JSONText(reason))) }
    return try stored { () throws(StorageError) in
      let gone = plan.profiles + plan.others
      let freed = try plan.freed.map { (id) throws(StorageError) in
        Edit(.entity(id), try freeing(id, of: Set(gone)))
      }
      let hidden = plan.hidden.map(Self.hiding)
      let withdrawn = plan.withdrawn.map { Self.withdrawing($0, erasing: plan.customer) }
      let along = (freed + hidden).map { $0.along(with: plan.customer) }
      let changes = try store.commit { (batch) throws(StorageError) in
        var made: [Change] = []
        for moved in plan.remade { made += try remake(moved, along: plan.customer, in: &batch) }
        for edit in withdrawn + gone.map({ Edit(.entity($0), draft) }) + along {
          if let change = try batch.make(edit) { made.append(change) }
        }
        return made
      }
      try store.eraseLocally()
      return changes
    }
  }

  /// What lets a part of an erased ticket go. A merge into another one, that somebody made at the same time and that counted for
  /// less, counts then; of several the first one, as of all merges.
  private func freeing(_ part: EntityID, of gone: Set<EntityID>) throws(StorageError) -> Draft {
    var draft = Draft()
    let others = (try store.state(of: part)?.registers[Vocabulary.merged]?.heads ?? []).filter { head in
      guard let whole = EntityID(head.value.plain), whole.canTakeIn(part) else { return false }
      return !gone.contains(whole) && !store.isErased(whole)
    }
    let policy = Vocabulary.policy(type: part.type, field: Vocabulary.merged)
    if !others.isEmpty {
      draft.set[Vocabulary.merged] = others[policy.winner(among: others)].value
    } else {
      draft.clear.insert(Vocabulary.merged)
      draft.log[Vocabulary.timeline] = Self.event("unmerged", "stands for itself again")
    }
    return draft
  }

  /// Whether this device may erase, as far as it knows: a supervisor's, or one that no server knows.
  public var mayErase: Bool {
    store.configuration.server == nil || store.configuration.isSupervisor
  }

  /// What was made for an erased customer, or became the customer's, by people who did not know of the erasure, and which whoever
  /// erased it did not know as the customer's. It holds the customer's data until a supervisor erases the customer once more.
  ///
  /// - Parameters:
  ///   - erased: what was erased as one customer.
  ///   - replica: whose edits made it the customer's; nil for anybody's.
  /// Cost: those, and each entity that names the customer or one of these tickets.
  public func leftovers(
    of erased: Set<EntityID>, tiedBy replica: ReplicaID? = nil
  ) throws(DeskError) -> [EntityID] {
    try stored { () throws(StorageError) in
      var erasures: [PlacedChange] = []
      for id in erased { erasures += try store.changes(of: id).filter { $0.change.erases } }
      guard !erasures.isEmpty else { return [] }
      let tickets = erased.filter { $0.type == Vocabulary.ticket }
      let found = try belongings(of: erased.filter { $0.type == Vocabulary.customer }, erased: tickets)
      var left: Set<EntityID> = []
      var told: [EntityID] = []
      for tie in found.ties {
        if let ticket = tie.ticket, !tickets.contains(ticket), !left.contains(ticket) {
          // Of a ticket that was kept on purpose its parts are kept too.
          if tie.id.type == Vocabulary.ticket { continue }
          if try isKnown(tie, to: erasures) { continue }
        } else if tie.ticket == nil, try isKnown(tie, to: erasures) {
          continue
        }
        left.insert(tie.id)
        if replica.map({ replica in tie.heads.contains { $0.replica == replica } }) ?? true {
          told.append(tie.id)
        }
      }
      return told.sorted()
    }
  }

  /// Whether an erasure knew that an entity is the customer's, so that it was kept on purpose.
  private func isKnown(_ tie: Belongings.Tie, to erasures: [PlacedChange]) throws(StorageError) -> Bool {
    let heads = try store.changes(of: tie.id).filter { tie.heads.contains($0.change.id) }
    return erasures.contains { erasure in heads.contains { erasure.knew($0) } }
  }

  /// Some erased entities by the customer as which they were erased; those that were erased by themselves are not among them.
  /// Cost: their changes.
  public func customers(ofErased ids: [EntityID]) throws(DeskError) -> [EntityID: Set<EntityID>] {
    try stored { () throws(StorageError) in
      var found: [EntityID: Set<EntityID>] = [:]
      for id in ids {
        let roots = try store.changes(of: id).compactMap(\.change.erasedWith)
        if let root = roots.first ?? (id.type == Vocabulary.customer ? id : nil) {
          found[root, default: []].insert(id)
        }
      }
      return found
    }
  }

  /// Tickets that were merged into some that are erased, by somebody who did not know of the erasure: they stand for themselves,
  /// but lists take them for a part until they are unmerged.
  ///
  /// - Parameter replica: who merged them.
  /// Cost: a page for each, and a fold for each part.
  public func stranded(by erased: [EntityID], mergedBy replica: ReplicaID) throws(DeskError) -> [EntityID] {
    try stored { () throws(StorageError) in
      var found: [EntityID] = []
      for id in try parts(directlyOf: Set(erased.filter { $0.type == Vocabulary.ticket })).sorted()
      where try store.state(of: id)?.shown(Vocabulary.merged)?.id.replica == replica { found.append(id) }
      return found
    }
  }

  /// The customer as which an erased profile was erased; itself where it was not.
  func erasureRoot(of customer: EntityID) throws(StorageError) -> EntityID {
    for placed in try store.changes(of: customer) where placed.change.erases {
      if let root = placed.change.erasedWith { return root }
    }
    return try store.members(of: customer).first ?? customer
  }

  /// What was erased as one customer. Cost: the members that hold erasures.
  private func erasedTogether(with root: EntityID) throws(StorageError) -> Set<EntityID> {
    guard store.isErased(root) else { return [] }
    let changes = try store.erasureChanges().map(\.change) + store.unsent.filter(\.erases)
    return Set(changes.filter { $0.erasedWith == root }.map(\.on))
  }

  /// The tickets that are shown as a part of just these, and are not erased. Cost: a page for each, and a fold for each part.
  private func parts(directlyOf wholes: Set<EntityID>) throws(StorageError) -> Set<EntityID> {
    try reading { () throws(StorageError) in
      var found: Set<EntityID> = []
      let lists = try tables.entities(wholes.sorted().map { .merged($0.description) })
      for id in Set(lists.joined()) where id.type == Vocabulary.ticket && !store.isErased(id) {
        if let whole = try store.state(of: id)?.mergedInto, wholes.contains(whole) { found.insert(id) }
      }
      return found
    }
  }
}

extension Edit {
  /// The edit as one that an erasure of a customer brings along: where the server refuses that one, this goes with it.
  func along(with customer: EntityID) -> Edit {
    var edit = self
    edit.draft.extra.append(("of", JSONText(customer.description)))
    return edit
  }
}

extension Change {
  /// The customer as a part of which an erasure erases its entity.
  package var erasedWith: EntityID? {
    erases ? madeForErasure : nil
  }

  /// The reason that an erasure gives.
  package var erasedBecause: String? { erases ? member("because")?.string : nil }

  private func member(_ key: String) -> JSONText? {
    (try? JSONText(parsing: [UInt8(ascii: "{")] + body + [UInt8(ascii: "}")]))?[key]
  }
}
