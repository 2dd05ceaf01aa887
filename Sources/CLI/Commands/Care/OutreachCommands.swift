import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Telling customers before they call.
enum OutreachCommands {
  static let group = CommandGroup(
    "outreach", "Outreach: tell customers of a recall or an outage before they call", [run, list])

  private static let fact = Option.list(
    "fact", "KEY=VALUE",
    "customers of whom this is known; KEY alone for any value; also city, language and the like")
  private static let purchase = Option.list(
    "purchase", "WORDS",
    "customers who bought something with these words in its product, sku or serial number")
  private static let place = Option.list(
    "place", "TEXT",
    "customers who live there: a country's letters, a region, a city, the start of a postcode")
  private static let subject = Option.value("subject", "TEXT", "what it is about, in a few words")
  private static let message = Option.value(
    "message", "TEXT", "what to tell; {name} stands for the customer's name; - reads standard input")
  private static let purpose = Option.value(
    "purpose", "NAME", "what the consent is needed for, beside 'contact' (default: service)")
  private static let channel = Option.list(
    "channel", "NAME", "a channel on which it may go out, the best first (default: what the customer likes)",
    choices: Vocabulary.channels)
  private static let topic = Option.value("topic", "TEXT", "the topic of the tickets")
  private static let team = Option.value("team", "NAME", "the team of the tickets")
  private static let priority = Option.value(
    "priority", "WORD", "the priority of the tickets", choices: Vocabulary.priorities)
  private static let apply = Option.flag("apply", "open the tickets and queue the messages")
  private static let dry = Option.flag("dry-run", "only list who would be told (the default)")

  private static let run = Command(
    "outreach", "List the customers who are to be told of something, or tell them",
    details: [
      "A ticket with the message for each customer, one each, also when two agents do it offline at the same time or it is "
        + "done again: NAME and the customer make the ticket. Only customers who may be contacted, whose data may be used for "
        + "the purpose, and who have an address on a channel that they do not avoid; the others are listed with the reason. "
        + "Without --apply nothing changes, and nothing is remembered of NAME.",
      "An option that is given twice fits either of its values; --fact, --purchase and --place together have to fit all. What an "
        + "--apply said of NAME need not be given again. A purchase is an entity of the type 'purchase' or 'order' "
        + "with 'customer' and 'product'. On the phone the ticket says what to tell; somebody has to call.",
    ],
    operands: [Operand("NAME", "what it is called: outage-malmo-november")],
    options: [fact, purchase, place, subject, message, purpose, channel, topic, team, priority, dry, apply],
    examples: [
      .init(
        "An outage: who would be told?",
        "askonce outreach outage-malmo --place Malmö --subject 'No water until noon' "
          + "--message 'Hello {name}, the water is off until noon. We are at it.'"),
      .init(
        "Tell them",
        "askonce outreach outage-malmo --place Malmö --subject 'No water until noon' "
          + "--message 'Hello {name}, the water is off until noon. We are at it.' --apply"),
      .init("Tell those who moved there since", "askonce outreach outage-malmo --apply"),
      .init(
        "A recall, by e-mail only",
        "askonce outreach recall-t1000 --purchase T-1000 --channel email --subject 'Your T-1000' "
          + "--message 'Please do not use it any more.' --team recalls --apply"),
    ]
  ) { typed in
    guard let named = Outreach(typed.operand(0)) else {
      throw Failure.usage("'\(typed.operand(0))' is no name; it has no letter or digit")
    }
    let isApplied = typed.has(apply)
    guard !(isApplied && typed.has(dry)) else {
      throw Failure.usage("--apply and --dry-run exclude each other")
    }
    return { context in
      let words = try typed[message].map { try InputText.read($0) }
      return try context.withDesk(isApplied ? .writing : .reading) { desk in
        var outreach = try desk.outreach(named.name) ?? named
        if let text = typed[subject] { outreach.subject = text }
        if let words { outreach.text = words }
        if let name = typed[purpose] { outreach.purpose = name }
        if typed.has(channel) { outreach.channels = typed.list(channel) }
        outreach.topic = typed[topic] ?? outreach.topic
        outreach.team = typed[team] ?? outreach.team
        outreach.priority = typed[priority] ?? outreach.priority
        outreach.facts = both(outreach.facts, typed.list(fact))
        outreach.purchases = both(outreach.purchases, typed.list(purchase))
        outreach.places = both(outreach.places, typed.list(place))
        let plan = try desk.plan(outreach)
        let opened = isApplied ? try desk.apply(plan) : 0
        if context.isJSON { json(plan, opened, desk, context) } else { write(plan, isApplied, desk, context) }
      }
    }
  }

