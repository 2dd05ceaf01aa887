import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// What customers said of the service.
enum SurveyCommands {
  static let group = CommandGroup(
    "survey", "Surveys: what customers said of the service in a ticket", [add, list])

  private static let csat = Option.value("csat", "1-5", "how satisfied the customer was")
  private static let ces = Option.value("ces", "1-7", "how easy it was for the customer (effort score)")
  private static let comment = Option.value(
    "comment", "TEXT", "what the customer said; - reads standard input")
  private static let at = Option.value(
    "at", "TIME", "when it was given, if not just now: '2026-11-21 14:05', 2h ago as 2h")

  private static let add = Command(
    "survey add", "Write down what a customer said of the service, and print its id",
    operands: [TicketCommands.ticket], options: [csat, ces, comment, at],
    examples: [
      .init("After a call", "askonce survey add k7f3.418 --csat 5 --ces 6 --comment 'Dry, thank you'"),
      .init("From a form of yesterday", "askonce survey add INC0000045 --csat 2 --at 1d"),
    ]
  ) { typed in
    let scores = (try typed.number(csat, in: 1...5), try typed.number(ces, in: 1...7))
    let (text, words) = (typed.operand(0), typed[comment])
    guard scores.0 != nil || scores.1 != nil || words != nil else {
      throw Failure.usage("what did the customer say? Give --csat, --ces or --comment")
    }
    if let time = typed[at] { _ = try Moment.parse(time, now: 0) }
    return { context in
      let words = try words.map { try InputText.read($0) }
      return try Editing.create(context) { desk in
        let now = context.system.now()
        let given = try typed[at].map { try Moment.parse($0, now: now) }
        guard given.map({ $0 <= now }) ?? true else {
          throw Failure.usage("--at lies ahead; what was not said is no survey")
        }
        return try desk.survey(
          try context.wholeTicket(text, desk), csat: scores.0, ces: scores.1, comment: words,
          given: given.map { HybridTime(milliseconds: $0) })
      }
    }
  }

  private static let customer = Option.value(
    "customer", "CUSTOMER", "only of this customer: id, number, phone, e-mail, handle or name")
  private static let ticket = Option.value("ticket", "TICKET", "only about this ticket")

  private static let list = Command(
    "survey list", "List surveys, the newest first",
    options: [customer, ticket, Limit.option],
    examples: [
      .init("The last ten", "askonce survey list --limit 10"),
      .init("What she said before", "askonce survey list --customer k7f3.12"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    return { context in
      try context.withDesk(.reading) { desk in
        let (rows, total) = try desk.surveys(
          customer: try typed[customer].map { try context.customer($0, desk) },
          ticket: try typed[ticket].map { try context.wholeTicket($0, desk) },
          limit: limit.count(isJSON: context.isJSON))
        if context.isJSON {
          var list = JSONList(context.output)
          for row in rows { list.add(json(row, desk)) }
          list.end()
          return
        }
        var table = Table(["id", "given", "csat", "ces", "ticket", "customer", "comment"], numbers: [2, 3])
        for row in rows {
          let name = try row.customer.flatMap { try desk.customerName($0) }
          table.add([
            .init(desk.shortID(row.id)), .init(Moment.local(row.at)),
            .init(row.csat.map { "\($0)" } ?? "", row.csat.map { $0 <= 2 ? .red : nil } ?? nil),
            .init(row.ces.map { "\($0)" } ?? ""), .init(row.ticket.map { desk.shortID($0) } ?? ""),
            .init(name ?? ""), .init(row.comment),
          ])
        }
        table.write(to: context.output)
        limit.tellRest(rows.count, of: total, "survey", context)
      }
    }
  }

  private static func json(_ row: SurveyRow, _ desk: Desk) -> JSONText {
    JSONText(present: [
      ("id", JSONText(row.id.description)), ("short", JSONText(desk.shortID(row.id))),
      ("customer", row.customer.map { JSONText($0.description) }),
      ("ticket", row.ticket.map { JSONText($0.description) }), ("csat", row.csat.map { JSONText($0) }),
      ("ces", row.ces.map { JSONText($0) }), ("comment", row.comment.isEmpty ? nil : JSONText(row.comment)),
      ("by", JSONText(row.by)), ("at", JSONText(HybridTime(milliseconds: row.at).description)),
      ("conflicts", row.conflicts > 0 ? JSONText(row.conflicts) : nil),
    ])
  }
}
