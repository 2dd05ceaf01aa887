import Agent
import ServiceDesk

/// Adds an internal note to a ticket.
enum TicketNote {
  static let command = Command(
    "ticket note", "Add an internal note to a ticket, which no customer sees",
    details: ["@name makes that colleague follow the ticket."],
    operands: [TicketCommands.ticket, Operand("TEXT", "the note; - reads standard input")],
    options: EntryOptions.all,
    examples: [
      .init("For colleagues", "askonce ticket note k7f3.418 'The part is on back order until May'"),
      .init(
        "For one of them", "askonce ticket note k7f3.418 '@bo can you look at the photo?' --file tap.jpg"),
    ]
  ) { typed in
    let (text, words) = (typed.operand(0), typed.operand(1))
    try EntryOptions.check(typed)
    return { context in
      let note = try InputText.read(words)
      return try context.withDesk(.writing) { desk in
        let id = try context.wholeTicket(text, desk)
        var entry = NewEntry(Vocabulary.note, note)
        try EntryOptions.apply(typed, to: &entry, context)
        Editing.report(context, id, try desk.write(id, entry))
      }
    }
  }
}
