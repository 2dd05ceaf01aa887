import Agent
import Codec
import Merge
import ServiceDesk

/// Opens a ticket.
enum TicketNew {
  private static let customer = Option.value(
    "customer", "CUSTOMER", "whose it is: the start of an id, or a number")
  private static let message = Option.value(
    "message", "TEXT", "what the customer said; - reads standard input")
  private static let fields = FieldOptions(
    type: Vocabulary.ticket, fields: TicketCommands.fields, sets: [(TicketCommands.tag, "tags")])

  static let command = Command(
    "ticket new", "Open a ticket and print its id",
    details: ["It is not opened as solved or closed: 'ticket solve' asks for what that needs."],
    operands: [Operand("SUBJECT", "what it is about, in a few words"), FieldOptions.operand],
    options: [customer, message, TicketCommands.due] + fields.options,
    examples: [
      .init(
        "A customer calls",
        "askonce ticket new 'The tap leaks' --customer k7f3.12 --channel phone --message 'It drips all night'"
      ),
      .init(
        "Something to do without a customer", "askonce ticket new 'Order new price lists' --assignee anna"),
    ]
  ) { typed in
    var draft = try fields.draft(
      typed, assignments: typed.operands(from: 1), named: [("SUBJECT", "subject", typed.operand(0))])
    if draft.set["status"] == nil { draft.set["status"] = JSONText("new") }
    guard draft.set["status"]?.string.map(Vocabulary.finished.contains) != true else {
      throw Failure(
        .conflict,
        "a new ticket is not finished; 'askonce ticket solve' solves it, with the solution and the record that the customer "
          + "was told, or 'askonce ticket set' with --because")
    }
    let end = typed[TicketCommands.due]
    var checked = draft
    try TicketCommands.setDue(end, in: &checked, now: 0)
    guard !typed.has(customer) || draft.set["customer"] == nil else {
      throw Failure.usage("'customer' is set twice, by --customer too")
    }
    let (owner, text, channel, prepared) = (
      typed[customer], typed[message], typed[TicketCommands.channel], draft
    )
    return { context in
      let message = try text.map { try InputText.read($0) }
      return try Editing.create(context) { desk in
        var draft = prepared
        try BuiltInField.complete(&draft, type: Vocabulary.ticket, context, desk)
        try TicketCommands.setDue(end, in: &draft, now: context.system.now())
        if let owner {
          draft.set["customer"] = JSONText("\(try context.presentCustomer(owner, desk))")
        }
        if let message {
          draft.log[Vocabulary.timeline] = JSONText(present: [
            ("kind", JSONText("message")), ("channel", channel.map { JSONText($0) }),
            ("direction", JSONText("in")),
            ("text", JSONText(message)),
          ])
        }
        return try desk.record(Edit(.new(type: Vocabulary.ticket), draft))
      }
    }
  }
}
