import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Commands for companies, households and other organisations that customers belong to.
enum OrganisationCommands {
  static let group = CommandGroup(
    "organisation", "Organisations: who belongs to them, what is agreed with them",
    [new, show, set, list, join, leave, contract])

  private static let organisation = Operand(
    "ORGANISATION", "the start of its id, or its number from another system")
  private static let fields = FieldOptions(
    type: Vocabulary.organisation, fields: CustomerCommands.fields.fields,
    sets: CustomerCommands.fields.sets.filter { $0.field != "handles" })

  private static let new = Command(
    "organisation new", "Record a new organisation and print its id",
    operands: [Operand("NAME", "its name"), FieldOptions.operand], options: fields.options,
    examples: [
      .init("A company", "askonce organisation new 'Nord Bryggeri AB' --ref 556677-8899 --city Lund")
    ]
  ) { typed in
    let made = try fields.draft(
      typed, assignments: typed.operands(from: 1), named: [("NAME", "name", typed.operand(0))])
    return { context in
      try Editing.create(context) { desk in
        try desk.record(Edit(.new(type: Vocabulary.organisation), made))
      }
    }
  }

  private static let set = Command(
    "organisation set", "Change what is known about an organisation",
    details: [
      "What holds for all who belong to it is a fact of the organisation: 'fact.delivery_day=Tuesday'."
    ],
    operands: [organisation, FieldOptions.operand], options: fields.options + [FieldOptions.clear],
    examples: [
      .init("A shared fact", "askonce organisation set k7f3.7 fact.delivery_day=Tuesday"),
      .init("Its new name", "askonce organisation set k7f3.7 name='Nord Bryggeri'"),
    ]
  ) { typed in
    let (text, draft) = (typed.operand(0), try fields.draft(typed, assignments: typed.operands(from: 1)))
    guard !draft.isEmpty else { throw Failure.usage("nothing to change; give an option or FIELD=VALUE") }
    return { context in try Editing.edit(context, text, type: Vocabulary.organisation, draft) }
  }

  private static let list = Command(
    "organisation list", "List organisations, the one that was updated last first", options: [Limit.option],
    examples: [.init("The latest ten", "askonce organisation list --limit 10")]
  ) { typed in
    let limit = try Limit(typed)
    return { context in
      try context.withDesk(.reading) { desk in
        let (rows, total) = try desk.organisations(limit: limit.count(isJSON: context.isJSON))
        if context.isJSON {
          context.output.json(
            list: rows.map { row in
              JSONText(present: [
                ("id", JSONText(row.id.description)), ("short", JSONText(desk.shortID(row.id))),
                ("ref", row.ref.map { JSONText($0) }), ("name", JSONText(row.name)),
                ("country", JSONText(row.country)),
                ("updated", JSONText(HybridTime(milliseconds: row.updated).description)),
                ("conflicts", JSONText(row.conflicts)),
              ])
            })
          return
        }
        var table = Table(["id", "ref", "country", "updated", "name"])
        for row in rows {
          table.add([
            .init(desk.shortID(row.id)), .init(row.ref ?? ""), .init(row.country),
            .init(Moment.local(row.updated)), .init(row.name, row.conflicts == 0 ? nil : .yellow),
          ])
        }
        table.write(to: context.output)
        limit.tellRest(rows.count, of: total, "organisation", context)
      }
    }
  }

