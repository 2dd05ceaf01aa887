import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Lists and answers what a split left open.
enum CustomerQuestions {
  static let list = Command(
    "customer questions", "List what may be another customer's since two profiles were split",
    details: [
      "While two profiles were one, colleagues wrote on the whole; whose it is only they or the customer can tell. Until it is "
        + "answered, it stays where it is."
    ],
    operands: [Operand("CUSTOMER", .optional, "only what touches this one")],
    examples: [
      .init("All open questions", "askonce customer questions"),
      .init("Those about one customer", "askonce customer questions k7f3.12"),
    ]
  ) { typed in
    let text = typed.optional(0)
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try text.map { try context.find($0, type: Vocabulary.customer, desk) }
        let questions = try desk.shown(desk.splitQuestions(touching: id))
        if context.isJSON {
          var list = JSONList(context.output)
          for question in questions { list.add(json(question)) }
          list.end()
          return
        }
        var table = Table(["question", "when", "by", "is at", "or at", "what"])
        for question in questions {
          table.add([
            .init(short(question, desk)), .init(Moment.local(question.at)), .init(question.by),
            .init(desk.shortID(question.profile)),
            .init(question.others.map(desk.shortID).joined(separator: ", ")),
            .init(
              question.items.map { describe($0, desk) }.joined(separator: "; ")
                + (question.isContradicted ? " (answered both ways)" : "")),
          ])
        }
        table.write(to: context.output)
        if questions.isEmpty { context.note("no open question here") }
      }
    }
  }

  private static let owner = Option.value("belongs-to", "CUSTOMER", "whose it is")

  static let answer = Command(
    "customer answer", "Say whose something is that was written while two profiles were one",
    details: [
      "Where it belongs to the other profile it is made again there, and this one gets back what it had before. What was learned "
        + "of the other one since stays beside it, a conflict to settle.",
      "It may be an erased customer's: then it is taken off this one and made again nowhere. It stays in this one's history; a ticket "
        + "is given to the erased customer, and goes when a supervisor runs 'customer erase' again.",
    ],
    operands: [Operand("QUESTION", "its name, as 'customer questions' lists it")],
    options: [owner],
    examples: [.init("It is the father's", "askonce customer answer k7f3.44 --belongs-to k7f3.19")]
  ) { typed in
    let text = typed.operand(0)
    guard let who = typed[owner] else { throw Failure.usage("--belongs-to is missing") }
    return { context in
      try context.withDesk(.writing) { desk in
        let id = try context.find(who, type: Vocabulary.customer, desk)
        let questions = try desk.splitQuestions(touching: id).filter {
          $0.change.description == text || short($0, desk) == text
        }
        guard let question = questions.first else {
          throw Failure(
            .notFound,
            "there is no open question '\(text)' that touches \(id); 'askonce customer questions' lists them")
        }
        try desk.answer(question, belongsTo: id)
        if context.isJSON {
          context.output.json([
            ("question", JSONText(question.change.description)), ("belongsTo", JSONText(id.description)),
          ])
        } else {
          context.output.line("\(question.change) belongs to \(id)")
        }
        if desk.store.isErased(id) { context.note(left(by: question, of: id, desk)) }
      }
    }
  }

  /// What is left of something that was found to be an erased customer's.
  private static func left(by question: SplitQuestion, of id: EntityID, _ desk: Desk) -> String {
    if case .reference(let reference) = question.items.first {
      return "\(desk.shortID(id)) is erased: 'customer erase \(desk.shortID(id))', by a supervisor, takes "
        + "\(desk.shortID(reference)) along"
    }
    return
      "\(desk.shortID(id)) is erased: what it was stays in the history of \(desk.shortID(question.profile)) until that is "
      + "erased too"
  }

  private static func short(_ question: SplitQuestion, _ desk: Desk) -> String {
    EntityID(type: "change", origin: question.change).map(desk.shortID) ?? question.change.description
  }

  private static func describe(_ item: SplitQuestion.Item, _ desk: Desk) -> String {
    switch item {
    case .field(let field, let value): "\(field) = \(HistoryText.told(value["value"] ?? value))"
    case .element(let field, let element): "\(field) + \(element)"
    case .entry(let field, let entry): "\(field): \((entry["text"] ?? entry).plain)"
    case .cleared(let field): "\(field) taken back"
    case .dropped(let field, let element): "\(field) - \(element)"
    case .reference(let id): "\(id.type) \(desk.shortID(id))"
    }
  }

  private static func json(_ question: SplitQuestion) -> JSONText {
    let items = question.items.map { item in
      switch item {
      case .field(let field, let value):
        JSONText(object: [("field", JSONText(field.text)), ("value", value)])
      case .element(let field, let element):
        JSONText(object: [("set", JSONText(field.text)), ("element", JSONText(element.text))])
      case .entry(let field, let entry): JSONText(object: [("log", JSONText(field.text)), ("entry", entry)])
      case .cleared(let field): JSONText(object: [("cleared", JSONText(field.text))])
      case .dropped(let field, let element):
        JSONText(object: [("set", JSONText(field.text)), ("dropped", JSONText(element.text))])
      case .reference(let id): JSONText(object: [("reference", JSONText(id.description))])
      }
    }
    return JSONText(object: [
      ("question", JSONText(question.change.description)), ("on", JSONText(question.on.description)),
      ("profile", JSONText(question.profile.description)),
      ("others", EntityJSON.strings(question.others.map(\.description))), ("by", JSONText(question.by)),
      ("at", JSONText(question.at.description)), ("items", JSONText(array: items)),
      ("contradicted", JSONText(question.isContradicted)),
    ])
  }
}
