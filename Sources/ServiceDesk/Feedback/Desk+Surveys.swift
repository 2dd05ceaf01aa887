import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// Writes down what a customer said of the service in a ticket.
  ///
  /// Each survey is an entity of its own: two that are written down at the same time both stay and both count.
  /// - Parameters:
  ///   - csat: satisfaction from 1 to 5; nil where it was not asked.
  ///   - ces: how easy it was, from 1 to 7; nil where it was not asked.
  ///   - given: when the customer said it, if not just now.
  /// - Returns: the change; its `on` is the survey's id.
  /// - Throws: `DeskError.invalid` for a score that is not on its scale, for a survey that says nothing, for what is no ticket, and
  ///   where the ticket or its customer was erased; `.notFound` where nothing is known of it.
  @discardableResult
  public func survey(
    _ ticket: EntityID, csat: Int? = nil, ces: Int? = nil, comment: String? = nil,
    given: HybridTime? = nil, at: HybridTime? = nil, by: String? = nil
  ) throws(DeskError) -> Change? {
    if let csat, !(1...5 ~= csat) { throw .invalid("CSAT goes from 1 to 5, and \(csat) is not on it") }
    if let ces, !(1...7 ~= ces) { throw .invalid("CES goes from 1 to 7, and \(ces) is not on it") }
    let words = comment ?? ""
    guard csat != nil || ces != nil || words.contains(where: { !$0.isWhitespace }) else {
      throw .invalid("what did the customer say? A survey needs a CSAT, a CES or a comment")
    }
    let state = try known(ticket, as: Vocabulary.ticket)
    let customer = try stored { () throws(StorageError) in try Self.customer(of: state, in: store) }
    try refuseErased(ticket, customer)
    var draft = Draft()
    draft.set["ticket"] = JSONText(ticket.description)
    if let customer { draft.set["customer"] = JSONText(customer.description) }
    if let csat { draft.set["csat"] = JSONText(csat) }
    if let ces { draft.set["ces"] = JSONText(ces) }
    if !words.isEmpty { draft.set["comment"] = JSONText(words) }
    if let given { draft.set["at"] = JSONText(given.description) }
    return try commit(Edit(.new(type: Vocabulary.survey), draft, at: at, by: by))
  }

  /// The surveys of a customer or ticket, or all, newest first, without erased ones, and how many there are in all.
  ///
  /// A ticket's are also those of the tickets that were merged into it. Cost: with a customer or ticket theirs; else a few
  /// columns of the table of surveys.
  public func surveys(
    customer: EntityID? = nil, ticket: EntityID? = nil, limit: Int = 50
  ) throws(DeskError) -> (rows: [SurveyRow], total: Int) {
    var tickets: Set<String>?
    if let ticket { tickets = Set(([ticket] + (try parts(of: ticket))).map(\.description)) }
    return try stored { () throws(StorageError) in
      try reading { () throws(StorageError) in
        let customers = try customer.map { (id) throws(StorageError) in
          Set(try store.members(of: id).map(\.description)).union([id.description])
        }
        var tests = RowTests(SurveyRow.columns)
        tests.require(number: "erased") { $0 == 0 }
        let order = RowOrder(first: tests.column("at") ?? 0)
        let terms =
          tickets.map { $0.sorted().map { Term.ticket($0) } }
          ?? customers.map { $0.sorted().map { .customer($0) } }
        guard let terms else {
          let found = try tables.scan(Vocabulary.survey, tests, order, limit: limit)
          return (found.rows.map { SurveyRow($0.entity, $0.values) }, found.total)
        }
        for (name, entities) in [("customer", customers), ("ticket", tickets)] {
          guard let entities, let column = tests.column(name) else { continue }
          tests.requireFound { entities.contains($0[column].text) }
        }
        var rows: [SurveyRow] = []
        for id in Set(try tables.entities(terms).joined()).sorted() where id.type == Vocabulary.survey {
          if let values = try tables.values(of: id), tests.pass(values) { rows.append(SurveyRow(id, values)) }
        }
        rows.sort { ($1.at, $0.id) < ($0.at, $1.id) }
        return (Array(rows.prefix(max(limit, 0))), rows.count)
      }
    }
  }
}
