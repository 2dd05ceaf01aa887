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
      .init(
        "The last message",
        "askonce ticket show k7f3.418 --json | jq -r '[.timeline[] | select(.kind == \"message\")][-1].text'"),
    ]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try context.find(text, type: Vocabulary.ticket, desk)
        let page = try desk.page(id)
        let (view, hidden) = try desk.shown(page.view)
        let holds = try desk.holdReasons(on: page)
        if context.isJSON {
          context.output.json(
            EntityJSON.value(
              view.state,
              [
                ("short", JSONText(desk.shortID(page.id))),
                ("customerName", view.customerName.map { JSONText($0) }),
                ("hidden", hidden == 0 ? nil : JSONText(hidden)),
              ] + TicketPageJSON.members(page, holds, desk)))
        } else {
          if page.id != id { context.note("\(desk.shortID(id)) is a part of \(desk.shortID(page.id)) now") }
          write(page, view, hidden, holds, desk, context.output)
        }
      }
    }
  }

  /// The fields that come first, in this order.
  private static let first: [ExactString] = [
    "status", "priority", "team", "assignee", "owner", "channel", "topic", "due", "ref", "solution",
  ]
  /// Fields with a place of their own on the page.
  private static let placed = [
    Vocabulary.replyPrefix, Vocabulary.redactedPrefix, Vocabulary.correctedPrefix, Vocabulary.factPrefix,
    "split", Vocabulary.outreachField.text,
  ]

  private static func write(
    _ page: TicketPage, _ view: TicketView, _ hidden: Int, _ holds: [ChangeID: HoldReason], _ desk: Desk,
    _ output: Output
  ) {
    let title = "ticket \(desk.shortID(view.id))  \(Plain.line(view.subject))"
    guard EntityText.heading(title, view.state, output) else { return }
    var sheet = Sheet()
    if view.field("subject")?.isConflict == true { sheet.add("subject", view.field("subject")) }
    if let customer = view.customer {
      sheet.add("customer", "\(view.customerName ?? "not known here") (\(desk.shortID(customer)))")
      if view.field("customer")?.isConflict == true { sheet.add("customer", view.field("customer")) }
    }
    for name in first {
      if name == "due" {
        sheet.add("due", view.field(name), as: Moment.local)
      } else {
        sheet.add(name.text, view.field(name))
      }
    }
    sheet.add("tags", view.tags.joined(separator: ", "))
    for field in view.fields
    where !first.contains(field.name) && field.name != "subject"
      && !placed.contains(where: field.name.text.hasPrefix)
    {
      if field.name != "customer" || view.customer == nil { sheet.add(field.name.text, field) }
    }
    if let id = view.state.text(Vocabulary.outreachField).flatMap({ EntityID($0) }) {
      let outreach = try? desk.outreach(id)
      sheet.add("outreach", outreach?.name ?? id.description)
    }
    sheet.add("took in", page.parts.map { desk.shortID($0.id) }.joined(separator: ", "))
    sheet.add("split from", page.splitFrom.map { desk.shortID($0) })
    sheet.add("split into", page.splitInto.map { desk.shortID($0) }.joined(separator: ", "))
    for link in page.links { sheet.add(link.relation, desk.shortID(link.ticket)) }
    for promise in page.promises {
      let due = promise.due.map { ", by \(Moment.local($0))" } ?? ""
      sheet.add("promised", "\(promise.text) (\(promise.state)\(due), \(desk.shortID(promise.id)))")
    }
    for fact in view.facts {
      sheet.add(fact.key, fact.alternatives.map(\.value.plain).joined(separator: " or "))
    }
    let (done, open) = (page.care.filter { $0.evidence != nil }, page.care.filter { $0.evidence == nil })
    sheet.add("care", done.map(\.name).joined(separator: ", "))
    sheet.add("still to do", open.map(\.name).joined(separator: ", "))
    for set in view.state.sets.keys.sorted() where set != "tags" && set != Vocabulary.links {
      sheet.add(set.text, view.state.elements(set).joined(separator: ", "))
    }
    for (name, count) in view.state.counters.sorted(by: { $0.key < $1.key }) {
      sheet.add(name.text, String(count))
    }
    sheet.write(to: output, indent: "  ")
    EntityText.tellHidden(hidden, output)
    if !page.entries.isEmpty {
      output.line()
      TimelineText.write(page, holds, desk, to: output)
    }
  }
}
