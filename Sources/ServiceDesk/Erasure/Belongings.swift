import Agent
import Causality
import Codec
import Merge
import Storage

/// What belongs to some customers, so that it is held on them and erased with them, and what makes it theirs.
struct Belongings {
  /// Why an entity is somebody's.
  struct Tie {
    let id: EntityID
    /// The changes that wrote the heads of the field by which it is.
    let heads: [ChangeID]
    /// The ticket through which it is; nil where it names the customer itself.
    let ticket: EntityID?
  }

  /// One for each entity, those through a ticket behind that ticket's own.
  private(set) var ties: [Tie] = []
  /// What is, by a conflict that nobody settled, somebody else's too.
  private(set) var unclear: Set<EntityID> = []
  private(set) var ids: Set<EntityID> = []

  /// Adds an entity where all of the values by which it may be somebody's are.
  ///
  /// - Parameters:
  ///   - named: what each head names.
  ///   - isTaken: whether one of several is enough.
  fileprivate mutating func add(
    _ id: EntityID, _ heads: [(change: ChangeID, named: EntityID?)], of theirs: Set<EntityID>, isTaken: Bool
  ) {
    let own = heads.filter { $0.named.map(theirs.contains) ?? false }
    guard let first = own.first else { return }
    guard own.count == heads.count || isTaken else {
      unclear.insert(id)
      return
    }
    unclear.remove(id)
    ids.insert(id)
    let ticket = first.named.flatMap { $0.type == Vocabulary.ticket ? $0 : nil }
    ties.append(Tie(id: id, heads: own.map(\.change), ticket: ticket))
  }
}

extension Desk {
  /// What is not erased and belongs to some customers: what names any of them in `customer`; tickets without a customer of their
  /// own that became a part of one of their tickets or were split from one; and what has no customer and names one of these
  /// tickets.
  ///
  /// Cost: a page or two for each ticket, and a fold for each entity.
  /// - Parameters:
  ///   - erased: tickets that were theirs and are erased, so that they say no more whose they were.
  ///   - takingUnclear: whether what is by a conflict also somebody else's counts.
  func belongings(
    of customers: Set<EntityID>, erased: Set<EntityID> = [], takingUnclear: Bool = false
  ) throws(StorageError) -> Belongings {
    try reading { () throws(StorageError) in
      var found = Belongings()
      let named = try tables.entities(customers.sorted().map { .customer($0.description) })
      for id in Set(named.joined()).sorted() where !store.isErased(id) {
        let heads = try store.state(of: id)?.registers["customer"]?.heads ?? []
        found.add(id, heads.map { ($0.id, $0.named) }, of: customers, isTaken: takingUnclear)
      }
      var tickets = erased.union(found.ids.filter { $0.type == Vocabulary.ticket })
      var next = tickets
      while !next.isEmpty {
        let names = next.sorted().map(\.description)
        let lists = try tables.entities(
          names.flatMap { [Term.ticket($0), .merged($0), .split($0)] })
        next = []
        for id in Set(lists.joined()).sorted() where !store.isErased(id) && !found.ids.contains(id) {
          guard let state = try store.state(of: id), !state.namesCustomer else { continue }
          found.add(id, state.ticketsNamed, of: tickets, isTaken: takingUnclear)
          if id.type == Vocabulary.ticket, found.ids.contains(id) { next.insert(id) }
        }
        tickets.formUnion(next)
      }
      return found
    }
  }

  /// Refuses to keep more of what was erased. Cost: none; see `Store.isErased`.
  package func refuseErased(_ ids: EntityID?...) throws(DeskError) {
    for case let id? in ids where store.isErased(id) {
      throw .invalid("\(id) was erased, so nothing can be kept of it any more")
    }
  }
}

extension Head {
  /// The entity that the value names.
  fileprivate var named: EntityID? { value.string.flatMap { EntityID($0) } }
}

extension EntityState {
  /// Whether it says whose it is.
  fileprivate var namesCustomer: Bool { registers["customer"]?.heads.contains { $0.named != nil } ?? false }

  /// The tickets by which it is somebody's, as the heads that count name them.
  fileprivate var ticketsNamed: [(change: ChangeID, named: EntityID?)] {
    func heads(_ field: ExactString) -> [Head] { registers[field]?.heads ?? [] }
    guard id.type == Vocabulary.ticket else { return heads("ticket").map { ($0.id, $0.named) } }
    // A part is shown with the whole, wherever it was split from.
    let parts = heads(Vocabulary.merged).filter { $0.named?.canTakeIn(id) == true }
    guard parts.isEmpty else { return parts.map { ($0.id, $0.named) } }
    return heads(Vocabulary.split).map { ($0.id, $0.value["from"]?.string.flatMap { EntityID($0) }) }
  }
}
