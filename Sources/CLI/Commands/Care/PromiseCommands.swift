import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Commands for what was promised.
enum PromiseCommands {
  static let group = CommandGroup(
    "promise", "Promises: what was promised to a customer, by when, and whether it was kept",
    [
      add, list,
      settle(
        "kept", "Write down that a promise was kept", "The plumber came", "askonce promise kept k7f3.420"),
      settle(
        "broken", "Write down that a promise was not kept, and why", "Nobody came",
        "askonce promise broken k7f3.420 --because 'the plumber was ill'"),
      settle(
        "waived", "Write down that the customer does not want it any more, and why",
        "She repaired it herself",
        "askonce promise waived k7f3.420 --because 'repaired it herself'"),
    ])

  private static let customer = Option.value(
    "customer", "CUSTOMER", "to whom: id, number, phone, e-mail, handle or name")
  private static let ticket = Option.value("ticket", "TICKET", "in which ticket; its customer is meant")
  private static let due = Option.value(
    "due", "TIME", "by when: 2026-11-25 (to its end), '2026-11-25 09:00', 2d, 4h")
  private static let amount = Option.value("amount", "NUMBER", "how much money: 20 or 19.50")
  private static let currency = Option.value("currency", "CODE", "its currency: EUR")

  private static let add = Command(
    "promise add", "Write down what was promised, and print its id",
    operands: [Operand("WHAT", "what was promised")],
    options: [customer, ticket, due, amount, currency],
    examples: [
      .init("A visit", "askonce promise add 'A plumber comes' --ticket k7f3.418 --due '2026-11-25 09:00'"),
      .init(
        "Money", "askonce promise add 'Refund' --customer k7f3.12 --due 14d --amount 49.50 --currency EUR"),
    ]
  ) { typed in
    let text = typed.operand(0)
    guard !text.isEmpty else { throw Failure.usage("what was promised? WHAT is empty") }
    guard typed.has(customer) || typed.has(ticket) else {
      throw Failure.usage("to whom? Give --customer or --ticket")
    }
    guard typed.has(amount) == typed.has(currency) else {
      throw Failure.usage("--amount and --currency belong together")
    }
    var money: Money?
    if let number = typed[amount], let code = typed[currency] {
      do { money = try Money(number, code) } catch { throw Failure.usage("\(error)") }
    }
    if let end = typed[due] { _ = try Moment.due(end, now: 0) }
    let promised = money
    return { context in
      try Editing.create(context) { desk in
        let end = try typed[due].map { try Moment.due($0, now: context.system.now()) }
        let whom = try typed[customer].map { try context.customer($0, desk) }
        return try desk.promise(
          text, to: whom,
          ticket: try context.ticket(typed[ticket], desk), due: end.map { HybridTime(milliseconds: $0) },
          amount: promised)
      }
    }
  }

  private static let because = Option.value("because", "TEXT", "why")

  private static func settle(
    _ state: String, _ summary: String, _ situation: String, _ line: String
  ) -> Command {
    Command(
      "promise \(state)", summary, operands: [Operand("PROMISE", "the start of its id")],
      options: [because], examples: [.init(situation, line)]
    ) { typed in
      let (text, reason) = (typed.operand(0), typed[because])
      guard state == "kept" || reason?.isEmpty == false else {
        throw Failure.usage("why? Give --because TEXT")
      }
      return { context in
        try Editing.edit(context, text, type: Vocabulary.promise) { desk, id in
          try desk.settle(id, as: state, because: reason)
        }
      }
    }
  }

  private static let all = Option.flag("all", "also those that were kept, broken or waived")

  private static let list = Command(
    "promise list", "List promises, what is due first in front",
    options: [customer, ticket, all, Limit.option],
    examples: [
      .init("What a customer was promised", "askonce promise list --customer k7f3.12"),
      .init("All that was ever promised", "askonce promise list --all"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    return { context in
      try context.withDesk(.reading) { desk in
        var filter = Desk.PromiseFilter()
        filter.includesSettled = typed.has(all)
        filter.customer = try typed[customer].map { try context.customer($0, desk) }
        filter.ticket = try context.ticket(typed[ticket], desk)
        try write(filter, limit, desk, context)
      }
    }
  }

  private static let mine = Option.flag("mine", "only what this store's agent promised")
  private static let within = Option.value(
    "within", "LENGTH", "only what is due so soon, and what is overdue: 2h, 1d")

  /// What is due.
  static let dueCommand = Command(
    "due", "List what was promised and is not kept yet, what is due first in front",
    options: [mine, within, Limit.option],
    examples: [
      .init("The day's promises", "askonce due --within 1d"), .init("My own", "askonce due --mine"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    let length = try typed[within].map { text in
      guard let length = Moment.length(text) else {
        throw Failure.usage("--within takes a length of time such as 30m, 2h or 3d, not '\(text)'")
      }
      return length
    }
    return { context in
      try context.withDesk(.reading) { desk in
        var filter = Desk.PromiseFilter()
        if typed.has(mine) { filter.by = desk.store.configuration.agent }
        filter.dueUntil = length.map { context.system.now() + $0 }
        try write(filter, limit, desk, context)
      }
    }
  }

  private static func write(
    _ filter: Desk.PromiseFilter, _ limit: Limit, _ desk: Desk, _ context: Context
  ) throws {
    let (rows, total) = try desk.promises(filter, limit: limit.count(isJSON: context.isJSON))
    if context.isJSON {
      var list = JSONList(context.output)
      for row in rows { list.add(PromiseJSON.row(row, desk)) }
      list.end()
      return
    }
    let now = context.system.now()
    var table = Table(["id", "due", "state", "customer", "by", "promise"])
    for row in rows {
      let isLate = row.isOpen && row.due.map { $0 < now } ?? false
      let money = row.amount.isEmpty ? "" : " (\(row.amount) \(row.currency))"
      let name = try row.customer.flatMap { try desk.customerName($0) }
      table.add([
        .init(desk.shortID(row.id)),
        .init(row.due.map { "\(Moment.local($0)), \(Moment.ago($0, now: now))" } ?? "", isLate ? .red : nil),
        .init(row.conflicts > 0 ? "\(row.state) (disputed)" : row.state, row.conflicts > 0 ? .yellow : nil),
        .init(name ?? ""), .init(row.by), .init(row.text + money),
      ])
    }
    table.write(to: context.output)
    limit.tellRest(rows.count, of: total, "promise", context)
  }
}
