import Agent
import Causality
import Codec
import Merge
import Storage

/// Gathers what the rules about an entity look at: its changes, and those of what it has to do with.
///
/// Cost: the entity's members in the runs; the customer's where a reply or a conflict asks for it, and those of promises
/// and twins where there are some.
struct CaseReader {
  let desk: Desk
  /// Customers that were read ahead, in the order in which they lie.
  private var customers: [EntityID: EntityHistory] = [:]

  init(desk: Desk) {
    self.desk = desk
  }

  /// Reads ahead what many questions will need, so that each part of the runs is read once.
  mutating func prepare(for owners: Set<EntityID>) throws(StorageError) {
    var wanted: Set<EntityID> = []
    for owner in owners.sorted() where owner.type == Vocabulary.ticket {
      if let customer = try desk.store.state(of: owner)?.text("customer").flatMap({ EntityID($0) }),
        customer.type == Vocabulary.customer
      {
        wanted.insert(customer)
      }
    }
    for customer in wanted.sorted() { customers[customer] = try history(customer) }
  }

  /// The entries about an entity; none where nothing of it is known.
  func conflicts(of id: EntityID) throws(StorageError) -> [Conflict] {
    let changes = try desk.store.changes(of: id)
    guard let subject = try subject(id, changes) else { return [] }
    return ConflictFinder(subject).all()
  }

  private func subject(_ id: EntityID, _ changes: [PlacedChange]) throws(StorageError) -> Case? {
    let history = EntityHistory(id, changes)
    guard let state = history.state() else { return nil }
    var subject = Case(history, state)
    if id.type == Vocabulary.customer {
      subject.customer = history
      subject.customerName = state.text("name")
    } else if let customer = state.text("customer").flatMap({ EntityID($0) }),
      customer.type == Vocabulary.customer,
      customer != id
    {
      var known = customers[customer]
      if known == nil { known = try self.history(customer) }
      subject.customer = known
      subject.customerName = known?.state()?.text("name")
    }
    if id.type == Vocabulary.ticket || id.type == Vocabulary.customer {
      let term = id.type == Vocabulary.ticket ? Term.ticket(id.description) : .customer(id.description)
      for promise in try desk.tables.entities(term)
      where promise.type == Vocabulary.promise {
        if let known = try self.history(promise) { subject.promises.append(known) }
      }
    }
    for other in try others(id, state) {
      if let known = try self.history(other) { subject.others.append(known) }
    }
    return subject
  }

  private func history(_ id: EntityID) throws(StorageError) -> EntityHistory? {
    let changes = try desk.store.changes(of: id)
    return changes.isEmpty ? nil : EntityHistory(id, changes)
  }

  /// What may be the twin of an entity, and what it was merged with or into.
  func others(_ id: EntityID, _ state: EntityState) throws(StorageError) -> [EntityID] {
    var found = Situations.mergeTargets(state)
    if id.type == Vocabulary.customer {
      let terms =
        state.elements("emails").map { Term.email($0) } + state.elements("handles").map { Term.handle($0) }
        + state.elements("phones").compactMap { PhoneDigits.parse($0).map { .phone(digits: $0) } }
      if !terms.isEmpty { for list in try desk.tables.entities(terms) { found.formUnion(list) } }
    }
    found.remove(id)
    return found.filter { $0.type == id.type }.sorted()
  }

  /// The entities whose entries may be others now that an entity changed: itself, and those that look at it.
  ///
  /// - Parameter news: what of its changes is new.
  func owners(touchedBy id: EntityID, _ news: [PlacedChange]) throws(StorageError) -> Set<EntityID> {
    var owners: Set<EntityID> = [id]
    guard let state = try desk.store.state(of: id) else { return owners }
    owners.formUnion(try others(id, state))
    switch id.type {
    case Vocabulary.promise:
      for field in ["ticket", "customer"] as [ExactString] {
        owners.formUnion((state.registers[field]?.heads ?? []).compactMap { EntityID($0.value.plain) })
      }
    case Vocabulary.customer:
      // What its tickets' rules read of it; the name, because sentences have it in them.
      let isRead = news.contains { placed in
        [Self.consent, Self.fact, Self.name, Self.erase].contains { placed.change.body.contains(word: $0) }
      }
      if isRead {
        let named = try desk.tables.entities(.customer(id.description))
        owners.formUnion(named.filter { $0.type == Vocabulary.ticket })
      }
    default: break
    }
    return owners
  }

  private static let consent = Array("\"consent.".utf8)
  private static let fact = Array("\"fact.".utf8)
  private static let name = Array("\"name\"".utf8)
  private static let erase = Array("\"erase\"".utf8)
}
