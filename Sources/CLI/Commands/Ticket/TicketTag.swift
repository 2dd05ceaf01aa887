import ServiceDesk

/// Adds tags to a ticket and takes them away.
enum TicketTag {
  private static let tags = Operand("TAG", .some, "a word")

  static let add = Command(
    "ticket tag", "Add tags to a ticket",
    operands: [TicketCommands.ticket, tags],
    examples: [.init("Two tags", "askonce ticket tag k7f3.418 leak warranty")]
  ) { typed in
    let (text, words) = (typed.operand(0), typed.operands(from: 1))
    guard words.allSatisfy({ $0.contains { !$0.isWhitespace } }) else { throw Failure.usage("TAG is empty") }
    return { context in
      try Editing.edit(context, text, type: Vocabulary.ticket) { desk, id in try desk.tag(id, words) }
    }
  }

  static let drop = Command(
    "ticket untag", "Take tags away from a ticket",
    details: ["A tag that a colleague adds at the same time, without having seen this, stays."],
    operands: [TicketCommands.ticket, tags],
    examples: [.init("One tag", "askonce ticket untag k7f3.418 warranty")]
  ) { typed in
    let (text, words) = (typed.operand(0), typed.operands(from: 1))
    return { context in
      try Editing.edit(context, text, type: Vocabulary.ticket) { desk, id in try desk.untag(id, words) }
    }
  }
}
