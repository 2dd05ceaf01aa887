import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// The tickets that a filter lets through, without erased ones.
  ///
  /// Cost: a few columns of the ticket table; with a customer or text only their tickets.
  /// - Returns: at most `limit` rows in the filter's order, and how many there are in all.
  public func tickets(
    _ filter: TicketFilter = TicketFilter(), limit: Int = 50
  ) throws(StorageError) -> (rows: [TicketRow], total: Int) {
    let found = try ticketRows(filter, limit: limit)
    return (try named(found.rows), found.total)
  }

  /// The same without the customers' names, which are as many rows of another table.
  func ticketRows(
    _ filter: TicketFilter, limit: Int
  ) throws(StorageError) -> (rows: [TicketRow], total: Int) {
    try reading { () throws(StorageError) in
      // Tickets of a merged customer name any of its profiles.
      let customers = try filter.customer.map { (id) throws(StorageError) in try store.members(of: id) + [id]
      }
      let tests = filter.tests(customers)
      var found: (rows: [TableRow], total: Int)
      if let candidates = try candidates(filter, customers) {
        var rows: [TableRow] = []
        for id in candidates {
          if let values = try tables.values(of: id), tests.pass(values) { rows.append(TableRow(id, values)) }
        }
        rows.sort {
          let (left, right) = (filter.rowOrder.key($0.values), filter.rowOrder.key($1.values))
          return left == right ? $0.entity < $1.entity : left > right
        }
        found = (Array(rows.prefix(max(limit, 0))), rows.count)
      } else {
        found = try tables.scan(Vocabulary.ticket, tests, filter.rowOrder, limit: limit)
      }
      return (found.rows.map { TicketRow($0.entity, $0.values) }, found.total)
    }
  }

  /// The rows of some tickets, with the customers' names. Cost: a row each, read in the order in which they lie.
  func ticketRows(_ ids: [EntityID]) throws(StorageError) -> [EntityID: TicketRow] {
    let rows = try reading { () throws(StorageError) in
      var rows: [TicketRow] = []
      for id in ids.sorted() {
        if let values = try tables.values(of: id) { rows.append(TicketRow(id, values)) }
      }
      return rows
    }
    return Dictionary(uniqueKeysWithValues: try named(rows).map { ($0.id, $0) })
  }

  /// Rows with the names of their customers.
  private func named(_ rows: [TicketRow]) throws(StorageError) -> [TicketRow] {
    try reading { () throws(StorageError) in
      var rows = rows
      // In the order in which the customers' rows lie.
      var names: [EntityID: String] = [:]
      for customer in Set(rows.compactMap(\.customer)).sorted() { names[customer] = try name(of: customer) }
      for index in rows.indices { rows[index].customerName = rows[index].customer.flatMap { names[$0] } }
      return rows
    }
  }

  /// Open tickets that are shown as another customer's and are this one's by somebody who did not know of that, ordered: people
  /// disagree about whose they are. Cost: the rows of the tickets that ever were this customer's; a fold for each of them that has
  /// become another's and about which people disagree.
  public func disputedTickets(of customer: CustomerView) throws(DeskError) -> [TicketRow] {
    try stored { () throws(StorageError) in
      let profiles = Set(customer.members)
      let rows = try reading { () throws(StorageError) in
        var found: [TicketRow] = []
        let named = try tables.entities(customer.members.map { .customer($0.description) }).joined()
        for id in Set(named).sorted() where id.type == Vocabulary.ticket {
          guard let values = try tables.values(of: id) else { continue }
          let row = TicketRow(id, values)
          guard row.conflicts > 0, !row.isErased, !row.isPart, !Vocabulary.finished.contains(row.status),
            row.customer.map(profiles.contains) != true
          else { continue }
          let heads = try store.state(of: id)?.registers["customer"]?.heads ?? []
          if heads.contains(where: { EntityID($0.value.plain).map(profiles.contains) == true }) {
            found.append(row)
          }
        }
        return found
      }
      return try named(rows)
    }
  }

  /// The tickets among which those of a filter are, where terms tell; else nil.
  private func candidates(
    _ filter: TicketFilter, _ customers: [EntityID]?
  ) throws(StorageError) -> [EntityID]? {
    var sets: [Set<EntityID>] = []
    if let customers {
      sets.append(Set(try tables.entities(customers.map { .customer($0.description) }).joined()))
    }
    if let text = filter.text {
      let words = TextFolding.words(text)
      let lists = try tables.entities([.ref(text)] + words.map { .subject(word: $0) })
      let subject = lists.dropFirst().map { Set($0) }
      let all = subject.dropFirst().reduce(subject.first ?? []) { $0.intersection($1) }
      sets.append(all.union(lists[0]))
    }
    guard let first = sets.first else { return nil }
    return sets.dropFirst().reduce(first) { $0.intersection($1) }.filter { $0.type == Vocabulary.ticket }
      .sorted()
  }

  /// A customer's name; nil where nothing is known of the customer.
  func name(of customer: EntityID) throws(StorageError) -> String? {
    guard customer.type == Vocabulary.customer else { return nil }
    guard let row = try tables.values(of: customer).map({ CustomerRow(customer, $0) }) else { return nil }
    return row.isMerged ? try store.mergedState(of: customer)?.text("name") ?? row.name : row.name
  }

  /// A customer's name; nil where nothing is known of the customer. Cost: a row.
  public func customerName(_ customer: EntityID) throws(StorageError) -> String? {
    try reading { () throws(StorageError) in try name(of: customer) }
  }

  /// The customers, newest update first, without erased ones, and how many there are in all. Profiles that were merged
  /// are one row.
  ///
  /// Cost: a few columns of the table of customers, and a row for each profile that is merged; the changes of those that are
  /// returned.
  public func customers(limit: Int = 50) throws(StorageError) -> (rows: [CustomerRow], total: Int) {
    try reading { () throws(StorageError) in
      var tests = RowTests(CustomerRow.columns)
      tests.require(number: "erased") { $0 == 0 }
      tests.require("same") { $0.isEmpty }
      let order = RowOrder(first: tests.column("updated") ?? 0)
      let found = try tables.scan(Vocabulary.customer, tests, order, limit: limit)
      var rows = found.rows.map { CustomerRow($0.entity, $0.values) }
      let merged = try mergedRows()
      rows = (rows + merged).sorted { ($1.updated, $0.id) < ($0.updated, $1.id) }
      rows = Array(rows.prefix(max(limit, 0)))
      for (index, row) in rows.enumerated() where row.isMerged {
        if let all = try store.together(row.id) {
          rows[index] = CustomerRow(row.id, CustomerRow.values(of: all.state))
        }
      }
      return (rows, found.total + merged.count)
    }
  }

  /// The rows of some customers; of a merged one that of the whole, under each of its profiles' ids. Cost: a row each, read
  /// in the order in which they lie.
  public func customers(_ ids: Set<EntityID>) throws(StorageError) -> [EntityID: CustomerRow] {
    try reading { () throws(StorageError) in
      var rows: [EntityID: CustomerRow] = [:]
      for id in ids.sorted() where id.type == Vocabulary.customer {
        guard let row = try tables.values(of: id).map({ CustomerRow(id, $0) }) else { continue }
        let all = row.isMerged ? try store.mergedState(of: id) : nil
        rows[id] = all.map { CustomerRow($0.id, CustomerRow.values(of: $0)) } ?? row
      }
      return rows
    }
  }

  /// The row of all profiles that a row's was merged with; nil where that is another one's. Cost: nothing for a profile
  /// that was never merged, else their changes.
  func whole(_ row: CustomerRow) throws(StorageError) -> CustomerRow? {
    guard row.isMerged, let all = try store.together(row.id) else { return row }
    return all.members[0] == row.id ? CustomerRow(row.id, CustomerRow.values(of: all.state)) : nil
  }

  /// The numbers of all tickets or customers. Cost: the table's rows, and the state of each whose number is too long for a
  /// row.
  package func refs(ofType type: String) throws(StorageError) -> [(ref: String, id: EntityID)] {
    try reading { () throws(StorageError) in
      let tests = RowTests(type == Vocabulary.ticket ? TicketRow.columns : CustomerRow.columns)
      let order = RowOrder(first: tests.column("updated") ?? 0)
      var found: [(ref: String, id: EntityID)] = []
      for row in try tables.scan(type, tests, order, limit: .max).rows {
        let ref =
          type == Vocabulary.ticket
          ? TicketRow(row.entity, row.values).ref : CustomerRow(row.entity, row.values).ref
        guard let ref else { continue }
        // Of a very long one the row holds the first 200 characters.
        let whole = ref.count < 200 ? ref : try store.state(of: row.entity)?.text("ref")
        found.append((whole ?? ref, row.entity))
      }
      return found
    }
  }

  /// A ticket with all that is known of it; nil where there is none of this id, and for the id of something else.
  ///
  /// That is also what must not be shown to everybody: words that were redacted, and facts without consent. `shown(_:)` is the
  /// ticket without them, and `page(_:)` has entries without redacted words.
  public func ticket(_ id: EntityID) throws(StorageError) -> TicketView? {
    guard id.type == Vocabulary.ticket, let state = try store.state(of: id) else { return nil }
    let name = try state.text("customer").flatMap { EntityID($0) }.flatMap { (id) throws(StorageError) in
      // One ticket is not worth making tables first.
      tables.isInStep
        ? try reading { () throws(StorageError) in try self.name(of: id) }
        : try store.mergedState(of: id)?.text("name")
    }
    return TicketView(id: id, state: state, customerName: name)
  }

  /// A customer with all that is known of it, of all profiles that were merged with it; nil where there is none of
  /// this id, and for the id of something else.
  public func customer(_ id: EntityID) throws(StorageError) -> CustomerView? {
    guard id.type == Vocabulary.customer, let all = try store.together(id) else { return nil }
    var filter = TicketFilter()
    filter.customer = id
    return CustomerView(
      id: all.members[0], state: all.state, members: all.members,
      openTickets: try tickets(filter, limit: .max).rows)
  }
}

