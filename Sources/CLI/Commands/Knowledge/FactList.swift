import Agent
import Codec
import Merge
import ServiceDesk

/// Lists what is known of a customer.
enum FactList {
  private static let isForced = Option.flag(
    "all", "also what is not to be used: expired, for other purposes, withdrawn; without their values")

  static let command = Command(
    "fact list", "List what is known of a customer",
    operands: [FactCommands.subject],
    options: [FactCommands.purpose, isForced],
    examples: [
      .init("What not to ask", "askonce fact list k7f3.12"),
      .init("What advertising may use", "askonce fact list k7f3.12 --for marketing"),
    ]
  ) { typed in
    let subject = typed.operand(0)
    let (purpose, showsAll) = (typed[FactCommands.purpose], typed.has(isForced))
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try context.customerOrTicket(subject, desk)
        let keys = try desk.factKeys(id)
        var answers = try desk.answers(id, keys, for: purpose ?? Vocabulary.service).map(\.listed)
        if !showsAll { answers = answers.filter { $0.state == .known || $0.state == .conflict } }
        if context.isJSON {
          context.output.json(list: answers.map(KnowledgeText.json))
          return
        }
        var sheet = Sheet()
        for answer in answers { KnowledgeText.add(answer, to: &sheet, desk) }
        sheet.write(to: context.output)
        if sheet.isEmpty { context.note("nothing is known of \(id) that may be shown for this") }
      }
    }
  }
}

/// Takes a fact back.
enum FactRetract {
  private static let because = Option.value("because", "TEXT", "why; kept in the timeline")

  static let command = Command(
    "fact retract", "Take a fact back: it was wrong, or the customer wants it forgotten",
    details: [
      "It takes back what this device knows. What a colleague writes down at the same time stays. The history "
        + "keeps what was there; only an erasure removes it."
    ],
    operands: [FactCommands.subject, FactCommands.key],
    options: [because],
    examples: [
      .init("It was wrong", "askonce fact retract k7f3.12 shoe_size --because 'misheard'")
    ]
  ) { typed in
    let (subject, key, reason) = (typed.operand(0), typed.operand(1), typed[because])
    return { context in
      try context.withDesk(.writing) { desk in
        let id = try context.customerOrTicket(subject, desk)
        guard let change = try desk.retractFact(id, key, because: reason) else {
          throw Failure(.notFound, "nothing is known of \(id) under '\(key)'")
        }
        Editing.report(context, id, change)
      }
    }
  }
}
