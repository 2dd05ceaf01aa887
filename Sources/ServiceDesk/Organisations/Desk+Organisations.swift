import Agent
import Causality
import Codec
import Merge
import Storage

/// A line of a list of organisations.
public struct OrganisationRow: Sendable, Hashable {
  /// Its id, the same on every replica.
  public let id: EntityID
  /// The organisation's number in another system.
  public let ref: String?
  /// The name as people write it; "" where there is none.
  public let name: String
  /// The country, two letters; "" where it is not known.
  public let country: String
  /// The latest change as it counts in the merge, milliseconds since 1970.
  public let updated: UInt64
  /// On how many fields people disagree.
  public let conflicts: Int

  init(_ row: CustomerRow) {
    id = row.id
    ref = row.ref
    name = row.name
    country = row.country
    updated = row.updated
    conflicts = row.conflicts
  }
}

/// What an organisation and the desk agreed on.
public struct Contract: Sendable, Hashable {
  /// `support` for the register `contract.support`.
  public let name: String
  /// What the contract says.
  public let text: String
  /// The first and the last day on which it holds, `2026-11-21`; nil for ever.
  public let from: String?
  /// The last day, `2026-12-31`; nil where it does not end.
  public let until: String?
  /// The register; several heads with different values are a conflict.
  public let field: FieldView

  init(_ field: FieldView) {
    let value = field.shown.value
    name = String(field.name.text.dropFirst(Vocabulary.contractPrefix.count))
    text = (value["text"] ?? value).plain
    from = value["from"]?.string
    until = value["until"]?.string
    self.field = field
  }

  /// Whether it holds on a day, `2026-11-21`.
  public func holds(on day: String) -> Bool {
    (from.map { $0 <= day } ?? true) && (until.map { day <= $0 } ?? true)
  }
}

/// A company, household or other organisation with all that is known of it.
public struct OrganisationView: EntityView {
  /// Its id, the same on every replica.
  public let id: EntityID
  /// All that is known of it.
  public let state: EntityState
  /// The customers who belong to it, by name; a merged customer once.
  public let members: [CustomerRow]

  /// The name as people write it; "" where there is none.
  public var name: String { state.text("name") ?? "" }
  /// The phone numbers as they were written, ordered by their bytes.
  public var phones: [String] { state.elements("phones") }
  /// The e-mail addresses, ordered by their bytes.
  public var emails: [String] { state.elements("emails") }
  /// What was agreed on, ordered by name.
  public var contracts: [Contract] {
    fields.filter { $0.name.text.hasPrefix(Vocabulary.contractPrefix) }.map { Contract($0) }
  }
}

extension Desk {
  /// Records a new organisation.
  ///
  /// - Returns: the change; its `on` is the organisation's id.
  /// - Throws: `DeskError.secret` for a field that must not be kept.
  @discardableResult
  public func newOrganisation(
    name: String, phones: [String] = [], emails: [String] = [], ref: String? = nil
  ) throws(DeskError) -> Change {
    var draft = Draft(set: ["name": name])
    if let ref { draft.set["ref"] = JSONText(ref) }
    if !phones.isEmpty { draft.add["phones"] = phones.map { ExactString($0) } }
    if !emails.isEmpty { draft.add["emails"] = emails.map { ExactString($0) } }
    return try create(Vocabulary.organisation, draft)
  }

  /// Says that a customer belongs to an organisation. Nil where that is known.
  ///
  /// Two memberships that are added at the same time both hold; one that is added while somebody takes it away holds.
  /// - Throws: `DeskError.invalid` where one is no customer or the other no organisation, `.notFound` where nothing is known of
  ///   one.
  @discardableResult
  public func join(_ customer: EntityID, _ organisation: EntityID) throws(DeskError) -> Change? {
    try known(customer, as: Vocabulary.customer)
    try known(organisation, as: Vocabulary.organisation)
    var draft = Draft()
    draft.add[Vocabulary.organisations] = [ExactString(organisation.description)]
    return try commit(Edit(.entity(customer), draft))
  }

