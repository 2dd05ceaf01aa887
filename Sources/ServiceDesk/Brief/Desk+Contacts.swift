import Agent
import Causality
import Codec
import Merge
import Storage

/// A customer's contacts, each under the ticket on whose page it is.
extension Desk {
  /// A contact, and the ticket that shows it: of one that was merged into another one, that one.
  struct Contacted {
    let contact: Brief.Contact
    let ticket: EntityID
  }

  /// Tickets with those that were merged into them, without words that were redacted.
  ///
  /// - Parameters:
  ///   - chosen: the tickets to look into.
  ///   - rows: all of the customer. A part of another customer's is not looked into, one that names nobody is.
  func briefed(
    _ chosen: some Sequence<TicketRow>, _ rows: [TicketRow]
  ) throws(DeskError) -> [(ticket: EntityID, members: [EntityState])] {
    let theirs = Set(rows.map(\.id))
    var seen: Set<EntityID> = []
    var found: [EntityID: [EntityState]] = [:]
    var order: [EntityID] = []
    func add(_ id: EntityID, to ticket: EntityID) throws(DeskError) {
      let state = try known(id)
      let isTheirs = theirs.contains(id) || state.text("customer")?.isEmpty != false
      guard isTheirs, seen.insert(id).inserted else { return }
      if found[ticket] == nil { order.append(ticket) }
      found[ticket, default: []].append(state.withoutRedactedWords)
    }
    for row in chosen {
      try add(row.id, to: row.isPart ? try whole(row.id) : row.id)
      for part in row.hasParts ? try parts(of: row.id) : [] { try add(part, to: row.id) }
    }
    return order.map { ($0, found[$0] ?? []) }
  }

  /// The contacts on a ticket's page: without what went to a ticket that was split from it, with what came along to it.
  func contacts(of ticket: EntityID, _ members: [EntityState]) throws(DeskError) -> [Contacted] {
    try shownEntries(of: members, hidesRedacted: true).timelines.flatMap { state, timeline in
      Self.contacts(ticket, timeline, on: state)
    }
  }

  /// The words from and to the customer in a timeline.
  static func contacts(
    _ ticket: EntityID, _ timeline: [TimelineEntry], on state: EntityState
  ) -> [Contacted] {
    var items = TicketPage.Entry.all(timeline.filter(\.isContact), on: state)
    items.cancelTwins()
    // What was taken back never reached the customer.
    return items.filter { $0.state != "cancelled" }.map { item in
      Contacted(
        contact: Brief.Contact(entry: item.entry, on: state.id, text: item.text), ticket: ticket)
    }
  }
}
