import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// Writes down what was promised to a customer, in a ticket that was merged into another one in that one.
  ///
  /// - Parameters:
  ///   - due: by when.
  ///   - amount: a decimal number such as `20.00`, with the three letters of its currency.
  /// - Returns: the change; its `on` is the promise's id.
  /// - Throws: `DeskError.invalid` where the ticket or customer was erased or is none, and where there is no customer; `.notFound`
  ///   where nothing is known of one.
  @discardableResult
  public func promise(
    _ text: String, to customer: EntityID?, ticket: EntityID? = nil, due: HybridTime? = nil,
    amount: Money? = nil, at: HybridTime? = nil, by: String? = nil
  ) throws(DeskError) -> Change? {
    var customer = customer
    if let customer { try known(customer, as: Vocabulary.customer) }
    let ticket = try ticket.map { (id) throws(DeskError) in
      try known(id, as: Vocabulary.ticket)
      return try whole(id)
    }
    if customer == nil, let ticket {
      let state = try known(ticket)
      customer = try stored { () throws(StorageError) in try Self.customer(of: state, in: store) }
    }
    try refuseErased(ticket, customer)
    guard let customer else { throw .invalid("a promise needs a customer; the ticket has none") }
    var draft = Draft()
    draft.set = [
      "text": JSONText(text), "customer": JSONText(customer.description), "state": JSONText("open"),
    ]
    if let ticket { draft.set["ticket"] = JSONText(ticket.description) }
    if let due { draft.set["due"] = JSONText(due.description) }
    if let amount {
      draft.set["amount"] = JSONText(amount.amount)
      draft.set["currency"] = JSONText(amount.currency)
    }
    return try commit(Edit(.new(type: Vocabulary.promise), draft, at: at, by: by))
  }

  /// Says what became of a promise. Where colleagues say different things at the same time, the least finished counts
  /// until somebody settles it: open, broken, waived, kept.
  ///
  /// - Parameters:
  ///   - state: `kept`, `broken` or `waived`; `open` takes that back.
  ///   - reason: why; needed for a promise that is broken or waived.
  /// - Throws: `DeskError.invalid` for another state, without a reason that is needed, and for what is no promise.
  @discardableResult
  public func settle(
    _ promise: EntityID, as state: String, because reason: String? = nil
  ) throws(DeskError) -> Change? {
    guard Vocabulary.promiseStates.contains(state) else { throw .invalid("a promise is never '\(state)'") }
    guard state == "kept" || state == "open" || reason?.isEmpty == false else {
      throw .invalid("why was it \(state)? A reason belongs to it")
    }
    try known(promise, as: Vocabulary.promise)
    var draft = Draft()
    draft.set["state"] = JSONText(state)
    if let reason { draft.set["because"] = JSONText(reason) }
    return try commit(Edit(.entity(promise), draft))
  }

  /// Promises, what is due first; those without a time last.
  public struct PromiseFilter: Sendable, Hashable {
    /// Also those that were kept, broken or waived.
    public var includesSettled = false
    /// Only promises to this customer.
    public var customer: EntityID?
    /// Only promises of this ticket and of those that were merged with it.
    public var ticket: EntityID?
    /// Who promised.
    public var by: String?
    /// Due by then, milliseconds since 1970; those without a time are left out.
    public var dueUntil: UInt64?

    /// Every open promise.
    public init() {}
  }

  /// The promises that a filter lets through, and how many there are in all.
  ///
  /// Cost: with a customer or ticket their promises; else a few columns of the table of promises.
  public func promises(
    _ filter: PromiseFilter = PromiseFilter(), limit: Int = 50
  ) throws(DeskError) -> (rows: [PromiseRow], total: Int) {
    let tickets = try filter.ticket.map { (id) throws(DeskError) in
      let whole = try whole(id)
      return Set(try [id, whole] + parts(of: whole))
    }
    return try stored { () throws(StorageError) in
      try reading { () throws(StorageError) in
        // Promises to a merged customer name any of its profiles.
        let customers = try filter.customer.map { (id) throws(StorageError) in
          Set(try store.members(of: id).map(\.description)).union([id.description])
        }
        let tests = filter.tests(customers, tickets)
        let columns = RowTests(PromiseRow.columns)
        var order = RowOrder(first: columns.column("due") ?? 0)
        order.isAscending = true
        order.second = columns.column("created")
        guard let terms = filter.terms(customers, tickets) else {
          let found = try tables.scan(Vocabulary.promise, tests, order, limit: limit)
          return (found.rows.map { PromiseRow($0.entity, $0.values) }, found.total)
        }
        var rows: [TableRow] = []
        for id in Set(try tables.entities(terms).joined()).sorted() where id.type == Vocabulary.promise {
          if let values = try tables.values(of: id), tests.pass(values) { rows.append(TableRow(id, values)) }
        }
        rows.sort {
          let (left, right) = (order.key($0.values), order.key($1.values))
          return left == right ? $0.entity < $1.entity : left > right
        }
        return (rows.prefix(max(limit, 0)).map { PromiseRow($0.entity, $0.values) }, rows.count)
      }
    }
  }
}

extension Desk.PromiseFilter {
  /// - Parameters:
  ///   - customers: the profiles of the filter's customer.
  ///   - tickets: the filter's ticket and those merged with it.
  fileprivate func terms(_ customers: Set<String>?, _ tickets: Set<EntityID>?) -> [Term]? {
    if let tickets { return tickets.sorted().map { .ticket($0.description) } }
    return customers.map { $0.sorted().map { .customer($0) } }
  }

  fileprivate func tests(_ customers: Set<String>?, _ tickets: Set<EntityID>?) -> RowTests {
    var tests = RowTests(PromiseRow.columns)
    tests.require(number: "erased") { $0 == 0 }
    if !includesSettled { tests.require("state") { !["kept", "broken", "waived"].contains($0) } }
    if let by { tests.require("by") { $0 == by } }
    if let dueUntil { tests.require(number: "due") { $0 > 0 && $0 <= dueUntil } }
    let named = tickets.map { Set($0.map(\.description)) }
    for (name, entities) in [("customer", customers), ("ticket", named)] {
      guard let entities, let column = tests.column(name) else { continue }
      tests.requireFound { entities.contains($0[column].text) }
    }
    return tests
  }
}

/// An amount of money: a decimal number as text, so that nothing is rounded, and an ISO 4217 code.
public struct Money: Sendable, Hashable {
  /// The amount, a decimal number: `"20.00"`.
  public let amount: String
  /// The currency of the amount, three letters of ISO 4217.
  public let currency: String

  /// - Throws: `DeskError.invalid` where the one is no number or the other no code.
  public init(_ amount: String, _ currency: String) throws(DeskError) {
    let parts = amount.split(separator: ".", omittingEmptySubsequences: false)
    let isNumber =
      1...2 ~= parts.count && amount.utf8.count <= 18
      && parts.allSatisfy {
        !$0.isEmpty && $0.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
      }
    guard isNumber else { throw .invalid("'\(amount)' is no amount; write it as 20 or 19.50") }
    let code = currency.uppercased()
    guard code.utf8.count == 3, code.utf8.allSatisfy({ UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }) else {
      throw .invalid("'\(currency)' is no currency; write three letters, such as EUR")
    }
    self.amount = amount
    self.currency = code
  }
}
