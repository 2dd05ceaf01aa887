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

  /// Whether there is nothing left to erase.
  public var isEmpty: Bool { profiles.isEmpty && others.isEmpty }
}

extension Desk {
  /// What there is to erase of a customer: all merged profiles, and every entity whose `customer` is one of them or whose
  /// `ticket` is one of their tickets. Of an erased customer that is what colleagues made for it without knowing.
  ///
  /// - Parameter keepingTickets: whether tickets stay, with all that was said on them.
  /// Cost: each entity that names the customer.
  public func erasurePlan(
    of customer: EntityID, keepingTickets: Bool = false
  ) throws(DeskError) -> ErasurePlan {
    try stored { () throws(StorageError) in
      let root = try erasureRoot(of: customer)
      let profiles = try profilesErased(with: root).union(store.members(of: customer)).union([customer, root])
      let (found, unclear) = try naming(profiles)
      func isKept(_ id: EntityID) -> Bool { keepingTickets && id.type == Vocabulary.ticket }
      return ErasurePlan(
        customer: root, profiles: profiles.filter { !store.isErased($0) }.sorted(),
        others: found.filter { !isKept($0) }, kept: found.filter(isKept), unclear: unclear)
    }
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
      let changes = try store.commit((plan.profiles + plan.others).map { Edit(.entity($0), draft) })
      try store.eraseLocally()
      return changes.compactMap(\.self)
    }
  }

  /// Whether this device may erase, as far as it knows: a supervisor's, or one that no server knows.
  public var mayErase: Bool {
    store.configuration.server == nil || store.configuration.isSupervisor
  }

  /// What was made for an erased customer by people who did not know of the erasure, and which whoever erased it did not know.
  /// It holds the customer's data until a supervisor erases the customer once more.
  ///
  /// - Parameter profiles: the customer's, as they were erased together.
  /// Cost: those, and each entity that names them.
  public func leftovers(of profiles: Set<EntityID>) throws(DeskError) -> [EntityID] {
    try stored { () throws(StorageError) in
      var erasures: [PlacedChange] = []
      for id in profiles { erasures += try store.changes(of: id).filter { $0.change.erases } }
      guard !erasures.isEmpty else { return [] }
      var found: [EntityID] = []
      for id in try naming(profiles).found {
        guard let made = try store.changes(of: id).first(where: { $0.change.creates }) else { continue }
        if !erasures.contains(where: { $0.knew(made) }) { found.append(id) }
      }
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

  /// The profiles that were erased as one customer. Cost: the members that hold erasures.
  private func profilesErased(with root: EntityID) throws(StorageError) -> Set<EntityID> {
    guard store.isErased(root) else { return [] }
    let changes = try store.erasureChanges().map(\.change) + store.unsent.filter(\.erases)
    return Set(changes.filter { $0.on.type == root.type && $0.erasedWith == root }.map(\.on))
  }

  /// What is not erased and names any of some customers, or a ticket of theirs; and what names others, too.
  private func naming(
    _ customers: Set<EntityID>
  ) throws(StorageError) -> (found: [EntityID], unclear: [EntityID]) {
    try reading { () throws(StorageError) in
      var found: Set<EntityID> = []
      var unclear: Set<EntityID> = []
      func take(_ field: ExactString, _ terms: [Term], _ names: Set<String>) throws(StorageError) {
        for id in Set(try tables.entities(terms).joined()) where !found.contains(id) && !store.isErased(id) {
          let heads = try store.state(of: id)?.registers[field]?.heads ?? []
          let own = heads.count { $0.value.string.map(names.contains) ?? false }
          if own == 0 { continue }
          if own == heads.count { found.insert(id) } else { unclear.insert(id) }
        }
      }
      let names = customers.map(\.description)
      try take("customer", names.map { .customer($0) }, Set(names))
      let tickets = found.filter { $0.type == Vocabulary.ticket }.map(\.description)
      try take("ticket", tickets.map { .ticket($0) }, Set(tickets))
      return (found.sorted(), unclear.subtracting(found).sorted())
    }
  }
}

extension Change {
  /// The customer as a part of which an erasure erases its entity.
  package var erasedWith: EntityID? {
    erases ? member("of")?.string.flatMap { EntityID($0) } : nil
  }

  /// The reason that an erasure gives.
  package var erasedBecause: String? { erases ? member("because")?.string : nil }

  private func member(_ key: String) -> JSONText? {
    (try? JSONText(parsing: [UInt8(ascii: "{")] + body + [UInt8(ascii: "}")]))?[key]
  }
}
