import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Shows what to know before the first word.
enum BriefCommand {
  static let command = Command(
    "brief", "Show what to know of a customer before the first word: one screen",
    details: [
      "Takes whatever is at hand: a phone number in national or international form, an e-mail address, a handle, "
        + "a name (a typing mistake in each word does no harm), or the id or number of a customer, ticket or order.",
      "Exit code 3 where nobody fits, 4 where several do: then they are listed, best first.",
    ],
    operands: [Operand("ANYTHING", .some, "what the customer said, or what the display shows")],
    examples: [
      .init("The phone rings", "askonce brief 070-123 45 67"),
      .init("A name, not quite right", "askonce brief mja lindt"),
      .init("By a ticket", "askonce brief INC0000045 --json"),
    ]
  ) { typed in
    let text = typed.operands.joined(separator: " ")
    return { context in
      var code = ExitCode.ok
      _ = try context.withDesk(.reading) { desk in
        switch try desk.meaning(of: text) {
        case .nobody: throw Failure(.notFound, "nobody here fits '\(text)'")
        case .several(let matches):
          code = .ambiguous
          context.note("'\(text)' can mean several; best first:")
          CustomerFind.write(matches, desk, context)
        case .customer(let id, let found):
          let ticket = found.flatMap { $0.type == Vocabulary.ticket ? $0 : nil }
          let brief = try desk.brief(id, about: ticket)
          if context.isJSON {
            context.output.json(BriefJSON.value(brief, desk))
          } else {
            BriefText.write(brief, desk, context.output)
          }
        }
      }
      return code
    }
  }
}
