import ServiceDesk

/// Adds a message to a ticket.
enum TicketReply {
  private static let isFromCustomer = Option.flag(
    "from-customer", "it is what the customer said, not what we say")

  static let command = Command(
    "ticket reply", "Add a message to a ticket: to the customer, or from the customer",
    operands: [TicketCommands.ticket, Operand("TEXT", "the message; - reads standard input")],
    options: [TicketCommands.channel, isFromCustomer],
    examples: [
      .init("An answer", "askonce ticket reply k7f3.418 'We come tomorrow at nine' --channel phone"),
      .init(
        "What the customer wrote",
        "askonce ticket reply k7f3.418 --from-customer --channel email - < mail.txt"),
    ]
  ) { typed in
    let (text, words) = (typed.operand(0), typed.operand(1))
    let direction = typed.has(isFromCustomer) ? "in" : "out"
    let channel = typed[TicketCommands.channel]
    return { context in
      let message = try InputText.read(words)
      return try Editing.edit(context, text, type: Vocabulary.ticket) { desk, id in
        // The conversation goes on where it is, unless somebody says otherwise.
        guard let channel = try channel ?? desk.ticket(id)?.channel, !channel.isEmpty else {
          throw Failure.usage("on which channel? The ticket has none, so give --channel NAME")
        }
        return try desk.reply(id, channel: channel, text: message, direction: direction)
      }
    }
  }
}
