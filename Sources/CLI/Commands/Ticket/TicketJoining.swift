import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Twins, links, and tickets that hold two matters.
enum TicketJoining {
  private static let other = Operand("OTHER", "the other ticket")
  private static let anyway = Option.flag("anyway", "also tickets of different customers")

  static let merge = Command(
    "ticket merge", "Make two tickets one",
    details: [
      "Either order does the same: the ticket with the lesser id stays, shows both timelines, and is found by both "
        + "ids and numbers. It gets the less finished status, the higher priority, the earlier due time, all tags, and the "
        + "first owner, and where it has none itself the customer, assignee, team, topic, channel and solution. 'ticket unmerge' "
        + "makes them two again; what the one that stays took over, it keeps."
    ],
    operands: [TicketCommands.ticket, other], options: [anyway],
    examples: [.init("Twins", "askonce ticket merge k7f3.418 b2x9.77")]
  ) { typed in
    let (first, second, isForced) = (typed.operand(0), typed.operand(1), typed.has(anyway))
    return { context in
      try context.withDesk(.writing) { desk in
        let ids = try [first, second].map { try context.find($0, type: Vocabulary.ticket, desk) }
        let change = try desk.merge(ids[0], ids[1], anyway: isForced)
        Editing.report(context, try desk.whole(ids[0]), change)
      }
    }
  }

  static let unmerge = Command(
    "ticket unmerge", "Take a merge back: the ticket stands for itself again",
    details: [
      "What was added to it in the meantime, by whomever, is its own. Name the ticket that went, not the one that stayed. "
        + "That one keeps what it took over: status, priority, due time, tags, followers, owner and what it lacked, for somebody may "
        + "have worked by them since; 'askonce history' shows what they were, 'ticket set' and 'ticket untag' set them back."
    ],
    operands: [TicketCommands.ticket],
    examples: [.init("They were no twins", "askonce ticket unmerge b2x9.77")]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.writing) { desk in
        let id = try context.find(text, type: Vocabulary.ticket, desk)
        Editing.report(context, id, try desk.unmerge(id), unchanged: "stands for itself already")
      }
    }
  }

  private static let entry = Option.list("entry", "ID", "an entry of the timeline that comes along")

  static let split = Command(
    "ticket split", "Open a ticket for a second matter, with some entries of this one",
    details: ["The entries are then shown in the new ticket only. It prints the new ticket's id."],
    operands: [TicketCommands.ticket, Operand("SUBJECT", "what the new ticket is about")], options: [entry],
    examples: [
      .init("She also asked for an invoice", "askonce ticket split k7f3.418 'Invoice' --entry k7f3.422")
    ]
  ) { typed in
    let (text, subject, names) = (typed.operand(0), typed.operand(1), typed.list(entry))
    guard !names.isEmpty else { throw Failure.usage("which entries come along? Give --entry ID") }
    return { context in
      try Editing.create(context) { desk in
        let page = try desk.page(try context.find(text, type: Vocabulary.ticket, desk))
        let entries = try names.map { try context.entry($0, of: page, desk) }
        let source = entries[0].on
        guard entries.allSatisfy({ $0.on == source }) else {
          throw Failure.usage("the entries are of several tickets that were merged; split each by itself")
        }
        return try desk.split(source, subject: subject, entries: entries.map(\.entry.id))
      }
    }
  }

  private static let relation = Option.value(
    "as", "WORD", "what OTHER is to TICKET (default: related)", choices: Vocabulary.relations.map(\.name))

  static let link = linking(
    "link", "Link two tickets", false, "One cause", "askonce ticket link k7f3.418 b2x9.77 --as caused-by")
  static let unlink = linking(
    "unlink", "Take a link between two tickets away", true, "No more",
    "askonce ticket unlink k7f3.418 b2x9.77 --as caused-by")

  private static func linking(
    _ verb: String, _ summary: String, _ isUndoing: Bool, _ situation: String, _ line: String
  ) -> Command {
    Command(
      "ticket \(verb)", summary, operands: [TicketCommands.ticket, other], options: [relation],
      examples: [.init(situation, line)]
    ) { typed in
      let (first, second, word) = (typed.operand(0), typed.operand(1), typed[relation] ?? "related")
      return { context in
        try context.withDesk(.writing) { desk in
          let ids = try [first, second].map { try context.find($0, type: Vocabulary.ticket, desk) }
          Editing.report(context, ids[0], try desk.link(ids[0], ids[1], as: word, undoing: isUndoing))
        }
      }
    }
  }
}