  /// Says that a customer does not belong to an organisation any more. Nil where it did not.
  ///
  /// - Throws: `DeskError.invalid` where it is no customer, `.notFound` where nothing is known of it.
  @discardableResult
  public func leave(_ customer: EntityID, _ organisation: EntityID) throws(DeskError) -> Change? {
    try known(customer, as: Vocabulary.customer)
    var draft = Draft()
    draft.drop[Vocabulary.organisations] = [ExactString(organisation.description)]
    return try commit(Edit(.entity(customer), draft))
  }

  /// Writes down what was agreed on with an organisation. Nil where that is known.
  ///
  /// - Parameters:
  ///   - name: a word for it, such as `support`.
  ///   - from: the first day on which it holds, `2026-11-21`, and `until` the last; nil for ever.
  /// - Throws: `DeskError.invalid` for what is no day, for a last one before the first, and for what is no organisation;
  ///   `.notFound` where nothing is known of it.
  @discardableResult
  public func setContract(
    _ organisation: EntityID, _ name: String, text: String, from: String? = nil, until: String? = nil
  ) throws(DeskError) -> Change? {
    try known(organisation, as: Vocabulary.organisation)
    for day in [from, until].compactMap(\.self) where BusinessHours.day(day) == nil {
      throw .invalid("'\(day)' is no day; write it as 2026-11-21")
    }
    if let from, let until, until < from {
      throw .invalid("it would end on \(until), before it begins on \(from)")
    }
    var members = [("text", JSONText(text))]
    if let from { members.append(("from", JSONText(from))) }
    if let until { members.append(("until", JSONText(until))) }
    var draft = Draft()
    draft.set[ExactString(Vocabulary.contractPrefix + name)] = JSONText(object: members)
    return try record(Edit(.entity(organisation), draft))
  }

  /// An organisation with all that is known of it; nil where there is none of this id, and for the id of something else. Cost: it,
  /// and its members.
  public func organisation(_ id: EntityID) throws(StorageError) -> OrganisationView? {
    guard id.type == Vocabulary.organisation, let state = try store.mergedState(of: id) else { return nil }
    let names = Set(try store.members(of: id).map(\.description)).union([id.description])
    let candidates = try reading { () throws(StorageError) in
      try tables.entities(names.sorted().map { .organisation($0) })
    }
    var members: Set<EntityID> = []
    for candidate in Set(candidates.joined()) where candidate.type == Vocabulary.customer {
      guard let whole = try store.together(candidate), !whole.state.isErased else { continue }
      if whole.state.elements(Vocabulary.organisations).contains(where: names.contains) {
        members.insert(whole.members[0])
      }
    }
    let rows = try customers(members).values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    return OrganisationView(id: id, state: state, members: rows)
  }

  /// The organisations that a customer belongs to, by name. Cost: each of them.
  public func organisations(of customer: EntityState) throws(StorageError) -> [OrganisationView] {
    var found: [OrganisationView] = []
    for name in customer.elements(Vocabulary.organisations) {
      guard let id = EntityID(name), let state = try store.mergedState(of: id), !state.isErased else {
        continue
      }
      found.append(OrganisationView(id: id, state: state, members: []))
    }
    return found.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
  }

  /// The organisations, newest update first, without erased ones, and how many there are in all.
  public func organisations(limit: Int = 50) throws(StorageError) -> (rows: [OrganisationRow], total: Int) {
    try reading { () throws(StorageError) in
      var tests = RowTests(CustomerRow.columns)
      tests.require(number: "erased") { $0 == 0 }
      let order = RowOrder(first: tests.column("updated") ?? 0)
      let found = try tables.scan(Vocabulary.organisation, tests, order, limit: limit)
      return (found.rows.map { OrganisationRow(CustomerRow($0.entity, $0.values)) }, found.total)
    }
  }
}
