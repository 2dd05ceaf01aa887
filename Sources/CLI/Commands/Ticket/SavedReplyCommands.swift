import Agent
import Codec
import Merge
import ServiceDesk

/// Replies that are written once.
enum SavedReplyCommands {
  static let group = CommandGroup(
    "saved-reply", "Saved replies: written once, with placeholders", [set, list])

  private static let language = Option.value("language", "CODE", "its language, such as 'sv'")

  private static let set = Command(
    "saved-reply set", "Save a reply for the whole workspace",
    details: [
      "{name} is the customer's name, {subject} and {ticket} the ticket's subject and number, {agent} who sends it; any other "
        + "{word} is refused. A reply that speaks of something unknown is not sent."
    ],
    operands: [Operand("NAME", "what it is called"), Operand("TEXT", "the reply; - reads standard input")],
    options: [language],
    examples: [
      .init(
        "One for many",
        "askonce saved-reply set part-arrived 'Hello {name}, the part for {ticket} is here. {agent}'")
    ]
  ) { typed in
    let (name, words, language) = (typed.operand(0), typed.operand(1), typed[language])
    _ = try FieldName.parse(Vocabulary.savedPrefix + name)
    guard !name.isEmpty else { throw Failure.usage("NAME is empty") }
    return { context in
      let text = try InputText.read(words)
      return try context.withDesk(.writing) { desk in
        let change = try desk.saveReply(name, text, language: language)
        Editing.report(context, Vocabulary.settingsID, change)
      }
    }
  }

  private static let list = Command(
    "saved-reply list", "List saved replies",
    examples: [.init("All", "askonce saved-reply list")]
  ) { _ in
    { context in
      try context.withDesk(.reading) { desk in
        let settings = try desk.settings()
        let replies = settings.savedReplies.map { ($0, settings.savedReply($0) ?? "") }
        if context.isJSON {
          context.output.json(replies.map { ($0.0, JSONText($0.1)) })
        } else {
          var sheet = Sheet()
          for (name, text) in replies { sheet.add(name, text) }
          sheet.write(to: context.output)
        }
      }
    }
  }
}
