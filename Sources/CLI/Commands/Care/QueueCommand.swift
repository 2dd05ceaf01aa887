import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// What to do next.
enum QueueCommand {
  private static let mine = Option.flag("mine", "only tickets of this store's agent")
  private static let nobody = Option.flag("unassigned", "only tickets that nobody has")
  private static let team = Option.value("team", "NAME", "only tickets of this team")

  static let command = Command(
    "queue", "List open tickets, what breaks its response target first in front",
    details: [
      "Times run in the workspace's business hours and stand still while a ticket is pending or on hold. Whether a "
        + "target was met is read from the timeline. 'askonce target' sets targets, 'askonce hours' the hours."
    ],
    options: [mine, nobody, team, TicketCommands.channel, Limit.option],
    examples: [
      .init("What now?", "askonce queue --limit 5"), .init("For my team", "askonce queue --team plumbing"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    guard !(typed.has(mine) && typed.has(nobody)) else {
      throw Failure.usage("--mine and --unassigned exclude each other")
    }
    return { context in
      try context.withDesk(.reading) { desk in
        var filter = TicketFilter()
        filter.team = typed[team]
        filter.channel = typed[TicketCommands.channel]
        if typed.has(mine) { filter.assignee = desk.store.configuration.agent }
        if typed.has(nobody) { filter.assignee = "" }
        let (tickets, total) = try desk.queue(filter, limit: limit.count(isJSON: context.isJSON))
        if context.isJSON {
          var list = JSONList(context.output)
          for ticket in tickets { list.add(json(ticket, desk)) }
          list.end()
          return
        }
        write(tickets, desk, context)
        limit.tellRest(tickets.count, of: total, "ticket", context)
      }
    }
  }

  private static func write(_ tickets: [QueuedTicket], _ desk: Desk, _ context: Context) {
    let now = context.system.now()
    var table = Table(["id", "breaks", "target", "status", "priority", "assignee", "customer", "subject"])
    for ticket in tickets {
      let (row, next) = (ticket.row, ticket.targets.next)
      let isLate = next?.isMissed(at: now) ?? false
      let due = next?.due.map { Moment.ago($0, now: now) } ?? ""
      table.add([
        .init(desk.shortID(row.id)),
        ticket.targets.isPaused ? .init("paused", .dim) : .init(due, isLate ? .red : nil),
        .init(next.map { "\($0.kind.rawValue)\(isLate ? ", missed" : "")" } ?? ""), .init(row.status),
        .init(row.priority, row.priority == "urgent" ? .red : nil),
        .init(row.assignee.isEmpty ? row.team : row.assignee), .init(row.customerName ?? ""),
        .init(row.subject),
      ])
    }
    table.write(to: context.output)
  }

  private static func json(_ ticket: QueuedTicket, _ desk: Desk) -> JSONText {
    func time(_ milliseconds: UInt64?) -> JSONText? {
      milliseconds.map { JSONText(HybridTime(milliseconds: $0).description) }
    }
    let targets = ticket.targets.standings.map { standing in
      JSONText(present: [
        ("target", JSONText(standing.kind.rawValue)), ("start", time(standing.start)),
        ("due", time(standing.due)), ("done", time(standing.done)),
      ])
    }
    return JSONText(present: [
      ("ticket", TicketJSON.row(ticket.row, desk)), ("paused", JSONText(ticket.targets.isPaused)),
      ("breaks", time(ticket.targets.next?.due)), ("targets", JSONText(array: targets)),
    ])
  }
}
