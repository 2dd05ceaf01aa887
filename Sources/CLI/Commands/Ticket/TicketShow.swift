import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Shows a ticket.
enum TicketShow {
  static let command = Command(
    "ticket show", "Show a ticket with its timeline",
    operands: [TicketCommands.ticket],
    examples: [
      .init("By the start of the id", "askonce ticket show k7f3.418"),
      .init("By the number of the old system", "askonce ticket show INC0000045"),
      .init("The last message", "askonce ticket show k7f3.418 --json | jq '.logs.timeline[-1].value.text'"),
    ]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try context.find(text, type: Vocabulary.ticket, desk)
        guard let view = try desk.ticket(id) else { return }
        if context.isJSON {
          context.output.json(
            EntityJSON.value(
              view.state,
              [
                ("short", JSONText(desk.shortID(id))),
                ("customerName", view.customerName.map { JSONText($0) }),
              ]))
        } else {
          write(view, desk, context.output)
        }
      }
    }
  }

  /// The fields that come first, in this order.
  private static let first: [ExactString] = [
    "status", "priority", "team", "assignee", "channel", "topic", "due", "ref",
  ]

  private static func write(_ view: TicketView, _ desk: Desk, _ output: Output) {
    output.line(output.styled("ticket \(desk.shortID(view.id))  \(Plain.line(view.subject))", .bold))
    output.line(EntityText.dates(view.state))
    if view.isErased {
      output.line(EntityText.erased(output))
      return
    }
    var sheet = Sheet()
    if view.field("subject")?.isConflict == true { sheet.add("subject", view.field("subject")) }
    if let customer = view.customer {
      sheet.add("customer", "\(view.customerName ?? "not known here") (\(desk.shortID(customer)))")
      if view.field("customer")?.isConflict == true { sheet.add("customer", view.field("customer")) }
    }
    for name in first {
      if name == "due", let due = view.due, view.field(name)?.isConflict == false {
        sheet.add("due", Moment.local(due))
      } else {
        sheet.add(name.text, view.field(name))
      }
    }
    sheet.add("tags", view.tags.joined(separator: ", "))
    for field in view.fields where !first.contains(field.name) && field.name != "subject" {
      if field.name != "customer" || view.customer == nil { sheet.add(field.name.text, field) }
    }
    for set in view.state.sets.keys.sorted() where set != "tags" {
      sheet.add(set.text, view.state.elements(set).joined(separator: ", "))
    }
    for (name, count) in view.state.counters.sorted(by: { $0.key < $1.key }) {
      sheet.add(name.text, String(count))
    }
    sheet.write(to: output, indent: "  ")
    if !view.timeline.isEmpty {
      output.line()
      TimelineText.write(view.timeline, to: output)
    }
  }
}
