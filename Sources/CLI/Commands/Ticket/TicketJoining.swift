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

  private static func relation(_ fallback: String) -> Option {
    .value(
      "as", "WORD", "what OTHER is to TICKET (default: \(fallback))",
      choices: Vocabulary.relations.map(\.name))
  }

  static let link = linking(
    "link", "Link two tickets", relation("related"), "One cause",
    "askonce ticket link k7f3.418 b2x9.77 --as caused-by"
  ) { desk, first, second, word in
    try desk.link(first, second, as: word ?? "related")
  }

  static let unlink = linking(
    "unlink", "Take a link between two tickets away", relation("the only link that there is"), "No more",
    "askonce ticket unlink k7f3.418 b2x9.77 --as caused-by"
  ) { desk, first, second, word in
    // A link that was made before a merge stands on the ticket that is a part now.
    var present: [(from: EntityID, to: EntityID, relation: String)] = []
    let others = try desk.members(of: second)
    for from in try desk.members(of: first) {
      for to in others where to != from {
        present += try desk.relations(of: from, to: to).map { (from, to, $0) }
      }
    }
    let relations = Set(present.map(\.relation)).sorted()
    guard !relations.isEmpty else { return nil }
    let names = "\(desk.shortID(second)) is \(desk.shortID(first))'s \(relations.joined(separator: " and "))"
    guard word != nil || relations.count == 1 else {
      throw Failure(.ambiguous, "\(names); say with --as which of them to take away")
    }
    let wanted = word ?? relations[0]
    guard relations.contains(wanted) else {
      throw Failure(.failed, "\(names), not \(wanted); nothing was changed")
    }
    let made = try present.filter { $0.relation == wanted }.map {
      try desk.link($0.from, $0.to, as: wanted, undoing: true)
    }
    return made.lazy.compactMap(\.self).first
  }

  private static func linking(
    _ verb: String, _ summary: String, _ relation: Option, _ situation: String, _ line: String,
    _ edit: @escaping @Sendable (Desk, EntityID, EntityID, String?) throws -> Change?
  ) -> Command {
    Command(
      "ticket \(verb)", summary, operands: [TicketCommands.ticket, other], options: [relation],
      examples: [.init(situation, line)]
    ) { typed in
      let (first, second, word) = (typed.operand(0), typed.operand(1), typed[relation])
      return { context in
        try context.withDesk(.writing) { desk in
          let ids = try [first, second].map { try context.wholeTicket($0, desk) }
          Editing.report(
            context, ids[0], try edit(desk, ids[0], ids[1], word),
            unchanged: verb == "link" ? "is so already" : "is not linked to \(desk.shortID(ids[1]))")
        }
      }
    }
  }
}