extension TicketFilter {
  /// What the table's columns have to say.
  ///
  /// - Parameter customers: the profiles of the filter's customer.
  func tests(_ customers: [EntityID]?) -> RowTests {
    var tests = RowTests(TicketRow.columns)
    tests.require(number: "erased") { $0 == 0 }
    switch status {
    case .open: tests.require("status") { !Vocabulary.finished.contains($0) }
    case .all: break
    case .any(let statuses): tests.require("status", statuses.contains)
    }
    if !includesParts { tests.require(number: "part") { $0 == 0 } }
    if let owner { tests.require("owner") { $0 == owner } }
    if let assignee { tests.require("assignee") { $0 == assignee } }
    if let team { tests.require("team") { $0 == team } }
    if let channel { tests.require("channel") { $0 == channel } }
    if let priority { tests.require("priority") { $0 == priority } }
    if let tag { tests.require("tags") { [String](joined: $0).contains(tag) } }
    if let updatedSince { tests.require(number: "updated") { $0 >= updatedSince } }
    if let customers, let column = tests.column("customer") {
      let names = Set(customers.map(\.description))
      tests.requireFound { names.contains($0[column].text) }
    }
    if let text, let subject = tests.column("subject"), let ref = tests.column("ref") {
      let words = Set(TextFolding.words(text))
      tests.requireFound {
        $0[ref].text == text || !words.isEmpty && words.isSubset(of: TextFolding.words($0[subject].text))
      }
    }
    return tests
  }

  var rowOrder: RowOrder {
    let columns = RowTests(TicketRow.columns)
    let updated = columns.column("updated") ?? 0
    return switch order {
    case .newest: RowOrder(first: updated)
    case .due: RowOrder(first: columns.column("due") ?? 0, isAscending: true, second: updated)
    }
  }
}
