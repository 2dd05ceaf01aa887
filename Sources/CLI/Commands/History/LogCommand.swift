import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Lists the workspace's latest changes.
enum LogCommand {
  private static let by = Option.value("by", "AGENT", "only changes of this agent")
  private static let on = Option.value("on", "ENTITY", "only changes of this entity")
  private static let type = Option.value("type", "TYPE", "only changes of entities of this type")
  private static let field = Option.value("field", "FIELD", "only changes of this field")
  private static let since = Option.value(
    "since", "TIME", "only changes made since: 2026-11-21, '2026-11-21 14:05', 3d, 2h")
  private static let until = Option.value("until", "TIME", "only changes made until then; a day to its end")

  static let command = Command(
    "log", "List the workspace's changes, newest first",
    details: [
      "Newest is what stands last in the workspace's order, unsent edits before all. It reads back as far as it has to: with a "
        + "filter that few changes pass, the whole store.",
      HistoryText.isWhole,
    ],
    options: [by, on, type, field, since, until, Limit.option],
    examples: [
      .init("What happened last", "askonce log --limit 20"),
      .init("What Bo did today", "askonce log --by bo --since 8h"),
      .init("Every change of a status", "askonce log --type ticket --field status --json"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    let (agent, kind, entity, start, end) = (typed[by], typed[type], typed[on], typed[since], typed[until])
    let name = try typed[field].map { text throws(Failure) in try FieldName.parse(text) }
    for when in [start, end].compactMap(\.self) { _ = try Moment.until(when, now: 0) }
    return { context in
      try context.withDesk(.reading) { desk in
        var filter = LogFilter()
        filter.agent = agent
        filter.type = kind
        filter.field = name
        if let entity { filter.entity = try context.find(entity, desk) }
        if let start { filter.since = try Moment.parse(start, now: context.system.now()) }
        if let end { filter.until = try Moment.until(end, now: context.system.now()) }
        let chosen = filter
        let (steps, isCut) = try limit.cut(isJSON: context.isJSON) { try desk.log(chosen, limit: $0) }
        if context.isJSON {
          let arrivals = SyncArrivals(desk)
          var list = JSONList(context.output)
          for step in steps {
            let members = HistoryJSON.step(step, arrivals, name).members ?? []
            list.add(
              JSONText(
                object: [("on", JSONText("\(step.placed.change.on)"))] + members.map { ($0.key, $0.value) }))
          }
          list.end()
          return
        }
        if steps.isEmpty { context.note("no change here") }
        var table = Table(["position", "when", "who", "on", "what"], numbers: [0])
        for step in steps {
          let on = step.placed.change.on
          table.add([
            .init(HistoryText.place(step)), .init(Moment.local(step.at)), .init(step.by),
            .init("\(on.type) \(desk.shortID(on))"),
            .init(HistoryText.edits(step, name).joined(separator: "; ")),
          ])
        }
        table.write(to: context.output)
        limit.tellMore(isCut, context)
      }
    }
  }
}
