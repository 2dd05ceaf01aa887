import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// Writes down what a customer said about a purpose.
  ///
  /// From this change on, every device that has it hides the facts of a withdrawn purpose. A grant that was given at
  /// the same time elsewhere does not undo a withdrawal, even if it is later; a grant by somebody who knew of it does.
  /// - Throws: `DeskError.invalid` for a purpose that the workspace does not have.
  @discardableResult
  public func setConsent(
    _ customer: EntityID, _ purpose: String, isGranted: Bool, channel: String? = nil,
    ticket: EntityID? = nil, at: HybridTime? = nil, by: String? = nil
  ) throws(DeskError) -> Change? {
    let settings = try settings()
    guard settings.purposes.contains(purpose) else {
      throw .invalid(
        "there is no purpose '\(purpose)' here, but \(settings.purposes.joined(separator: ", "))")
    }
    _ = try known(customer)
    var members = [("state", JSONText(isGranted ? "granted" : "withdrawn"))]
    // With its time every answer is one of its own: a second withdrawal counts against a grant that knew only the first.
    members.append(
      ("at", JSONText((at ?? HybridTime(milliseconds: store.environment.now())).description)))
    if let channel { members.append(("channel", JSONText(channel))) }
    if let ticket { members.append(("ticket", JSONText(ticket.description))) }
    var draft = Draft()
    draft.set[ExactString(Vocabulary.consentPrefix + purpose)] = JSONText(object: members)
    return try commit(Edit(.entity(customer), draft, at: at, by: by))
  }

  /// What a customer said about all purposes. Cost: the customer and the settings.
  public func consents(_ customer: EntityID) throws(DeskError) -> Consents {
    let (state, settings) = (try known(customer), try settings())
    return try stored { () throws(StorageError) in try Consents(state, settings, in: store) }
  }

  /// Gives the workspace a purpose of its own, or one that all have another default.
  ///
  /// - Parameters:
  ///   - isGranted: what counts where a customer said nothing; nil leaves it.
  ///   - text: what it means.
  @discardableResult
  public func setPurpose(
    _ name: String, isGrantedByDefault isGranted: Bool?, text: String? = nil
  ) throws(DeskError) -> Change? {
    let settings = try settings()
    let isDefault = isGranted ?? settings.isGrantedByDefault(name)
    var members = [("default", JSONText(isDefault ? "granted" : "withdrawn"))]
    if let text = text ?? settings.explanation(ofPurpose: name) { members.append(("text", JSONText(text))) }
    var draft = Draft()
    draft.set[ExactString(Vocabulary.purposePrefix + name)] = JSONText(object: members)
    return try configure(draft)
  }

  /// The customer for whom an entity counts: itself, the one that it names, and of a ticket that names none and is a part of
  /// another one, that one's. Cost: a fold for each ticket that it is a part of.
  public static func customer(
    of state: EntityState, in store: Store
  ) throws(StorageError) -> EntityID? {
    if state.id.type == Vocabulary.customer { return state.id }
    var state = state
    while true {
      if let customer = EntityID(state.text("customer") ?? "") { return customer }
      guard let whole = try store.whole(above: state) else { return nil }
      state = whole
    }
  }

  /// The answers that count for an entity: a customer's own, else those of the customer that it names, of a part of a ticket
  /// that names none those of the whole's; where there is none, what counts where nobody said anything.
  func consents(for state: EntityState) throws(DeskError) -> Consents {
    let settings = try settings()
    return try stored { () throws(StorageError) in
      let theirs = try Self.customer(of: state, in: store).flatMap { (id) throws(StorageError) in
        try store.mergedState(of: id)
      }
      return try Consents(theirs, settings, in: store)
    }
  }

  /// An entity of any type as it may be shown: without the facts whose purpose has no consent and those that hold no longer, and
  /// without redacted words.
  ///
  /// Cost: its customer and the settings.
  /// - Returns: what may be shown, and how many facts are hidden.
  public func shown(_ state: EntityState) throws(DeskError) -> (state: EntityState, hidden: Int) {
    let (shown, hidden) = try consents(for: state).shown(state, now: store.environment.now())
    return (shown.withoutRedactedWords, hidden)
  }

  /// A customer as it may be shown.
  public func shown(_ view: CustomerView) throws(DeskError) -> (view: CustomerView, hidden: Int) {
    let (state, hidden) = try shown(view.state)
    return (
      CustomerView(id: view.id, state: state, members: view.members, openTickets: view.openTickets), hidden
    )
  }

  /// A ticket as it may be shown, by what its customer said.
  public func shown(_ view: TicketView) throws(DeskError) -> (view: TicketView, hidden: Int) {
    let (state, hidden) = try shown(view.state)
    return (TicketView(id: view.id, state: state, customerName: view.customerName), hidden)
  }

  /// An organisation as it may be shown: nobody consents for it, so what counts is what counts where nobody said anything.
  public func shown(
    _ view: OrganisationView
  ) throws(DeskError) -> (view: OrganisationView, hidden: Int) {
    let (state, hidden) = try shown(view.state)
    return (OrganisationView(id: view.id, state: state, members: view.members), hidden)
  }

  /// The facts of a customer's organisation that may be shown together with the customer.
  public func facts(
    of organisation: OrganisationView, with customer: CustomerView
  ) throws(DeskError) -> [FactView] {
    let (shown, _) = try consents(for: customer.state).shown(
      organisation.state, now: store.environment.now())
    return PlainLook(shown).facts
  }

  /// The entities of any type whose `customer` is this one, or one that was merged with it, ordered. Cost: a page or two, and
  /// a fold for each.
  public func entities(of customer: EntityID, ofType type: String? = nil) throws(DeskError) -> [EntityID] {
    try stored { () throws(StorageError) in
      try reading { () throws(StorageError) in
        let names = Set(try store.members(of: customer).map(\.description)).union([customer.description])
        var found: Set<EntityID> = []
        for id in try tables.entities(names.map { .customer($0) }).joined()
        where (type == nil || id.type == type) && !found.contains(id) {
          let heads = try store.state(of: id)?.registers["customer"]?.heads ?? []
          if heads.contains(where: { $0.value.string.map(names.contains) ?? false }) { found.insert(id) }
        }
        return found.sorted()
      }
    }
  }
}
