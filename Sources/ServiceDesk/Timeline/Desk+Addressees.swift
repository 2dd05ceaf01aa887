import Agent
import Causality
import Codec
import Merge
import Storage

/// For whom a message was written, and whether it goes to them: agents give a ticket to another customer, or disagree about whose it is,
/// while a colleague's words to the first one wait.
extension Desk {
  /// Holds back messages that would go to somebody else than they were written for: while the ticket that each is of names another
  /// customer than it showed to its author. Profiles that are tied are one customer. What was written while it showed none is for
  /// whoever it turns out to be, as long as people agree on that; so is what somebody split off, and so found to be of the ticket to
  /// which it went. Who let a message go names what had made it another's.
  ///
  /// Cost: nothing where nothing waits or did not go out; else for each of these, but where a ticket has the customer with which it was
  /// opened, the changes of the ticket in whose log it is, and each customer whom the ticket names.
  /// - Parameter members: the tickets that show the entries, the one that stays first.
  func holdFromOthers(_ entries: inout [TicketPage.Entry], of members: [TicketView]) throws(DeskError) {
    for index in entries.indices where entries[index].state.map(Vocabulary.unsentStates.contains) == true {
      let item = entries[index]
      let home = members[TicketPage.home(of: item, among: members)].state
      let (heads, isDisputed) = try stored { () throws(StorageError) in try strangers(to: item, home) }
      guard !heads.isEmpty else { continue }
      entries[index].reassigned = heads
      entries[index].isDisputed = isDisputed
      if item.state == "queued" { entries[index].state = "held" }
    }
  }

  /// The heads by which a message is somebody else's than its author knew, without those in spite of which it was let go; and whether
  /// people disagree about whose it is.
  private func strangers(
    to item: TicketPage.Entry, _ home: EntityState
  ) throws(StorageError) -> (heads: [ChangeID], isDisputed: Bool) {
    let heads = try Self.customers(of: home, in: store)
    guard let first = heads.first else { return ([], false) }
    // It was opened with it, or with this message; and nobody who knew of it gave it to somebody else.
    if heads.count == 1, home.id == item.on, [item.entry.id, home.id.origin].contains(first.head) {
      return ([], false)
    }
    var isDisputed = false
    for head in heads.dropFirst() where try !isOne(head.customer, first.customer) { isDisputed = true }
    let meant = home.id == item.on ? try shownCustomer(to: item.entry.id, on: item.on) : nil
    if meant == nil, !isDisputed { return ([], false) }
    let passed = try store.state(of: item.on)?.despite(item.entry.id) ?? []
    var found: [ChangeID] = []
    for head in heads where !passed.contains(head.head) {
      if let meant, try isOne(head.customer, meant) { continue }
      found.append(head.head)
    }
    return (found, isDisputed)
  }

  /// Whether two customers are one person, by the ties of now.
  private func isOne(_ first: EntityID, _ second: EntityID) throws(StorageError) -> Bool {
    guard first != second else { return true }
    return try store.members(of: first).contains(second)
  }

  /// What a ticket's `customer` says, every head; where it names nobody and the ticket is a part of another one, that one's.
  private static func customers(
    of ticket: EntityState, in store: Store
  ) throws(StorageError) -> [(head: ChangeID, customer: EntityID)] {
    var state = ticket
    while true {
      if EntityID(state.text("customer") ?? "") != nil {
        return (state.registers["customer"]?.heads ?? []).compactMap { head in
          EntityID(head.value.plain).map { (head.id, $0) }
        }
      }
      guard let whole = try store.whole(above: state) else { return [] }
      state = whole
    }
  }

  /// The customer whom a ticket showed to the author of an entry in its log; nil where it named none.
  private func shownCustomer(to entry: ChangeID, on ticket: EntityID) throws(StorageError) -> EntityID? {
    var changes = try store.changes(of: ticket)
    guard let own = changes.first(where: { $0.change.id == entry }) else { return nil }
    var ticket = ticket
    while true {
      let known = changes.filter { $0.change.id == entry || own.knew($0) }
      let state = Fold.state(of: ticket, known)
      if let customer = EntityID(state.text("customer") ?? "") { return customer }
      // A ticket is a part of one with a lesser id only, so this ends.
      guard let whole = state.mergedInto else { return nil }
      ticket = whole
      changes = try store.changes(of: ticket)
    }
  }
}
