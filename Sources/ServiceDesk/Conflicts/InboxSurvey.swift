import Agent
import Causality
import Codec
import Merge
import Storage

/// Finds all conflicts of a store in one walk through its changes: for an inbox that is made anew.
///
/// Only what can have a conflict is looked at closely: where authors did not know each other, a clock was wrong, or
/// something is there that rules read across entities. Cost: per store, and each candidate's histories.
struct InboxSurvey {
  private let desk: Desk
  private var owners: Set<EntityID> = []
  /// Tickets with answers that rest on facts, or with words that look so.
  private var resting: Set<EntityID> = []
  /// Customers who withdrew a consent.
  private var withdrawn: Set<EntityID> = []
  /// Which profiles name each other as one person's.
  private var ties: [EntityID: Set<EntityID>] = [:]
  /// For each way to be reached the changes that made the customers who have it, without their bodies.
  private var contacts: [UInt32: [PlacedChange]] = [:]

  init(_ desk: Desk) {
    self.desk = desk
  }

  consuming func conflicts() throws(StorageError) -> [Conflict] {
    let walk = try desk.store.walk()
    // Customers come before promises, and these before tickets.
    var isBehindCustomers = false
    while let (id, changes) = try walk.next() {
      if !isBehindCustomers, id.type > Vocabulary.customer {
        isBehindCustomers = true
        spreadWithdrawals()
      }
      look(id, changes)
    }
    addTwins()
    var reader = try CaseReader(desk: desk)
    let owners = owners.union(resting).sorted()
    try reader.prepare(for: owners, resting: resting)
    return try reader.conflicts(of: owners).flatMap(\.self)
  }

  private mutating func look(_ id: EntityID, _ changes: [PlacedChange]) {
    if Self.isDivided(changes) { owners.insert(id) }
    switch id.type {
    case Vocabulary.customer:
      let made = changes.first(where: \.change.creates)
      for placed in changes {
        let body = placed.change.body
        if body.contains(word: BodyWords.withdrawn) { withdrawn.insert(id) }
        if let made, body.contains(word: BodyWords.add) { addContacts(of: made, placed.change) }
        if body.contains(word: BodyWords.same) { addTies(id, placed) }
        if body.contains(word: BodyWords.merged) { addTargets(id, placed.change) }
      }
    case Vocabulary.promise:
      for placed in changes {
        try? ChangeBody.operations(of: placed.change.body) { operation in
          if case .set(let field, let value) = operation, field == "ticket" || field == "customer",
            let target = EntityID(value.plain)
          {
            owners.insert(target)
          }
        }
      }
    case Vocabulary.ticket:
      for placed in changes {
        let body = placed.change.body
        if body.contains(word: BodyWords.facts) { resting.insert(id) }
        if body.contains(word: BodyWords.merged) { addTargets(id, placed.change) }
        if !withdrawn.isEmpty, body.contains(word: BodyWords.customer) {
          try? ChangeBody.operations(of: body) { operation in
            if case .set("customer", let value) = operation, let customer = EntityID(value.plain),
              withdrawn.contains(customer)
            {
              owners.insert(id)
            }
          }
        }
      }
    default: break
    }
  }

  private mutating func addContacts(of made: PlacedChange, _ change: Change) {
    for contact in Self.contacts(addedBy: change).map(\.hash) {
      let last = contacts[contact]?.last
      guard last?.change.id != made.change.id, contacts[contact]?.count ?? 0 <= BlockingKeys.maximumList
      else { continue }
      contacts[contact, default: []].append(made.with(made.change.with(body: [])))
    }
  }

  /// The ways to be reached that a change adds.
  static func contacts(addedBy change: Change) -> [Term] {
    var found: [Term] = []
    try? ChangeBody.operations(of: change.body) { operation in
      if case .add(let field, let element) = operation, let term = Term.contact(field, element.text) {
        found.append(term)
      }
    }
    return found
  }

  /// Customers with one way to be reached that were made by authors who did not know of each other's.
  private mutating func addTwins() {
    for made in contacts.values where 2...BlockingKeys.maximumList ~= made.count {
      for (index, one) in made.enumerated() {
        for other in made[(index + 1)...] where !one.knew(other) && !other.knew(one) {
          owners.formUnion([one.change.on, other.change.on])
        }
      }
    }
    contacts = [:]
  }

  private mutating func addTies(_ id: EntityID, _ placed: PlacedChange) {
    Ties.operations(of: placed) { operation in
      guard case .add(Links.same, let element) = operation, let other = EntityID(element.text) else { return }
      owners.formUnion([id, other])
      ties[id, default: []].insert(other)
      ties[other, default: []].insert(id)
    }
  }

  /// A withdrawal on one profile holds for all that are shown as one with it.
  private mutating func spreadWithdrawals() {
    var waiting = Array(withdrawn)
    while let id = waiting.popLast() {
      for other in ties[id] ?? [] where withdrawn.insert(other).inserted { waiting.append(other) }
    }
  }

  private mutating func addTargets(_ id: EntityID, _ change: Change) {
    owners.insert(id)
    try? ChangeBody.operations(of: change.body) { operation in
      if case .set(let field, let value) = operation, field == Vocabulary.merged,
        let target = EntityID(value.plain)
      {
        owners.insert(target)
      }
    }
  }

  /// Whether authors of an entity did not know each other, or a clock was wrong. Cost: per change.
  static func isDivided(_ changes: [PlacedChange]) -> Bool {
    for (index, placed) in changes.enumerated() {
      if placed.isClamped { return true }
      for earlier in changes[..<index].reversed() {
        if let position = earlier.position, position <= placed.seen { break }
        if !placed.knew(earlier) { return true }
      }
    }
    return false
  }
}
