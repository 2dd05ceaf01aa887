import Agent
import Codec
import Merge
import ServiceDesk

/// Shows one fact with where it comes from.
enum FactGet {
  static let command = Command(
    "fact get", "Show what is known under a key, without counting it as a question",
    details: [
      "Exit code 0 when it is known and usable, 3 when it is not known, 4 when it is known but expired or "
        + "not for this purpose, 5 when people wrote down different values."
    ],
    operands: [FactCommands.subject, FactCommands.key],
    options: [FactCommands.purpose],
    examples: [
      .init("One fact", "askonce fact get k7f3.12 shoe_size"),
      .init("Its value for a script", "askonce fact get k7f3.12 shoe_size --json | jq .value"),
    ]
  ) { typed in
    let (subject, key) = (typed.operand(0), typed.operand(1))
    let purpose = typed[FactCommands.purpose] ?? Vocabulary.service
    return { context in
      var code = ExitCode.ok
      _ = try context.withDesk(.reading) { desk in
        let id = try context.customerOrTicket(subject, desk)
        guard let answer = try desk.answers(id, [key], for: purpose).first else { return }
        code = ExitCode(rawValue: Int32(answer.state.code)) ?? .failed
        if context.isJSON {
          context.output.json(KnowledgeText.json(answer))
        } else {
          var sheet = Sheet()
          KnowledgeText.add(answer, to: &sheet, desk)
          sheet.write(to: context.output)
        }
      }
      return code
    }
  }
}
