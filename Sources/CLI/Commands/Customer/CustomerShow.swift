import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Shows a customer.
enum CustomerShow {
  static let command = Command(
    "customer show", "Show a customer: contact points, facts, open tickets, timeline",
    operands: [CustomerCommands.customer],
    examples: [
      .init("By the start of the id", "askonce customer show k7f3.12"),
      .init("Only the phone numbers", "askonce customer show k7f3.12 --json | jq -r '.sets.phones[]'"),
    ]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try context.find(text, type: Vocabulary.customer, desk)
        guard let whole = try desk.customer(id) else { return }
        let (view, hidden) = try desk.shown(whole)
        if context.isJSON {
          let tickets = view.openTickets.map { TicketJSON.row($0, desk) }
          let disputed = try desk.disputedTickets(of: view).map { TicketJSON.row($0, desk) }
          context.output.json(
            EntityJSON.value(
              view.state,
              [
                ("short", JSONText(desk.shortID(view.id))),
                (
                  "merged",
                  view.members.count > 1 ? EntityJSON.strings(view.members.map(\.description)) : nil
                ),
                ("openTickets", JSONText(array: tickets)),
                ("disputedTickets", disputed.isEmpty ? nil : JSONText(array: disputed)),
                ("hidden", hidden == 0 ? nil : JSONText(hidden)),
              ]))
        } else {
          write(view, desk, context.output)
          EntityText.tellHidden(hidden, context.output)
          try writeIdentity(view, desk, context.output)
        }
      }
    }
  }

  /// Fields that have a place of their own on the page.
  private static let placed: Set<ExactString> = ["name", "language", "ref", Vocabulary.preferredChannel]

  private static func write(_ view: CustomerView, _ desk: Desk, _ output: Output) {
    let title = "customer \(desk.shortID(view.id))  \(Plain.line(view.name))"
    guard EntityText.heading(title, view.state, output) else { return }
    var sheet = Sheet()
    if view.field("name")?.isConflict == true { sheet.add("name", view.field("name")) }
    if view.members.count > 1 {
      sheet.add("merged", view.members.map(desk.shortID).joined(separator: ", "))
    }
    sheet.add("phones", view.phones.joined(separator: ", "))
    sheet.add("e-mails", view.emails.joined(separator: ", "))
    sheet.add("handles", view.handles.joined(separator: ", "))
    sheet.add("language", view.field("language"))
    sheet.add("likes best", view.field(Vocabulary.preferredChannel))
    sheet.add("not by", view.state.elements(Vocabulary.avoidedChannels).joined(separator: ", "))
    for part in view.address { sheet.add(String(part.name.text.dropFirst("address.".count)), part) }
    sheet.add("ref", view.field("ref"))
    sheet.add("tags", view.tags.joined(separator: ", "))
    for field in view.fields
    where !placed.contains(field.name) && !field.name.text.hasPrefix("address.")
      && !field.name.text.hasPrefix(Vocabulary.factPrefix)
      && !field.name.text.hasPrefix(Vocabulary.consentPrefix)
    { sheet.add(field.name.text, field) }
    let own: Set<ExactString> = [
      "tags", Vocabulary.same, Vocabulary.distinct, Vocabulary.kept, Vocabulary.given,
      Vocabulary.avoidedChannels, Vocabulary.organisations,
    ]
    for set in view.state.sets.keys.sorted() where !own.contains(set) && !Vocabulary.contactSets.contains(set)
    {
      sheet.add(set.text, view.state.elements(set).joined(separator: ", "))
    }
    sheet.write(to: output, indent: "  ")
    writeFacts(view, output)
    if !view.openTickets.isEmpty {
      output.line()
      TicketTable.write(view.openTickets, desk, showingCustomer: false, to: output)
    }
    if !view.timeline.isEmpty {
      output.line()
      TimelineText.write(view.timeline, to: output)
    }
  }

  /// What is to be known about the profiles that this customer consists of, or consisted of.
  private static func writeIdentity(_ view: CustomerView, _ desk: Desk, _ output: Output) throws {
    for organisation in try desk.organisations(of: view.state) {
      output.line()
      output.line("belongs to \(Plain.line(organisation.name)) (\(desk.shortID(organisation.id)))")
      var sheet = Sheet()
      OrganisationText.add(
        try desk.facts(of: organisation, with: view), organisation.contracts, to: &sheet)
      sheet.write(to: output, indent: "  ")
    }
    let name = desk.shortID(view.id)
    for (left, right) in try desk.mergeContradictions(of: view.id) {
      output.line()
      output.line(
        output.styled(
          "somebody said that \(desk.shortID(left)) and \(desk.shortID(right)) are different people, somebody else merged "
            + "them: 'customer split' or 'customer merge' again", .yellow))
    }
    let disputed = try desk.disputedTickets(of: view)
    if !disputed.isEmpty {
      output.line()
      output.line(
        output.styled("may be this customer's too: people disagree about whose these are", .yellow))
      TicketTable.write(disputed, desk, showingCustomer: true, to: output)
    }
    let questions = try view.members.reduce(0) { $0 + (try desk.splitQuestions(of: $1).count) }
    if questions > 0 {
      output.line()
      output.line(
        output.styled(
          "\(Words.count(questions, "change")) here may be another customer's: 'customer questions \(name)' lists them",
          .yellow))
    }
  }

  private static func writeFacts(_ view: CustomerView, _ output: Output) {
    guard !view.facts.isEmpty else { return }
    output.line()
    output.line("known, so do not ask again:")
    var sheet = Sheet()
    for fact in view.facts {
      let source = ["by \(fact.by)", fact.channel.map { "on \($0)" }, Moment.local(fact.at)]
      sheet.add(fact.key, "\(fact.value.plain) (\(source.compactMap(\.self).joined(separator: ", ")))")
      for other in fact.alternatives.dropFirst() {
        sheet.add("", "or \(other.value.plain) (by \(other.by), \(Moment.local(other.at)))", .yellow)
      }
    }
    sheet.write(to: output, indent: "  ")
  }
}
