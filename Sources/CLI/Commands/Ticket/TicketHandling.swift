import Agent
import Codec
import Merge
import ServiceDesk

/// Who has a ticket, who answers for it, and how it ends.
enum TicketHandling {
  static let take = Command(
    "ticket take", "Take a ticket that nobody has",
    details: [
      "Who takes or answers a ticket first owns it: answers for it, through transfers, until a follow-up."
    ],
    operands: [TicketCommands.ticket],
    examples: [.init("From the queue", "askonce ticket take k7f3.418")]
  ) { typed in
    edit(typed.operand(0)) { desk, id in try desk.take(id) }
  }

  private static let agent = Option.value("to", "NAME", "the agent who gets it")
  private static let team = Option.value("team", "NAME", "the team that gets it")
  private static let because = Option.value("because", "TEXT", "why")

  static let transfer = Command(
    "ticket transfer", "Hand a ticket to another agent or team, with a reason",
    details: ["The owner stays the owner until a follow-up with the customer is recorded."],
    operands: [TicketCommands.ticket], options: [agent, team, because],
    examples: [
      .init("To a colleague", "askonce ticket transfer k7f3.418 --to bo --because 'speaks Finnish'"),
      .init("To a team", "askonce ticket transfer k7f3.418 --team plumbing --because 'needs a visit'"),
    ]
  ) { typed in
    guard typed.has(agent) || typed.has(team) else { throw Failure.usage("to whom? Give --to or --team") }
    guard let reason = typed[because] else { throw Failure.usage("why? Give --because TEXT") }
    let (agent, team) = (typed[agent], typed[team])
    return edit(typed.operand(0)) { desk, id in
      try desk.transfer(id, to: agent, team: team, because: reason)
    }
  }

  private static let solution = Option.value("solution", "TEXT", "how it was solved")
  private static let told = Option.value(
    "told", "CHANNEL", "the channel on which the customer was told", choices: Vocabulary.channels)

  static let solve = Command(
    "ticket solve", "Solve a ticket: with the solution, and the customer told",
    details: [
      "It says what is missing where the solution or the record that the customer was told is not there yet (exit "
        + "code 1), and names promises that are still open."
    ],
    operands: [TicketCommands.ticket], options: [solution, told],
    examples: [.init("Done", "askonce ticket solve k7f3.418 --solution 'New washer' --told phone")]
  ) { typed in
    let (words, channel) = (typed[solution], typed[told])
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.writing) { desk in
        let id = try context.wholeTicket(text, desk)
        let solved = try desk.solve(id, solution: words, told: channel)
        Editing.report(context, id, solved.change)
        for promise in solved.openPromises {
          context.note("still promised: \(promise.text) (\(desk.shortID(promise.id)))")
        }
      }
    }
  }

  static let reopen = Command(
    "ticket reopen", "Open a solved or closed ticket again",
    operands: [TicketCommands.ticket], options: [because],
    examples: [.init("It drips again", "askonce ticket reopen k7f3.418 --because 'drips again'")]
  ) { typed in
    guard let reason = typed[because] else { throw Failure.usage("why? Give --because TEXT") }
    return edit(typed.operand(0), unchanged: "is open already") { desk, id in
      try desk.reopen(id, because: reason)
    }
  }

  static let followUp = Command(
    "ticket follow-up", "Record that the customer was asked whether all is well",
    details: [
      "With it the owner's work on a solved ticket ends; of an open one, whoever has it becomes the owner."
    ],
    operands: [TicketCommands.ticket, Operand("TEXT", "what the customer said; - reads standard input")],
    options: [TicketCommands.channel],
    examples: [.init("A week later", "askonce ticket follow-up k7f3.418 'Dry, she is happy' --channel phone")]
  ) { typed in
    guard let channel = typed[TicketCommands.channel] else {
      throw Failure.usage("on which channel? Give --channel NAME")
    }
    let (ticket, words) = (typed.operand(0), typed.operand(1))
    return { context in
      // Nobody else should have to wait while somebody types.
      let text = try InputText.read(words)
      return try edit(ticket) { desk, id in try desk.followUp(id, channel: channel, text: text) }(context)
    }
  }

  private static let amount = Option.value("amount", "NUMBER", "how much: 20 or 19.50")
  private static let currency = Option.value("currency", "CODE", "its currency: EUR")

  static let compensate = Command(
    "ticket compensate", "Record what the customer got for the trouble",
    operands: [TicketCommands.ticket], options: [amount, currency, because],
    examples: [
      .init(
        "A voucher",
        "askonce ticket compensate k7f3.418 --amount 20 --currency EUR --because 'waited three weeks'")
    ]
  ) { typed in
    guard let number = typed[amount], let code = typed[currency], let reason = typed[because] else {
      throw Failure.usage("--amount, --currency and --because are needed")
    }
    let money: Money
    do { money = try Money(number, code) } catch { throw Failure.usage("\(error)") }
    return edit(typed.operand(0)) { desk, id in try desk.compensate(id, money, because: reason) }
  }

  /// An edit of the ticket that somebody means.
  ///
  /// - Parameter unchanged: what to say of it where there was nothing to do.
  static func edit(
    _ text: String, unchanged: String = "is so already", _ make: @escaping (Desk, EntityID) throws -> Change?
  ) -> Command.Action {
    { context in
      try context.withDesk(.writing) { desk in
        let id = try context.wholeTicket(text, desk)
        Editing.report(context, id, try make(desk, id), unchanged: unchanged)
      }
    }
  }
}