  private static func both(_ known: [String], _ given: [String]) -> [String] {
    known + given.filter { !known.contains($0) }
  }

  private static func write(_ plan: OutreachPlan, _ isApplied: Bool, _ desk: Desk, _ context: Context) {
    let output = context.output
    output.line(output.styled("\(plan.outreach.name): \(Plain.line(plan.outreach.subject))", .bold))
    var table = Table(["ticket", "customer", "name", "channel", "to", "because"])
    for one in plan.recipients {
      table.add([
        .init(isApplied ? desk.shortID(one.ticket) : "new"), .init(desk.shortID(one.customer)),
        .init(one.name),
        .init(one.channel), .init(one.address), .init(one.reasons.joined(separator: ", ")),
      ])
    }
    for one in plan.reached {
      table.add([
        .init(desk.shortID(one.ticket), .dim), .init(desk.shortID(one.customer)), .init(one.name), "", "",
        .init("has it already", .dim),
      ])
    }
    table.write(to: output)
    var rest = Table(["left out", "name", "why"])
    for one in plan.omissions {
      rest.add([.init(desk.shortID(one.customer)), .init(one.name), .init(words(one.obstacle), .yellow)])
    }
    if !rest.isEmpty, !table.isEmpty { output.line() }
    rest.write(to: output)
    let count = Words.count(plan.recipients.count, "customer")
    output.line(
      isApplied
        ? "told \(count)" : "would tell \(count)" + (plan.recipients.isEmpty ? "" : "; --apply does it"))
  }

  private static func words(_ obstacle: OutreachPlan.Obstacle) -> String {
    switch obstacle {
    case .consent(let purpose): "no consent to \(purpose)"
    case .purpose(let key): "\(key) was told for another purpose"
    case .expired(let key): "\(key) holds no longer"
    case .unreachable: "no address for any channel"
    case .avoided: "wants none of the channels"
    case .nameless: "the name is not known"
    }
  }

  private static func word(_ obstacle: OutreachPlan.Obstacle) -> String {
    switch obstacle {
    case .consent: "consent"
    case .purpose: "purpose"
    case .expired: "expired"
    case .unreachable: "unreachable"
    case .avoided: "avoided"
    case .nameless: "nameless"
    }
  }

  private static func json(_ plan: OutreachPlan, _ opened: Int, _ desk: Desk, _ context: Context) {
    func person(_ id: EntityID, _ name: String, _ more: [(String, JSONText?)]) -> JSONText {
      JSONText(present: [("customer", JSONText(id.description)), ("name", JSONText(name))] + more)
    }
    context.output.json([
      ("outreach", JSONText(plan.outreach.id.description)), ("name", JSONText(plan.outreach.name)),
      ("opened", JSONText(opened)),
      (
        "recipients",
        JSONText(
          array: plan.recipients.map { one in
            person(
              one.customer, one.name,
              [
                ("channel", JSONText(one.channel)), ("address", JSONText(one.address)),
                ("because", EntityJSON.strings(one.reasons)), ("ticket", JSONText(one.ticket.description)),
              ])
          })
      ),
      (
        "reached",
        JSONText(
          array: plan.reached.map {
            person($0.customer, $0.name, [("ticket", JSONText($0.ticket.description))])
          })
      ),
      (
        "leftOut",
        JSONText(
          array: plan.omissions.map { one in
            person(
              one.customer, one.name,
              [("why", JSONText(word(one.obstacle))), ("text", JSONText(words(one.obstacle)))])
          })
      ),
    ])
  }

  private static let list = Command(
    "outreach list", "List what customers were told, the newest first",
    examples: [.init("All", "askonce outreach list")]
  ) { _ in
    { context in
      try context.withDesk(.reading) { desk in
        let all = try desk.outreaches()
        if context.isJSON {
          context.output.json(
            list: all.map { one in
              JSONText(present: [
                ("id", JSONText(one.outreach.id.description)), ("name", JSONText(one.outreach.name)),
                ("subject", JSONText(one.outreach.subject)), ("text", JSONText(one.outreach.text)),
                ("purpose", JSONText(one.outreach.purpose)), ("at", JSONText(one.at.description)),
                ("tickets", JSONText(one.tickets)), ("open", JSONText(one.open)),
              ])
            })
          return
        }
        var table = Table(["name", "begun", "tickets", "open", "subject"], numbers: [2, 3])
        for one in all {
          table.add([
            .init(one.outreach.name), .init(Moment.local(one.at)), .init("\(one.tickets)"),
            .init("\(one.open)"),
            .init(one.outreach.subject),
          ])
        }
        table.write(to: context.output)
        if all.isEmpty { context.note("no outreach here") }
      }
    }
  }
}
