import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// How many of a customer's tickets a brief looks into, the newest and all open ones first.
  private static let briefTickets = 16

  /// What an agent has to know of a customer.
  ///
  /// Cost: the customer, at most 16 tickets with their parts and what was split from them or they were split from, the customer's
  /// promises, surveys and organisations, and the settings; nothing of other customers.
  /// - Parameters:
  ///   - ticket: the ticket that led here; nil for the newest open one.
  ///   - contacts: how many of the last contacts.
  public func brief(
    _ id: EntityID, about ticket: EntityID? = nil, contacts limit: Int = 6
  ) throws(DeskError) -> Brief {
    guard let whole = try stored({ () throws(StorageError) in try customer(id) }) else {
      throw .notFound(id.description)
    }
    let settings = try settings()
    let now = store.environment.now()
    let consents = try stored { () throws(StorageError) in
      try Consents(whole.state, settings, in: store)
    }
    let sorted = sort(whole.facts, consents, now)
    let shared = try shared(whole, consents, now)
    let rows = try tickets(of: id)
    let open = rows.filter { !Vocabulary.finished.contains($0.status) && !$0.isPart }
    // What was merged into another one may have any status.
    let rest = rows.filter { $0.isPart || Vocabulary.finished.contains($0.status) }
    let chosen = (open + rest).prefix(Self.briefTickets)
    var views = [PlainLook(whole.state)]
    var all = Self.contacts(whole.id, PlainLook(whole.state).timeline, on: whole.state)
    for (ticket, members) in try briefed(chosen, rows) {
      views += members.map { PlainLook($0) }
      all += try contacts(of: ticket, members)
    }
    all.sort {
      ($1.contact.entry.happened, $1.contact.entry.id) < ($0.contact.entry.happened, $0.contact.entry.id)
    }
    var filter = PromiseFilter()
    filter.customer = id
    return Brief(
      customer: try shown(whole).view, facts: sorted.usable, shared: shared.filter { !$0.fact.isConflict },
      unclear: sorted.unclear, sharedUnclear: shared.filter(\.fact.isConflict),
      withheld: sorted.withheld, contact: consents.answer(Vocabulary.contact),
      preferred: whole.state.text(Vocabulary.preferredChannel),
      avoided: whole.state.elements(Vocabulary.avoidedChannels),
      promises: try promises(filter, limit: .max).rows, openTickets: open,
      disputedTickets: try disputedTickets(of: whole),
      contacts: all.prefix(max(limit, 0)).map(\.contact),
      recurrence: try recurrence(all, rows, ticket ?? open.first?.id, now), feedback: try feedback(of: id),
      disagreements: views.flatMap { view in
        // Of a part nothing counts any more but what was said there.
        view.conflicts.filter {
          view.state.mergedInto == nil || $0.name.text.hasPrefix(Vocabulary.factPrefix)
        }.compactMap { mayShow($0, consents, now) }.map {
          Brief.Disagreement(on: view.id, field: $0)
        }
      }
        + shared.filter(\.fact.isConflict).map {
          Brief.Disagreement(on: $0.organisation, field: $0.fact.field)
        }, now: now)
  }

  /// What of a field on which people disagree may stand in a brief; nil for a fact that the brief withholds, because a
  /// disagreement shows all heads.
  private func mayShow(_ field: FieldView, _ consents: Consents, _ now: UInt64) -> FieldView? {
    guard field.name.text.hasPrefix(Vocabulary.factPrefix) else { return field }
    let telling = FactView(field).telling(for: Vocabulary.service, consents, now: now)
    guard telling.hidden == nil, let usable = telling.usable, usable.isConflict else { return nil }
    return usable.field
  }

  /// A customer's tickets, newest update first, also those that are a part of another one.
  private func tickets(of customer: EntityID) throws(DeskError) -> [TicketRow] {
    try stored { () throws(StorageError) in
      var filter = TicketFilter()
      filter.customer = customer
      filter.status = .all
      filter.includesParts = true
      return try tickets(filter, limit: .max).rows
    }
  }

  /// What the customer's organisations share: usable for service, under keys of which nothing is known of the customer; with what
  /// people wrote down differently.
  private func shared(
    _ whole: CustomerView, _ consents: Consents, _ now: UInt64
  ) throws(DeskError) -> [Brief.SharedFact] {
    let own = Set(whole.facts.map { FactKey.normal($0.key) })
    let organisations = try stored { () throws(StorageError) in try self.organisations(of: whole.state) }
    return organisations.flatMap { organisation in
      organisation.facts.compactMap { (fact) -> FactView? in
        let telling = fact.telling(for: Vocabulary.service, consents, now: now)
        guard !own.contains(FactKey.normal(fact.key)), telling.hidden == nil else { return nil }
        return telling.usable
      }.map {
        Brief.SharedFact(fact: $0, organisation: organisation.id, organisationName: organisation.name)
      }
    }
  }

  private func sort(
    _ facts: [FactView], _ consents: Consents, _ now: UInt64
  ) -> (usable: [FactView], unclear: [FactView], withheld: (consent: Int, purpose: Int, expired: Int)) {
    var known: [FactView] = []
    var unclear: [FactView] = []
    var withheld = (consent: 0, purpose: 0, expired: 0)
    for fact in facts {
      let telling = fact.telling(for: Vocabulary.service, consents, now: now)
      switch telling.hidden {
      case .withdrawn: withheld.consent += 1
      case .purpose: withheld.purpose += 1
      case .expired: withheld.expired += 1
      case nil:
        guard let usable = telling.usable else { continue }
        if usable.isConflict { unclear.append(usable) } else { known.append(usable) }
      }
    }
    return (known, unclear, withheld)
  }

  private func recurrence(
    _ contacts: [Contacted], _ rows: [TicketRow], _ ticket: EntityID?, _ now: UInt64
  ) throws(DeskError) -> Brief.Recurrence? {
    guard let ticket, let row = rows.first(where: { $0.id == ticket }) else { return nil }
    let top = row.isPart ? try whole(ticket) : ticket
    let about = rows.first { $0.id == top } ?? row
    let same = Set(
      rows.filter { $0.id == about.id || !about.topic.isEmpty && $0.topic == about.topic }.map(\.id))
    return Brief.Recurrence(
      contacts.filter { same.contains($0.ticket) || $0.ticket == top }.map(\.contact), about: about.id,
      topic: about.topic.isEmpty ? about.subject : about.topic, now: now)
  }

  private func feedback(of customer: EntityID) throws(DeskError) -> Brief.Feedback? {
    var latest: (at: HybridTime, state: EntityState)?
    for id in try entities(of: customer, ofType: Vocabulary.survey) {
      let state = try known(id)
      let given = SurveyRow.given(state)
      if !state.isErased, latest.map({ $0.at < given }) ?? true { latest = (given, state) }
    }
    return latest.map { at, state in
      Brief.Feedback(
        at: at, csat: state.text("csat").flatMap { Int($0) },
        ces: state.text("ces").flatMap { Int($0) }, comment: state.text("comment"),
        ticket: state.text("ticket").flatMap { EntityID($0) })
    }
  }
}
