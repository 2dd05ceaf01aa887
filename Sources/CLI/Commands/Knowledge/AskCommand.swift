import Agent
import Codec
import Merge
import ServiceDesk
import Storage

/// Looks before a customer is asked.
enum AskCommand {
  private static let because = Option.value(
    "because", "TEXT", "why to ask all the same what is known; counted as asked again")
  private static let isSilent = Option.flag("no-log", "do not count it: nobody was about to ask")

  static let command = Command(
    "ask", "Look whether the answer is known, before you ask the customer",
    details: [
      "Exit code 0 when all is known and usable: do not ask. 3 when something is not known: ask, and 'fact set' "
        + "the answer. 4 when it is known but expired or not for this purpose. 5 when colleagues wrote down "
        + "different values: those that may be used are shown, read them out and confirm. Of several keys the greatest code counts. "
        + "A customer who is not known here, or a name that fits several, is exit code 2.",
      "What was spared and what was asked is counted; asking again what is known needs --because. When another "
        + "process holds the store, it answers without counting.",
    ],
    operands: [
      Operand("CUSTOMER", "id, number, phone, e-mail, handle or name"),
      Operand("KEY", .some, "what you want to know: shoe_size, phone, 'Order number'"),
    ],
    options: [FactCommands.purpose, FactCommands.ticket, FactCommands.channel, because, isSilent],
    examples: [
      .init("Before asking", "askonce ask k7f3.12 shoe_size address --ticket k7f3.418"),
      .init(
        "To be sure who calls", "askonce ask k7f3.12 birth_date --because 'to be sure that it is her'"),
      .init("In a script", "askonce ask k7f3.12 shoe_size --json && echo known"),
    ]
  ) { typed in
    let (subject, keys) = (typed.operand(0), typed.operands(from: 1))
    guard keys.allSatisfy({ $0.contains { !$0.isWhitespace } }) else {
      throw Failure.usage("KEY is empty: what do you want to know?")
    }
    let purpose = typed[FactCommands.purpose] ?? Vocabulary.service
    let (reason, isSilent) = (typed[because], typed.has(isSilent))
    guard reason?.isEmpty != true else { throw Failure.usage("--because needs a reason") }
    let (ticket, channel) = (typed[FactCommands.ticket], typed[FactCommands.channel])
    return { context in
      var code = ExitCode.ok
      var (isAnswered, isCounted) = (false, false)
      func ask(_ access: Store.Access) throws {
        // Who is on the phone needs the answer now.
        _ = try context.withDesk(access, tries: 1) { desk in
          let id: EntityID
          do { id = try context.customer(subject, desk) } catch let failure as Failure {
            // 3 and 4 say something else here.
            throw [.notFound, .ambiguous].contains(failure.code) ? Failure.usage(failure.message) : failure
          }
          let ticketID = try context.ticket(ticket, desk)
          let answers = try desk.answers(id, keys, for: purpose, ticket: ticketID)
          code = ExitCode(rawValue: Int32(answers.map(\.state.code).max() ?? 0)) ?? .failed
          write(answers, id, desk, context)
          isAnswered = true
          if case .writing = access {
            context.output.flush()
            try desk.logQuestions(answers, of: id, ticket: ticketID, channel: channel, because: reason)
            isCounted = true
          }
        }
      }
      do {
        try ask(isSilent ? .reading : .writing)
      } catch {
        let reason: String
        switch Failure(error).code {
        case .locked: reason = "another process is writing to the store"
        case .full, .failed: reason = Failure(error).message
        default: throw error
        }
        guard !isCounted, error is StorageError || isAnswered else { throw error }
        if !isAnswered { try ask(.reading) }
        context.note("not counted: \(reason)")
      }
      return code
    }
  }

  private static func write(_ answers: [Answer], _ id: EntityID, _ desk: Desk, _ context: Context) {
    if context.isJSON {
      context.output.json([
        ("customer", JSONText(id.description)),
        ("code", JSONText(answers.map(\.state.code).max() ?? 0)),
        ("answers", JSONText(array: answers.map(KnowledgeText.json))),
      ])
      return
    }
    var sheet = Sheet()
    for answer in answers { KnowledgeText.add(answer, to: &sheet, desk) }
    sheet.write(to: context.output)
  }
}
