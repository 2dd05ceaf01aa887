import Agent
import Causality
import Merge
import ServiceDesk

/// Corrections, redactions and followers.
enum TicketMending {
  private static let entry = Operand("ENTRY", "the entry's id, as 'ticket show' prints it")
  private static let because = Option.value("because", "TEXT", "why")

  static let redact = Command(
    "ticket redact", "Hide the text of an entry",
    details: [
      "The trace stays: that an entry was there, who hid it and why. The words stay in the history until the "
        + "customer is erased."
    ],
    operands: [TicketCommands.ticket, entry], options: [because],
    examples: [
      .init("A card number", "askonce ticket redact k7f3.418 k7f3.422 --because 'card number'")
    ]
  ) { typed in
    guard let reason = typed[because] else { throw Failure.usage("why? Give --because TEXT") }
    return edit(typed) { desk, item in try desk.redact(item.on, item.entry.id, because: reason) }
  }

  static let correct = Command(
    "ticket correct", "Put the text of an entry right",
    details: ["The entry is shown with the new text and who corrected it; the old one stays in the history."],
    operands: [
      TicketCommands.ticket, entry, Operand("TEXT", "the text as it should be; - reads standard input"),
    ],
    options: [because],
    examples: [
      .init("A wrong day", "askonce ticket correct k7f3.418 k7f3.422 'She wants Tuesday' --because misheard")
    ]
  ) { typed in
    let (words, reason) = (typed.operand(2), typed[because])
    return { context in
      // Nobody else should have to wait while somebody types.
      let text = try InputText.read(words)
      return try edit(typed) { desk, item in
        try desk.correct(item.on, item.entry.id, text: text, because: reason)
      }(context)
    }
  }

  static let release = Command(
    "ticket release", "Let a message go that was held back, failed, taken back or got lost",
    details: [
      "Read what the customer wrote first, and look whose ticket it is now: with this you say that the message fits all the same.",
      "One that a gateway was sending when it was lost stays 'sending', since nobody knows whether it went out: with this you "
        + "say that it did not.",
    ],
    operands: [TicketCommands.ticket, entry],
    examples: [.init("It still fits", "askonce ticket release k7f3.418 k7f3.422")]
  ) { typed in
    edit(typed) { desk, item in try desk.release(item) }
  }

  static let cancel = Command(
    "ticket cancel", "Take a message back that was not sent yet",
    details: ["Where a gateway sends it at the same time, it is sent, and shown so."],
    operands: [TicketCommands.ticket, entry],
    examples: [.init("It fits no more", "askonce ticket cancel k7f3.418 k7f3.422")]
  ) { typed in
    edit(typed) { desk, item in try desk.cancel(item) }
  }

  private static func edit(
    _ typed: TypedArguments, _ make: @escaping (Desk, TicketPage.Entry) throws -> Change?
  ) -> Command.Action {
    let (text, name) = (typed.operand(0), typed.operand(1))
    return { context in
      try context.withDesk(.writing) { desk in
        let page = try desk.page(try context.find(text, type: Vocabulary.ticket, desk))
        let item = try context.entry(name, of: page, desk)
        Editing.report(context, item.on, try make(desk, item))
      }
    }
  }

  private static let agent = Option.value("agent", "NAME", "who (default: this store's agent)")

  static let follow = following("follow", "Follow a ticket", false, "Keep an eye on it")
  static let unfollow = following("unfollow", "Follow a ticket no longer", true, "Enough")

  private static func following(
    _ verb: String, _ summary: String, _ isUndoing: Bool, _ situation: String
  ) -> Command {
    Command(
      "ticket \(verb)", summary, operands: [TicketCommands.ticket], options: [agent],
      examples: [.init(situation, "askonce ticket \(verb) k7f3.418")]
    ) { typed in
      let agent = typed[agent]
      // What is there already, however it came, can be taken away.
      guard isUndoing || agent?.contains(where: { !$0.isWhitespace }) != false else {
        throw Failure.usage("the agent's name is empty")
      }
      return TicketHandling.edit(typed.operand(0)) { desk, id in
        try desk.follow(id, agent ?? desk.store.configuration.agent, undoing: isUndoing)
      }
    }
  }
}
