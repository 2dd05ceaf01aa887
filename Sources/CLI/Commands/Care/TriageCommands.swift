import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Tickets that nobody has, and the rules that say where they go.
enum TriageCommands {
  static let group = CommandGroup(
    "triage", "Triage: rules that give tickets a team and a priority, and the tickets that nobody has yet",
    [show, set, list, drop])

  private static let apply = Option.flag("apply", "give the tickets the teams and priorities of their rules")

  private static let show = Command(
    "triage", "List open tickets without team and agent, each with the rule that fits it",
    details: [
      "Nothing changes without --apply. Rules are tried in their order, and the first one that fits counts. Two agents who "
        + "apply them offline at the same time come to one result."
    ],
    options: [apply, Limit.option],
    examples: [
      .init("What would go where?", "askonce triage"), .init("Route them all", "askonce triage --apply"),
      .init("What no rule fits", "askonce triage --json | jq '.[] | select(.rule == null) | .ticket.short'"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    let isApplied = typed.has(apply)
    return { context in
      try context.withDesk(isApplied ? .writing : .reading) { desk in
        // All of them are routed, whatever is shown.
        let (tickets, total) = try desk.triage(
          limit: isApplied ? .max : limit.count(isJSON: context.isJSON))
        let made = isApplied ? try desk.route(tickets) : [:]
        let shown = tickets.prefix(limit.count(isJSON: context.isJSON))
        if context.isJSON {
          var list = JSONList(context.output)
          for ticket in shown { list.add(json(ticket, made[ticket.row.id], desk)) }
          list.end()
          return
        }
        write(Array(shown), desk, context)
        limit.tellRest(shown.count, of: total, "unrouted ticket", context)
        let fitting = tickets.count { $0.rule != nil }
        if isApplied {
          context.output.line("routed \(Words.count(fitting, "ticket"))")
        } else if fitting > 0 {
          context.note("--apply routes those with a rule")
        }
      }
    }
  }

  private static func write(_ tickets: [UnroutedTicket], _ desk: Desk, _ context: Context) {
    var table = Table(["id", "rule", "team", "priority", "channel", "topic", "customer", "subject"])
    for ticket in tickets {
      let (row, rule) = (ticket.row, ticket.rule)
      table.add([
        .init(desk.shortID(row.id)), rule.map { .init($0.name) } ?? .init("none", .yellow),
        .init(rule?.team ?? ""), .init(rule?.priority ?? row.priority), .init(row.channel), .init(row.topic),
        .init(row.customerName ?? ""), .init(row.subject),
      ])
    }
    table.write(to: context.output)
  }

  private static func json(_ ticket: UnroutedTicket, _ change: Change?, _ desk: Desk) -> JSONText {
    JSONText(present: [
      ("ticket", TicketJSON.row(ticket.row, desk)), ("rule", ticket.rule.map { JSONText($0.name) }),
      ("team", ticket.rule.map { JSONText($0.team) }),
      ("priority", ticket.rule?.priority.map { JSONText($0) }),
      ("change", change.map { JSONText($0.id.description) }),
    ])
  }

  // MARK: Rules

  private static let name = Operand("NAME", "the rule's name: leaks")
  private static let topic = Option.list("topic", "TEXT", "the ticket has this topic")
  private static let words = Option.list(
    "words", "TEXT",
    "the subject or what the customer said has these words in a row; 'leak*' for words that begin so")
  private static let channel = Option.list(
    "channel", "NAME", "the customer came on this channel", choices: Vocabulary.channels)
  private static let tier = Option.list(
    "tier", "WORD", "the customer's tier, or that of an organisation of theirs; also a tag of the customer")
  private static let language = Option.list("language", "CODE", "the customer's language: sv")
  private static let place = Option.list(
    "place", "TEXT",
    "where the customer lives: a country's letters, a region, a city, the start of a postcode")
  private static let team = Option.value("team", "NAME", "the team that gets the ticket")
  private static let priority = Option.value(
    "priority", "WORD", "the priority that it has at least", choices: Vocabulary.priorities)
  private static let order = Option.value(
    "order", "N", "rules with a lower number are tried first (default: 100)")

  private static let set = Command(
    "triage rule set", "Write a rule, or write it anew",
    details: [
      "An option that is given twice fits either of its values; different options have to fit all. Case and accents do not "
        + "matter. A rule without conditions fits every ticket: give it a high --order. Rules belong to the workspace: every "
        + "device has them after the next sync."
    ],
    operands: [name],
    options: [topic, words, channel, tier, language, place, team, priority, order],
    examples: [
      .init(
        "Leaks are urgent",
        "askonce triage rule set leaks --words 'leak*' --words 'burst pipe' --team plumbing --priority urgent"
      ),
      .init("Who speaks Finnish", "askonce triage rule set finnish --language fi --team helsinki"),
      .init("Everything else", "askonce triage rule set rest --team front --order 999"),
    ]
  ) { typed in
    let name = typed.operand(0)
    guard let team = typed[team] else { throw Failure.usage("to which team does it lead? Give --team NAME") }
    var rule = TriageRule(name, team: team)
    rule.order = try typed.number(order, in: 0...1_000_000) ?? rule.order
    rule.topics = typed.list(topic)
    rule.words = typed.list(words)
    rule.channels = typed.list(channel)
    rule.tiers = typed.list(tier)
    rule.languages = typed.list(language)
    rule.places = typed.list(place)
    rule.priority = typed[priority]
    guard !rule.conditions.contains(where: { $0.values.contains("") }) else {
      throw Failure.usage("a condition is empty")
    }
    _ = try FieldName.parse(Vocabulary.triagePrefix + name)
    let made = rule
    return { context in
      try context.withDesk(.writing) { desk in
        let change = try desk.setTriageRule(made)
        Editing.report(context, Vocabulary.settingsID, change)
      }
    }
  }

  private static let drop = Command(
    "triage rule drop", "Take a rule away", operands: [name],
    examples: [.init("No longer needed", "askonce triage rule drop leaks")]
  ) { typed in
    let name = typed.operand(0)
    return { context in
      try context.withDesk(.writing) { desk in
        let change: Change?
        do throws(DeskError) { change = try desk.dropTriageRule(name) } catch {
          guard case .notFound = error else { throw error }
          throw Failure(.notFound, "there is no rule '\(name)'; 'askonce triage rule list' shows them")
        }
        Editing.report(context, Vocabulary.settingsID, change)
      }
    }
  }

  private static let list = Command(
    "triage rule list", "List the rules in the order in which they are tried",
    examples: [.init("All", "askonce triage rule list")]
  ) { _ in
    { context in
      try context.withDesk(.reading) { desk in
        let rules = try desk.settings().triageRules
        if context.isJSON {
          context.output.json(
            list: rules.map { rule in
              JSONText(
                present: [("name", JSONText(rule.name)), ("order", JSONText(rule.order))]
                  + rule.conditions.map { ($0.name, EntityJSON.strings($0.values)) } + [
                    ("team", JSONText(rule.team)), ("priority", rule.priority.map { JSONText($0) }),
                  ])
            })
          return
        }
        var table = Table(["order", "rule", "team", "priority", "for"], numbers: [0])
        for rule in rules {
          let conditions = rule.conditions.map { "\($0.name) \($0.values.joined(separator: " or "))" }
          table.add([
            .init("\(rule.order)"), .init(rule.name), .init(rule.team), .init(rule.priority ?? ""),
            .init(conditions.isEmpty ? "every ticket" : conditions.joined(separator: ", ")),
          ])
        }
        table.write(to: context.output)
        if rules.isEmpty { context.note("no rule here; 'askonce triage rule set' writes one") }
      }
    }
  }
}