  private static let show = Command(
    "organisation show", "Show an organisation: contact points, facts, contracts, who belongs to it",
    operands: [organisation], examples: [.init("By the start of the id", "askonce organisation show k7f3.7")]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try context.find(text, type: Vocabulary.organisation, desk)
        guard let whole = try desk.organisation(id) else { return }
        let (view, hidden) = try desk.shown(whole)
        if context.isJSON {
          context.output.json(
            EntityJSON.value(
              view.state,
              [
                ("short", JSONText(desk.shortID(id))),
                ("hidden", hidden == 0 ? nil : JSONText(hidden)),
                ("members", JSONText(array: view.members.map { CustomerJSON.row($0, desk) })),
              ]))
        } else {
          OrganisationText.write(view, hidden, desk, context.output)
        }
      }
    }
  }

  private static let join = membership(
    "organisation join", "Say that a customer belongs to an organisation",
    .init("She works there", "askonce organisation join k7f3.12 k7f3.7")
  ) { desk, customer, organisation in try desk.join(customer, organisation) }

  private static let leave = membership(
    "organisation leave", "Say that a customer does not belong to an organisation any more",
    .init("She has left", "askonce organisation leave k7f3.12 k7f3.7")
  ) { desk, customer, organisation in try desk.leave(customer, organisation) }

  private static func membership(
    _ path: String, _ summary: String, _ example: Command.Example,
    _ edit: @escaping @Sendable (Desk, EntityID, EntityID) throws -> Change?
  ) -> Command {
    Command(path, summary, operands: [CustomerCommands.customer, organisation], examples: [example]) {
      typed in
      let (who, what) = (typed.operand(0), typed.operand(1))
      return { context in
        try Editing.edit(context, who, type: Vocabulary.customer) { desk, customer in
          try edit(desk, customer, try context.find(what, type: Vocabulary.organisation, desk))
        }
      }
    }
  }

  private static let from = Option.value("from", "DAY", "the first day on which it holds: 2026-11-21")
  private static let until = Option.value("until", "DAY", "the last day on which it holds")

  private static let contract = Command(
    "organisation contract", "Write down what is agreed with an organisation",
    operands: [
      organisation, Operand("NAME", "a word for it, such as 'support'"), Operand("TEXT", "what is agreed"),
    ], options: [from, until],
    examples: [
      .init(
        "Service within four hours",
        "askonce organisation contract k7f3.7 support 'On site within 4 hours' --until 2027-12-31")
    ]
  ) { typed in
    let (who, name, text) = (typed.operand(0), typed.operand(1), typed.operand(2))
    for option in [from, until] {
      if let day = typed[option], day.count != 10 || (try? Moment.parse(day, now: 0)) == nil {
        throw Failure.usage("--\(option.name) takes a day such as 2026-11-21, not '\(day)'")
      }
    }
    _ = try FieldName.parse(Vocabulary.contractPrefix + name)
    let days = (typed[from], typed[until])
    return { context in
      try Editing.edit(context, who, type: Vocabulary.organisation) { desk, id in
        try desk.setContract(id, name, text: text, from: days.0, until: days.1)
      }
    }
  }
}

/// An organisation as a person reads it.
enum OrganisationText {
  static func write(_ view: OrganisationView, _ hidden: Int, _ desk: Desk, _ output: Output) {
    let title = "organisation \(desk.shortID(view.id))  \(Plain.line(view.name))"
    guard EntityText.heading(title, view.state, output) else { return }
    var sheet = Sheet()
    if view.field("name")?.isConflict == true { sheet.add("name", view.field("name")) }
    sheet.add("phones", view.phones.joined(separator: ", "))
    sheet.add("e-mails", view.emails.joined(separator: ", "))
    for field in view.fields
    where field.name != "name" && !field.name.text.hasPrefix(Vocabulary.factPrefix)
      && !field.name.text.hasPrefix(Vocabulary.contractPrefix)
    { sheet.add(field.name.text, field) }
    sheet.add("tags", view.tags.joined(separator: ", "))
    add(view.facts, view.contracts, to: &sheet)
    sheet.write(to: output, indent: "  ")
    EntityText.tellHidden(hidden, output)
    guard !view.members.isEmpty else { return }
    output.line()
    CustomerTable.write(view.members, desk, to: output)
  }

  /// What holds for all who belong to it, with the other values where people wrote it down differently.
  static func add(_ facts: [FactView], _ contracts: [Contract], to sheet: inout Sheet) {
    for fact in facts {
      sheet.add(fact.key, fact.value.plain)
      for other in fact.alternatives.dropFirst() {
        sheet.add("", "or \(other.value.plain) (\(other.by), \(Moment.local(other.at)))", .yellow)
      }
    }
    for contract in contracts { sheet.add("contract \(contract.name)", contract.field, as: words) }
  }

  /// A contract as it was written.
  private static func words(_ value: JSONText) -> String {
    let days = [
      value["from"]?.string.map { "from \($0)" }, value["until"]?.string.map { "until \($0)" },
    ].compactMap(\.self)
    return (value["text"] ?? value).plain + (days.isEmpty ? "" : " (\(days.joined(separator: " ")))")
  }
}
