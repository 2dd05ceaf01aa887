import Agent
import Codec
import Merge
import ServiceDesk

/// Makes profiles of one person one, and two again.
enum CustomerMerge {
  private static let other = Operand("OTHER", "the other profile")

  static let merge = Command(
    "customer merge", "Show two profiles of one person as one from now on",
    details: [
      "Nothing is lost: both profiles keep what they have, and all of it is shown together. Where their values differ, that "
        + "is a conflict, settled with 'customer set' like any other. 'customer split' takes it back.",
      "When two agents merge the same profiles at the same time, in whatever direction, the result is the same.",
    ],
    operands: [CustomerCommands.customer, other],
    examples: [.init("The same Anna twice", "askonce customer merge k7f3.12 m2p8.4")]
  ) { typed in
    withTwo(typed) { desk, first, second, context in
      let members = try desk.mergeCustomers(first, second)
      let whole = try desk.customer(first)
      let conflicts = whole?.conflicts ?? []
      if context.isJSON {
        context.output.json([
          ("on", JSONText(members[0].description)),
          ("merged", EntityJSON.strings(members.map(\.description))),
          ("conflicts", EntityJSON.strings(conflicts.map(\.name.text))),
        ])
        return
      }
      context.output.line("one customer now: \(members.map(\.description).joined(separator: ", "))")
      guard !conflicts.isEmpty else { return }
      context.output.line(
        "they differ, so settle with 'askonce customer set \(desk.shortID(members[0]))':")
      var sheet = Sheet()
      let shown = try whole.map { try desk.shown($0).view }
      for field in conflicts {
        if let field = shown?.field(field.name) {
          sheet.add(field.name.text, field)
        } else {
          sheet.add(field.name.text, HistoryText.told(Veil.mark))
        }
      }
      sheet.write(to: context.output, indent: "  ")
    }
  }

  /// A command on the two customers that its operands name.
  private static func withTwo(
    _ typed: TypedArguments,
    _ body: @escaping @Sendable (Desk, EntityID, EntityID, Context) throws -> Void
  ) -> Command.Action {
    let (left, right) = (typed.operand(0), typed.operand(1))
    return { context in
      try context.withDesk(.writing) { desk in
        let first = try context.find(left, type: Vocabulary.customer, desk)
        try body(desk, first, try context.find(right, type: Vocabulary.customer, desk), context)
      }
    }
  }

  static let split = Command(
    "customer split", "Take a profile out of those that it was merged with",
    details: [
      "Every profile has again its own tickets, facts, consent and promises, also what was added to it after the merge. "
        + "What was written on the whole, and may be either's, becomes a question: 'customer questions' lists them, "
        + "'customer answer' settles them. The profiles are not suggested as duplicates again.",
      "What colleagues add offline, in the belief that the profiles are one, becomes a question when it arrives.",
    ],
    operands: [CustomerCommands.customer],
    examples: [.init("They were two people after all", "askonce customer split m2p8.4")]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.writing) { desk in
        let id = try context.find(text, type: Vocabulary.customer, desk)
        let others = try desk.splitCustomer(id)
        var count = try desk.splitQuestions(of: id).count
        for other in others { count += try desk.splitQuestions(of: other).count }
        if context.isJSON {
          context.output.json([
            ("on", JSONText(id.description)), ("from", EntityJSON.strings(others.map(\.description))),
            ("questions", JSONText(count)),
          ])
          return
        }
        context.output.line(
          others.isEmpty
            ? "\(id) is merged with nobody, so it is a customer of its own already"
            : "\(id) is a customer of its own again")
        guard count > 0 else { return }
        context.output.line(
          "\(Words.count(count, "change")) may be either's; 'askonce customer questions \(desk.shortID(id))' lists them"
        )
      }
    }
  }

  static let distinct = Command(
    "customer distinct", "Say that two profiles are of different people",
    details: ["They are not suggested as duplicates any more. Merging them later takes this back."],
    operands: [CustomerCommands.customer, other],
    examples: [.init("Father and son", "askonce customer distinct k7f3.12 k7f3.19")]
  ) { typed in
    withTwo(typed) { desk, first, second, context in
      try desk.distinguishCustomers(first, second)
      if context.isJSON {
        context.output.json([
          ("on", JSONText(first.description)), ("other", JSONText(second.description)),
        ])
      } else {
        context.output.line("\(first) and \(second) are different people")
      }
    }
  }
}
