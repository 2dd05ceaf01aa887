import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// The tickets that a filter lets through.
  ///
  /// - Returns: at most `limit` rows in the filter's order, and how many there are in all.
  public func tickets(
    _ filter: TicketFilter = TicketFilter(), limit: Int = 50
  ) throws(StorageError) -> (rows: [TicketRow], total: Int) {
    var rows: [TicketRow] = []
    try store.forEachState(ofType: Vocabulary.ticket) { (state) throws(StorageError) in
      let row = TicketRow(state)
      if filter.matches(row) { rows.append(row) }
    }
    rows.sort(by: filter.precedes)
    return (Array(rows.prefix(limit)), rows.count)
  }

  /// The customers, newest update first, and how many there are in all.
  public func customers(limit: Int = 50) throws(StorageError) -> (rows: [CustomerRow], total: Int) {
    var rows: [CustomerRow] = []
    try store.forEachState(ofType: Vocabulary.customer) { (state) throws(StorageError) in
      rows.append(CustomerRow(state))
    }
    rows.sort { ($1.updated, $0.id) < ($0.updated, $1.id) }
    return (Array(rows.prefix(limit)), rows.count)
  }

  /// The customers that a phone number, e-mail address, handle, `ref`, id or name may mean, best first.
  public func findCustomers(_ text: String, limit: Int = 20) throws(StorageError) -> [CustomerMatch] {
    var found: [CustomerMatch] = []
    try store.forEachState(ofType: Vocabulary.customer) { (state) throws(StorageError) in
      if state.text("name") == text {
        found.append(CustomerMatch(customer: CustomerRow(state), reason: .name, matched: text))
      }
    }
    return Array(found.prefix(limit))
  }

  /// A ticket with all that is known of it; nil where there is none of this id.
  public func ticket(_ id: EntityID) throws(StorageError) -> TicketView? {
    guard let state = try store.state(of: id) else { return nil }
    let customer = state.text("customer").flatMap { EntityID($0) }
    let name = try customer.flatMap { (id) throws(StorageError) in try store.state(of: id) }?.text("name")
    return TicketView(id: id, state: state, customerName: name)
  }

  /// A customer with all that is known of it; nil where there is none of this id.
  public func customer(_ id: EntityID) throws(StorageError) -> CustomerView? {
    guard let state = try store.state(of: id) else { return nil }
    var filter = TicketFilter()
    filter.customer = id
    return CustomerView(id: id, state: state, openTickets: try tickets(filter, limit: .max).rows)
  }
}

extension TicketRow {
  init(_ state: EntityState) {
    id = state.id
    ref = state.text("ref")
    subject = state.text("subject") ?? ""
    status = state.text("status") ?? ""
    priority = state.text("priority") ?? ""
    team = state.text("team") ?? ""
    assignee = state.text("assignee") ?? ""
    topic = state.text("topic") ?? ""
    channel = state.text("channel") ?? ""
    customer = state.text("customer").flatMap { EntityID($0) }
    tags = state.elements("tags")
    due = state.text("due").flatMap { HybridTime($0) }?.milliseconds
    created = state.firstAt.milliseconds
    updated = state.lastAt.milliseconds
    conflicts = state.conflicts.count
    isErased = state.isErased
  }
}

extension CustomerRow {
  init(_ state: EntityState) {
    id = state.id
    ref = state.text("ref")
    name = state.text("name") ?? ""
    language = state.text("language") ?? ""
    country = state.text("address.country") ?? ""
    tags = state.elements("tags")
    created = state.firstAt.milliseconds
    updated = state.lastAt.milliseconds
    conflicts = state.conflicts.count
    isErased = state.isErased
  }
}

extension TicketFilter {
  func matches(_ row: TicketRow) -> Bool {
    switch status {
    case .open: if Vocabulary.finished.contains(row.status) { return false }
    case .all: break
    case .any(let statuses): if !statuses.contains(row.status) { return false }
    }
    if let assignee, row.assignee != assignee { return false }
    if let team, row.team != team { return false }
    if let priority, row.priority != priority { return false }
    if let tag, !row.tags.contains(tag) { return false }
    if let customer, row.customer != customer { return false }
    if let updatedSince, row.updated < updatedSince { return false }
    return true
  }

  func precedes(_ left: TicketRow, _ right: TicketRow) -> Bool {
    if order == .due, left.due != right.due { return (left.due ?? .max) < (right.due ?? .max) }
    return (right.updated, left.id) < (left.updated, right.id)
  }
}
