import Agent
import Codec
import Merge
import ServiceDesk

/// Changes a ticket.
enum TicketSet {
  private static let subject = Option.value("subject", "TEXT", "what it is about, in a few words")
  private static let customer = Option.value(
    "customer", "CUSTOMER", "whose it is: the start of an id, or a number")
  private static let fields = FieldOptions(
    type: Vocabulary.ticket, fields: [(subject, "subject")] + TicketCommands.fields,
    sets: [(TicketCommands.tag, "tags")])

  private static let because = Option.value(
    "because", "TEXT", "why it is set to solved or closed without 'ticket solve'; kept in the timeline")

  static let command = Command(
    "ticket set", "Change a ticket",
    details: [
      "A new value replaces every value that this device knows of, so setting a field also settles a conflict "
        + "about it. An open ticket is solved by 'askonce ticket solve', with the solution and the customer told; only with "
        + "--because it is set to solved or closed here."
    ],
    operands: [TicketCommands.ticket, FieldOptions.operand],
    options: fields.options + [customer, TicketCommands.due, FieldOptions.clear, because],
    examples: [
      .init("Take it", "askonce ticket set k7f3.418 --assignee anna --status open"),
      .init("Give it back to the team", "askonce ticket set k7f3.418 --clear assignee"),
      .init("A field of your own", "askonce ticket set k7f3.418 serial=A-4711"),
      .init(
        "There is nothing to solve", "askonce ticket set k7f3.418 --status closed --because 'sent by a robot'"
      ),
    ]
  ) { typed in
    let draft = try fields.draft(typed, assignments: typed.operands(from: 1))
    let (owner, end) = (typed[customer], typed[TicketCommands.due])
    var checked = draft
    try TicketCommands.setDue(end, in: &checked, now: 0)
    guard !draft.isEmpty || owner != nil || end != nil else {
      throw Failure.usage("nothing to change; give an option or FIELD=VALUE")
    }
    guard owner == nil || draft.set["customer"] == nil && !draft.clear.contains("customer") else {
      throw Failure.usage("'customer' is set twice, by --customer too")
    }
    let isFinishing = draft.set["status"]?.string.map(Vocabulary.finished.contains) ?? false
    let (text, reason) = (typed.operand(0), typed[because])
    guard reason == nil || isFinishing else {
      throw Failure.usage("--because goes with --status solved or closed")
    }
    guard reason?.contains(where: { !$0.isWhitespace }) != false else {
      throw Failure.usage("--because needs a reason")
    }
    return { context in
      try Editing.edit(context, text, type: Vocabulary.ticket) { desk, id in
        var draft = draft
        try BuiltInField.complete(&draft, type: Vocabulary.ticket, context, desk)
        try TicketCommands.setDue(end, in: &draft, now: context.system.now())
        try requireNoTransfer(draft, of: id, desk)
        if isFinishing { try finish(&draft, of: id, desk, because: reason) }
        if let owner {
          draft.set["customer"] = JSONText("\(try context.presentCustomer(owner, desk))")
        }
        return try desk.record(Edit(.entity(id), draft))
      }
    }
  }

  /// Handing over what somebody has needs a reason. Settling a conflict and giving a ticket to nobody do not.
  private static func requireNoTransfer(_ draft: Draft, of id: EntityID, _ desk: Desk) throws {
    guard let next = draft.set["assignee"]?.string, let field = try desk.ticket(id)?.field("assignee"),
      !field.isConflict, !field.text.isEmpty, !next.isEmpty, field.text != next
    else { return }
    throw Failure(
      .conflict, "\(field.text) has it; 'askonce ticket transfer' hands it over, with a reason")
  }

  /// What a ticket needs to be solved is asked for by 'ticket solve'. Settling a conflict and closing what is solved need
  /// no more than that.
  private static func finish(
    _ draft: inout Draft, of id: EntityID, _ desk: Desk, because reason: String?
  ) throws {
    guard let field = try desk.ticket(id)?.field("status") else { return }
    let isSettling = field.isConflict && field.heads.contains { Vocabulary.finished.contains($0.value.plain) }
    if isSettling || Vocabulary.finished.contains(field.text), reason == nil { return }
    guard let reason else {
      throw Failure(
        .conflict,
        "'askonce ticket solve' solves it, with the solution and the record that the customer was told; to set it all "
          + "the same, give --because TEXT")
    }
    draft.log[Vocabulary.timeline] = JSONText(object: [
      ("kind", JSONText(Vocabulary.event)), ("event", JSONText("finished")), ("text", JSONText(reason)),
    ])
  }
}
