import Agent
import Codec
import Merge
import ServiceDesk

/// The questions that a process needs.
enum ChecklistCommands {
  static let group = CommandGroup(
    "checklist", "Checklists: the questions that a process needs, and which of them are answered",
    [show, set, list])

  private static let process = Option.value("for", "PROCESS", "the process: return, delivery, ...")

  private static let show = Command(
    "checklist", "Show what a process needs to know for a ticket: known, to confirm, to ask",
    details: [
      "Exit code 0 when all is known, 3 when something is to be asked, else 5 when something is to be confirmed. "
        + "Answers that belong to this ticket alone are facts of the ticket: 'fact set TICKET KEY VALUE'."
    ],
    operands: [TicketCommands.ticket],
    options: [process],
    examples: [.init("A return", "askonce checklist k7f3.418 --for return")]
  ) { typed in
    let text = typed.operand(0)
    guard let process = typed[process] else {
      throw Failure.usage("for which process? Give --for PROCESS; 'askonce checklist list' shows them")
    }
    return { context in
      var code = ExitCode.ok
      _ = try context.withDesk(.reading) { desk in
        let id = try context.wholeTicket(text, desk)
        let list: Desk.Checklist
        do throws(DeskError) { list = try desk.checklist(id, for: process) } catch {
          guard case .notFound(process) = error else { throw Failure(error) }
          let all = try desk.settings().processes.joined(separator: ", ")
          throw Failure(.usage, "there is no checklist '\(process)'; there are \(all)")
        }
        code = list.toAsk.isEmpty ? list.toConfirm.isEmpty ? .ok : .conflict : .notFound
        write(list, desk, context)
      }
      return code
    }
  }

  private static func write(_ list: Desk.Checklist, _ desk: Desk, _ context: Context) {
    let groups = [("known", list.known), ("confirm", list.toConfirm), ("ask", list.toAsk)]
    if context.isJSON {
      context.output.json(
        [
          ("process", JSONText(list.process)), ("ticket", JSONText(list.ticket.description)),
          ("customer", list.customer.map { JSONText($0.description) }),
        ] + groups.map { ($0.0, JSONText(array: $0.1.map(KnowledgeText.json))) })
      return
    }
    for (title, answers) in groups where !answers.isEmpty {
      context.output.line(context.output.styled(title, .bold))
      var sheet = Sheet()
      for answer in answers { KnowledgeText.add(answer, to: &sheet, desk) }
      sheet.write(to: context.output, indent: "  ")
    }
  }

  private static let drop = Option.list("drop", "KEY", "take a key out")
  private static let question = Option.value(
    "ask", "TEXT", "how to ask for it; with just one KEY")
  private static let days = Option.value(
    "days", "N", "after how many days the answer is to be asked for again; with just one KEY")

  private static let set = Command(
    "checklist set", "Add questions to a process, take them out, or say how to ask",
    details: ["Checklists belong to the workspace: every device has them after the next sync."],
    operands: [
      Operand("PROCESS", "its name: return"), Operand("KEY", .any, "the keys of the facts that it needs"),
    ],
    options: [drop, question, days],
    examples: [
      .init("A process", "askonce checklist set repair serial_number product fault"),
      .init(
        "How to ask, and how long the answer holds",
        "askonce checklist set repair serial_number --ask 'What does the label at the back say?' --days 365"),
    ]
  ) { typed in
    let process = FactKey.normal(typed.operand(0))
    let (keys, dropped) = (typed.operands(from: 1).map(FactKey.normal), typed.list(drop).map(FactKey.normal))
    let count = try typed.number(days, in: 1...36_500)
    let text = typed[question]
    guard !process.isEmpty, !(keys + dropped).contains("") else {
      throw Failure.usage("a process and a key need a letter or digit")
    }
    guard !keys.isEmpty || !dropped.isEmpty else { throw Failure.usage("which keys? Give KEY or --drop KEY") }
    guard text == nil && count == nil || keys.count == 1 else {
      throw Failure.usage("--ask and --days go with just one KEY")
    }
    return { context in
      try context.withDesk(.writing) { desk in
        let change = try desk.setChecklist(
          process, adding: keys, dropping: dropped, question: text, days: count)
        Editing.report(context, Vocabulary.settingsID, change)
      }
    }
  }

  private static let list = Command(
    "checklist list", "List the processes that have a checklist, with their keys",
    examples: [.init("All", "askonce checklist list")]
  ) { _ in
    { context in
      try context.withDesk(.reading) { desk in
        let settings = try desk.settings()
        let lists = settings.processes.map { ($0, settings.checklist($0) ?? []) }
        if context.isJSON {
          context.output.json(lists.map { ($0.0, EntityJSON.strings($0.1)) })
        } else {
          var sheet = Sheet()
          for (process, keys) in lists { sheet.add(process, keys.joined(separator: ", ")) }
          sheet.write(to: context.output)
        }
      }
    }
  }
}
