import Agent
import ServiceDesk

/// Lists tickets.
enum TicketList {
  private static let status = Option.list(
    "status", "WORD",
    "only tickets with this status; 'open' for all that are not finished (the default), "
      + "'all' for every one")
  private static let assignee = Option.value("assignee", "NAME", "only tickets of this agent")
  private static let mine = Option.flag("mine", "only tickets of this store's agent")
  private static let nobody = Option.flag("unassigned", "only tickets that nobody has")
  private static let answerable = Option.value("owner", "NAME", "only tickets that this agent answers for")
  private static let team = Option.value("team", "NAME", "only tickets of this team")
  private static let priority = Option.value("priority", "WORD", "only tickets of this priority")
  private static let tag = Option.value("tag", "WORD", "only tickets with this tag")
  private static let customer = Option.value("customer", "CUSTOMER", "only tickets of this customer")
  private static let since = Option.value(
    "since", "TIME", "only tickets updated since: 2026-11-21, '2026-11-21 14:05', 3d, 2h")
  private static let text = Option.value(
    "text", "WORDS", "only tickets with these words in the subject or number")
  private static let order = Option.value("order", "ORDER", "what comes first", choices: ["newest", "due"])

  static let command = Command(
    "ticket list", "List tickets",
    options: [
      status, assignee, mine, nobody, answerable, team, priority, tag, customer, since, text, order,
      Limit.option,
    ],
    examples: [
      .init("What I have to do", "askonce ticket list --mine --order due"),
      .init("What nobody has taken", "askonce ticket list --unassigned --priority urgent"),
      .init("What was solved today", "askonce ticket list --status solved --since 12h"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    var filter = TicketFilter()
    filter.status = try status(typed.list(status))
    guard [assignee, mine, nobody].count(where: typed.has) <= 1 else {
      throw Failure.usage("--assignee, --mine and --unassigned exclude each other")
    }
    filter.assignee = typed.has(nobody) ? "" : typed[assignee]
    filter.team = typed[team]
    filter.owner = typed[answerable]
    filter.priority = typed[priority]
    filter.tag = typed[tag]
    filter.text = typed[text]
    if typed[order] == "due" { filter.order = .due }
    let (owner, isMine, start, prepared) = (typed[customer], typed.has(mine), typed[since], filter)
    if let start { _ = try Moment.parse(start, now: 0) }
    return { context in
      try context.withDesk(.reading) { desk in
        var filter = prepared
        if isMine { filter.assignee = desk.store.configuration.agent }
        if let owner { filter.customer = try context.find(owner, type: Vocabulary.customer, desk) }
        if let start { filter.updatedSince = try Moment.parse(start, now: context.system.now()) }
        try check(filter, desk)
        let (rows, total) = try desk.tickets(filter, limit: limit.count(isJSON: context.isJSON))
        if context.isJSON {
          var list = JSONList(context.output)
          for row in rows { list.add(TicketJSON.row(row, desk)) }
          list.end()
        } else {
          let now = filter.order == .due ? context.system.now() : nil
          TicketTable.write(rows, desk, dueAt: now, to: context.output)
          limit.tellRest(rows.count, of: total, filter.status == .open ? "open ticket" : "ticket", context)
        }
      }
    }
  }

  private static func status(_ words: [String]) throws(Failure) -> TicketFilter.Status {
    if words.isEmpty || words == ["open"] { return .open }
    if words == ["all"] { return .all }
    guard !words.contains("all") else { throw .usage("--status all excludes others") }
    return .any(Set(words))
  }

  /// Refuses words that neither the desk nor any ticket here knows: a mistyped one would look like a desk without work. What an
  /// import brought is found by its own words. Cost: nothing for the desk's words, else a column of the table each.
  private static func check(_ filter: TicketFilter, _ desk: Desk) throws {
    func require(_ word: String, of option: Option, _ words: [String], _ narrow: (inout TicketFilter) -> Void)
      throws
    {
      guard !word.isEmpty, !words.contains(word) else { return }
      var others = TicketFilter()
      others.status = .all
      others.includesParts = true
      narrow(&others)
      guard try desk.tickets(others, limit: 1).total == 0 else { return }
      throw Failure.word(word, of: "--\(option.name)", words)
    }
    if case .any(let words) = filter.status {
      for word in words.sorted() {
        try require(word, of: status, Vocabulary.statuses + ["all"]) { $0.status = .any([word]) }
      }
    }
    if let word = filter.priority {
      try require(word, of: priority, Vocabulary.priorities) { $0.priority = word }
    }
  }
}
