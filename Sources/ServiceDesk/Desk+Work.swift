import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// Records a new customer.
  ///
  /// - Parameters:
  ///   - address: parts by name: `street`, `postcode`, `city`, `country`.
  ///   - fields: any other registers.
  ///   - at: when it happened, and `by` who recorded it; nil for now and the store's agent.
  /// - Returns: the change; its `on` is the customer's id.
  /// - Throws: `DeskError.secret` for a field that must not be kept.
  @discardableResult
  public func newCustomer(
    name: String, phones: [String] = [], emails: [String] = [], handles: [String] = [], tags: [String] = [],
    language: String? = nil, ref: String? = nil, address: [String: String] = [:],
    fields: [ExactString: JSONText] = [:], at: HybridTime? = nil, by: String? = nil
  ) throws(DeskError) -> Change {
    var draft = Draft()
    draft.set = fields
    draft.set["name"] = JSONText(name)
    if let language { draft.set["language"] = JSONText(language) }
    if let ref { draft.set["ref"] = JSONText(ref) }
    for (part, value) in address { draft.set[ExactString("address." + part)] = JSONText(value) }
    for (field, elements) in [("phones", phones), ("emails", emails), ("handles", handles), ("tags", tags)]
    where !elements.isEmpty { draft.add[ExactString(field)] = elements.map { ExactString($0) } }
    return try create(Vocabulary.customer, draft, at: at, by: by)
  }

  /// Opens a new ticket.
  ///
  /// - Parameters:
  ///   - customer: whose it is, one that is known here.
  ///   - message: the customer's first words; an entry of the timeline.
  ///   - fields: any other registers.
  ///   - at: when it happened, and `by` who recorded it; nil for now and the store's agent.
  /// - Returns: the change; its `on` is the ticket's id.
  /// - Throws: `DeskError.secret` for a field that must not be kept, `.invalid` where the customer was erased or is
  ///   none, `.notFound` where nothing is known of it.
  @discardableResult
  public func newTicket(
    customer: EntityID?, subject: String, channel: String? = nil, priority: String? = nil,
    team: String? = nil,
    assignee: String? = nil, topic: String? = nil, status: String = "new", ref: String? = nil,
    tags: [String] = [],
    message: String? = nil, fields: [ExactString: JSONText] = [:], at: HybridTime? = nil, by: String? = nil
  ) throws(DeskError) -> Change {
    if let customer { try known(customer, as: Vocabulary.customer) }
    var draft = Draft()
    draft.set = fields
    draft.set["subject"] = JSONText(subject)
    draft.set["status"] = JSONText(status)
    let optional: [(ExactString, String?)] = [
      ("customer", customer?.description), ("channel", channel), ("priority", priority), ("team", team),
      ("assignee", assignee), ("topic", topic), ("ref", ref),
    ]
    for case (let field, let value?) in optional { draft.set[field] = JSONText(value) }
    if !tags.isEmpty { draft.add["tags"] = tags.map { ExactString($0) } }
    if let message {
      draft.log[Vocabulary.timeline] = Self.entry(
        kind: "message", channel: channel, direction: "in", text: message, more: [])
    }
    return try create(Vocabulary.ticket, draft, at: at, by: by)
  }

  /// Adds a message to a timeline, as `write` does: a written one to the customer is queued for a gateway, and one of the customer
  /// opens a pending or solved ticket again.
  ///
  /// - Parameters:
  ///   - direction: `out` to the customer, `in` from the customer.
  ///   - more: other members of the entry.
  ///   - at: when it happened, and `by` who recorded it; nil for now and the store's agent.
  /// - Throws: `DeskError.invalid` for a message without a channel or with another direction, `.notFound` where nothing is known
  ///   of the entity.
  @discardableResult
  public func reply(
    _ id: EntityID, channel: String, text: String, direction: String = "out", more: [(String, JSONText)] = [],
    at: HybridTime? = nil, by: String? = nil
  ) throws(DeskError) -> Change? {
    try write(
      id, NewEntry(Vocabulary.message, text, channel: channel, direction: direction), more: more, at: at,
      by: by)
  }

  /// Adds an internal note to a timeline, as `write` does: `@name` makes that agent follow the ticket.
  ///
  /// - Throws: `DeskError.notFound` where nothing is known of the entity.
  @discardableResult
  public func note(
    _ id: EntityID, text: String, more: [(String, JSONText)] = [], at: HybridTime? = nil, by: String? = nil
  ) throws(DeskError) -> Change? {
    try write(id, NewEntry(Vocabulary.note, text), more: more, at: at, by: by)
  }

  static func entry(
    kind: String, channel: String?, direction: String?, text: String, more: [(String, JSONText)]
  ) -> JSONText {
    var members = [("kind", JSONText(kind))]
    if let channel { members.append(("channel", JSONText(channel))) }
    if let direction { members.append(("direction", JSONText(direction))) }
    members.append(("text", JSONText(text)))
    return JSONText(object: members + more)
  }

  /// Adds tags. Nil where it has them all.
  ///
  /// - Throws: `DeskError.notFound` where nothing is known of the entity.
  @discardableResult
  public func tag(_ id: EntityID, _ tags: [String]) throws(DeskError) -> Change? {
    _ = try known(id)
    var draft = Draft()
    draft.add["tags"] = tags.map { ExactString($0) }
    return try commit(Edit(.entity(id), draft))
  }

  /// Takes tags away. Nil where it has none of them.
  ///
  /// - Throws: `DeskError.notFound` where nothing is known of the entity.
  @discardableResult
  public func untag(_ id: EntityID, _ tags: [String]) throws(DeskError) -> Change? {
    _ = try known(id)
    var draft = Draft()
    draft.drop["tags"] = tags.map { ExactString($0) }
    return try commit(Edit(.entity(id), draft))
  }

  /// Adds elements to a set by which a customer or organisation is reached: `phones`, `emails`, `handles`, or `avoid`, the channels on
  /// which not to contact them. Nil where it has them all.
  ///
  /// - Throws: `DeskError.invalid` for another set, an empty element, a channel that there is not, and for what is neither; `.notFound`
  ///   where nothing is known of it.
  @discardableResult
  public func add(_ elements: [String], to set: ExactString, of id: EntityID) throws(DeskError) -> Change? {
    try require(reached: id, by: set)
    var draft = Draft()
    draft.add[set] = try BuiltInField.elements(elements, of: set)
    return try commit(Edit(.entity(id), draft))
  }

  /// Takes elements out of a set by which a customer or organisation is reached, as `add` adds them. Nil where it has none of them.
  ///
  /// What a colleague adds at the same time, without having seen this, stays.
  /// - Throws: `DeskError.invalid` for another set, and for what is neither; `.notFound` where nothing is known of it.
  @discardableResult
  public func drop(_ elements: [String], from set: ExactString, of id: EntityID) throws(DeskError) -> Change?
  {
    try require(reached: id, by: set)
    var draft = Draft()
    draft.drop[set] = elements.map { ExactString($0) }
    return try commit(Edit(.entity(id), draft))
  }

  private func require(reached id: EntityID, by set: ExactString) throws(DeskError) {
    let sets = Vocabulary.contactSets + [Vocabulary.avoidedChannels]
    guard sets.contains(set) else {
      throw .invalid(
        "'\(set)' is no set by which somebody is reached, but \(sets.map(\.text).joined(separator: ", ")) are"
      )
    }
    guard [Vocabulary.customer, Vocabulary.organisation].contains(id.type) else {
      throw .invalid("\(id) is no customer or organisation, but of type \(id.type)")
    }
    _ = try known(id)
  }

  /// Sets fields, and clears those whose value is nil. This settles conflicts on them.
  ///
  /// What means something to the desk takes no other value, see `BuiltInField`: a ticket's `due` is a `HybridTime`'s text. Sets such as
  /// `phones` are added to, see `add`.
  /// - Throws: `DeskError.notFound` where nothing is known of the entity or of a `customer`, `.secret` for a value that must not be
  ///   kept, `.invalid` for one that would count as none, and for a `customer` who was erased.
  @discardableResult
  public func set(
    _ id: EntityID, _ fields: [ExactString: String?], at: HybridTime? = nil, by: String? = nil
  ) throws(DeskError) -> Change? {
    _ = try known(id)
    var draft = Draft()
    for (field, value) in fields {
      if let value {
        draft.set[field] = try kept(JSONText(value), of: field, on: id)
      } else {
        draft.clear.insert(field)
      }
    }
    return try record(Edit(.entity(id), draft, at: at, by: by))
  }
}
