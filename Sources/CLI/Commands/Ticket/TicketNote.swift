import ServiceDesk

/// Adds an internal note to a ticket.
enum TicketNote {
  static let command = Command(
    "ticket note", "Add an internal note to a ticket, which no customer sees",
    operands: [TicketCommands.ticket, Operand("TEXT", "the note; - reads standard input")],
    examples: [.init("For colleagues", "askonce ticket note k7f3.418 'The part is on back order until May'")]
  ) { typed in
    let (text, words) = (typed.operand(0), typed.operand(1))
    return { context in
      let note = try InputText.read(words)
      return try Editing.edit(context, text, type: Vocabulary.ticket) { desk, id in
        try desk.note(id, text: note)
      }
    }
  }
}
