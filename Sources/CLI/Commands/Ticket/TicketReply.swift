import Agent
import Codec
import Merge
import ServiceDesk

/// Adds a message to a ticket.
enum TicketReply {
  private static let isFromCustomer = Option.flag(
    "from-customer", "it is what the customer said, not what we say")
  private static let saved = Option.value("saved", "NAME", "a saved reply instead of TEXT")

  static let command = Command(
    "ticket reply", "Add a message to a ticket: to the customer, or from the customer",
    details: [
      "A written message to the customer is queued: it counts as sent when a gateway has sent it ('askonce gateway'), "
        + "and is held back where the customer wrote something that you had not seen, or where the ticket is given to another "
        + "customer. Words on the phone or at a "
        + "visit are heard when they are said.",
      "A message from the customer opens a pending or solved ticket again. A closed one stays closed: 'ticket reopen'.",
    ],
    operands: [TicketCommands.ticket, Operand("TEXT", .optional, "the message; - reads standard input")],
    options: [TicketCommands.channel, isFromCustomer, saved] + EntryOptions.said,
    examples: [
      .init("An answer", "askonce ticket reply k7f3.418 'We come tomorrow at nine' --channel phone"),
      .init(
        "What the customer wrote",
        "askonce ticket reply k7f3.418 --from-customer --channel email - < mail.txt"),
      .init(
        "An answer that rests on a fact", "askonce ticket reply k7f3.418 'We send size 43' --fact shoe_size"),
      .init("A saved reply", "askonce ticket reply k7f3.418 --saved part-arrived"),
    ]
  ) { typed in
    let (text, words) = (typed.operand(0), typed.optional(1))
    let direction = typed.has(isFromCustomer) ? "in" : "out"
    let (channel, name) = (typed[TicketCommands.channel], typed[saved])
    guard (words == nil) != (name == nil) else {
      throw Failure.usage("either TEXT or --saved NAME says what the message is")
    }
    guard name == nil || direction == "out" else {
      throw Failure.usage("a saved reply is not from the customer")
    }
    try EntryOptions.check(typed)
    return { context in
      let message = try words.map { try InputText.read($0) }
      return try context.withDesk(.writing) { desk in
        let id = try context.wholeTicket(text, desk)
        // The conversation goes on where it is, unless somebody says otherwise.
        guard let channel = try channel ?? desk.ticket(id)?.channel, !channel.isEmpty else {
          throw Failure.usage("on which channel? The ticket has none, so give --channel NAME")
        }
        var body = message ?? ""
        if let name {
          guard let found = try desk.savedReply(name, for: id) else {
            throw Failure(
              .notFound, "there is no saved reply '\(name)'; 'askonce saved-reply list' shows them")
          }
          body = found
        }
        var entry = NewEntry(Vocabulary.message, body, channel: channel, direction: direction)
        try EntryOptions.apply(typed, to: &entry, context)
        let before = try desk.ticket(id)?.status ?? ""
        Editing.report(context, id, try desk.write(id, entry))
        guard direction == "in", Vocabulary.finished.contains(before) else { return }
        context.note(
          try desk.ticket(id)?.status == before
            ? "the ticket is \(before); 'askonce ticket reopen' opens it again"
            : "the ticket was \(before) and is open again")
      }
    }
  }
}

/// Writes down a call.
enum TicketCall {
  private static let isOut = Option.flag("out", "we called the customer")
  private static let duration = Option.value("duration", "LENGTH", "how long it took: 4m, 1h")
  private static let line = Option.list("line", "WHO:TEXT", "a line of what was said")

  static let command = Command(
    "ticket call", "Write down a call or a talk with the customer",
    details: ["A call is a conversation: it answers the customer, so nobody waits after it."],
    operands: [TicketCommands.ticket, Operand("TEXT", "what it came to; - reads standard input")],
    options: [TicketCommands.channel, isOut, duration, line] + EntryOptions.said,
    examples: [
      .init("She called", "askonce ticket call k7f3.418 'Wants Monday instead' --duration 4m"),
      .init(
        "With what was said",
        "askonce ticket call k7f3.418 'Agreed on Monday' --out --line 'anna: Monday?' --line 'Maja: yes'"),
    ]
  ) { typed in
    let (text, words) = (typed.operand(0), typed.operand(1))
    let length = try typed[duration].map { text in
      guard let length = Moment.length(text) else {
        throw Failure.usage("--duration takes a length of time such as 4m, not '\(text)'")
      }
      return Int(length / 1000)
    }
    var lines: [(who: String, text: String)] = []
    for text in typed.list(line) {
      guard let colon = text.firstIndex(of: ":") else {
        throw Failure.usage("--line takes WHO:TEXT, not '\(text)'")
      }
      let words = text[text.index(after: colon)...].drop { $0 == " " }
      lines.append((String(text[..<colon]), String(words)))
    }
    let said = lines
    try EntryOptions.check(typed)
    return { context in
      let note = try InputText.read(words)
      return try context.withDesk(.writing) { desk in
        let id = try context.wholeTicket(text, desk)
        var entry = NewEntry(
          Vocabulary.call, note, channel: typed[TicketCommands.channel] ?? "phone",
          direction: typed.has(isOut) ? "out" : "in")
        entry.duration = length
        entry.lines = said
        try EntryOptions.apply(typed, to: &entry, context)
        Editing.report(context, id, try desk.write(id, entry))
      }
    }
  }
}
