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
  /// Cost: the customer, at most 16 tickets, the customer's promises, surveys and organisations, and the settings; nothing
  /// of other customers.
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
    let consents = Consents(whole.state, settings)
    let sorted = sort(whole.facts, consents, now)
    let rows = try tickets(of: id)
    let open = rows.filter { !Vocabulary.finished.contains($0.status) && !$0.isPart }
    let chosen = (open + rows.filter { Vocabulary.finished.contains($0.status) }).prefix(Self.briefTickets)
    var views = [PlainLook(whole.state)]
    for row in chosen { views.append(PlainLook(try known(row.id).withoutRedactedWords)) }
    let all = views.flatMap { view in
      var items = TicketPage.Entry.all(view.timeline.filter(\.isContact), on: view.state)
      items.cancelTwins()
      // What was taken back never reached the customer.
      return items.filter { $0.state != "cancelled" }.map { item in
        Brief.Contact(entry: item.entry, on: view.id, text: item.text)
      }
    }.sorted { ($1.entry.happened, $1.entry.id) < ($0.entry.happened, $0.entry.id) }
    var filter = PromiseFilter()
    filter.customer = id
    return Brief(
      customer: try shown(whole).view, facts: sorted.usable, shared: try shared(whole, consents, now),
      unclear: sorted.unclear,
      withheld: sorted.withheld, contact: consents.answer(Vocabulary.contact),
      preferred: whole.state.text(Vocabulary.preferredChannel),
      avoided: whole.state.elements(Vocabulary.avoidedChannels),
      promises: try promises(filter, limit: .max).rows, openTickets: open,
      contacts: Array(all.prefix(max(limit, 0))),
      recurrence: recurrence(all, rows, ticket ?? open.first?.id, now), feedback: try feedback(of: id),
      disagreements: views.flatMap { view in
        view.conflicts.compactMap { mayShow($0, consents, now) }.map {
          Brief.Disagreement(on: view.id, field: $0)
        }
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

  private func shared(
    _ whole: CustomerView, _ consents: Consents, _ now: UInt64
  ) throws(DeskError) -> [Brief.SharedFact] {
    let own = Set(whole.facts.map { FactKey.normal($0.key) })
    let organisations = try stored { () throws(StorageError) in try self.organisations(of: whole.state) }
    return organisations.flatMap { organisation in
      organisation.facts.compactMap { (fact) -> FactView? in
        let telling = fact.telling(for: Vocabulary.service, consents, now: now)
        guard !own.contains(FactKey.normal(fact.key)), telling.hidden == nil else { return nil }
        return telling.usable.flatMap { $0.isConflict ? nil : $0 }
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
    _ contacts: [Brief.Contact], _ rows: [TicketRow], _ ticket: EntityID?, _ now: UInt64
  ) -> Brief.Recurrence? {
    guard let row = rows.first(where: { $0.id == ticket }) else { return nil }
    let same = Set(rows.filter { $0.id == row.id || !row.topic.isEmpty && $0.topic == row.topic }.map(\.id))
    return Brief.Recurrence(
      contacts.filter { same.contains($0.on) }, about: row.id,
      topic: row.topic.isEmpty ? row.subject : row.topic, now: now)
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
