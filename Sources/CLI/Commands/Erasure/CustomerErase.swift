import Agent
import Causality
import Codec
import Merge
import ServiceDesk
import Storage

/// Erases a customer for good.
enum CustomerErase {
  private static let yes = Option.flag("yes", "do not ask; needed where no terminal is")
  private static let reason = Option.value(
    "reason", "TEXT", "why; every device keeps it, so name nobody in it")
  private static let keepTickets = Option.flag(
    "keep-tickets", "leave the tickets with all that was said on them; promises and surveys go all the same")

  static let command = Command(
    "customer erase", "Erase a customer for good, on the server and on every device (supervisors)",
    details: [
      "A store that has a server is synced first, since what is erased is what this device knows of. Where that fails, it is said "
        + "and the command goes on: what a colleague gave to somebody else meanwhile is then erased too.",
      "Erased are all profiles that were merged with the customer, with every fact, consent and contact; its tickets, also those "
        + "without a customer that were merged into them or split from them, with subject, messages, notes and all else; its promises and surveys; of all of them every earlier edit. It is hidden "
        + "here at once. 'askonce sync' sends the erasure, and each device, this one too, then takes the data out of its "
        + "files when it syncs; 'askonce erasure status' names those that have not.",
      "What stays: that there was a customer, its id, when and by which agents it and its tickets were edited, when and by whom "
        + "it was erased, and the reason. What stays too: other customers' data, even where they speak of this one; what was "
        + "split off to another customer's ticket, which is made again there, messages that wait as held; tickets that "
        + "by an open conflict may be somebody else's (they are listed); words that were written on another customer's ticket or profile "
        + "and went to this one later, which are hidden there (they are listed), and in the histories of profiles with which it was one what "
        + "was found to be its own (listed too) and what nobody answered 'customer questions' about; a withdrawal of consent "
        + "of which nobody told whose it is, which is made again on the profiles that stay (listed too); files outside of the store, such as exports, "
        + "import files and BACKUPS of the server or a device, which hold the data until you delete them. A backup that is "
        + "restored is erased again by the first device that syncs.",
      "A device that is away goes on showing the customer until it syncs. What it edited is emptied then, and its agent is told. "
        + "A ticket that it made for the customer meanwhile is not known to the erasure: run the command again.",
      "This cannot be undone. Exit codes: 0 erased, or nothing left to erase; 1 not confirmed; 5 what was confirmed changed "
        + "meanwhile; 9 this device is no supervisor's; 11 done but for "
        + "tickets that may be somebody else's.",
    ],
    operands: [CustomerCommands.customer],
    options: [yes, reason, keepTickets],
    examples: [
      .init(
        "Asked for by the customer",
        "askonce customer erase k7f3.12 --reason 'request of 2026-11-20' && askonce sync"),
      .init("From a script", "askonce customer erase k7f3.12 --yes --json"),
    ]
  ) { typed in
    let (text, reason, isSure) = (typed.operand(0), typed[reason], typed.has(yes))
    let keepsTickets = typed.has(keepTickets)
    let request = Request(customer: text, keepsTickets: keepsTickets)
    return { context in
      try fetch(context)
      // Nobody else should have to wait while somebody thinks, so it is asked before the store is locked.
      let confirmed = isSure ? nil : try confirm(request, context)
      var plan: ErasurePlan?
      let code = try context.withDesk(.writing) { desk in
        let found = try request.plan(desk, context)
        if let confirmed, found != confirmed {
          throw Failure(
            .conflict,
            "what there is to erase changed meanwhile: it is \(what(found)) now; nothing was erased, so run the command again"
          )
        }
        let changes = try desk.erase(found, because: reason)
        plan = found
        report(found, changes, desk, context)
      }
      return plan?.unclear.isEmpty == false ? .partial : code
    }
  }

  /// Syncs a store that has a server: what there is to erase is told by what is known, and what a colleague gave to somebody else since
  /// would be erased with it. Without the server it goes on with what it has, and says so; also while another sync of the store waits for
  /// it, which lends the store meanwhile.
  private static func fetch(_ context: Context) throws {
    let configuration = try context.open(.reading).configuration
    try refuseAgents(configuration)
    guard configuration.server != nil else { return }
    do {
      let (report, news) = try SyncRun(context, retries: false).sync(try context.open(.writing))
      for note in report.notes { context.note(note) }
      if let line = news.line { context.note(line) }
    } catch let error as StorageError {
      throw error
    } catch {
      if case SyncError.storage(let failure) = error {
        guard case .locked = failure else { throw failure }
      }
      context.note(
        "not synced (\(Failure(error).message)): what colleagues did since the last sync is not known here and may be erased with it, "
          + "also what they gave to another customer")
    }
  }

  private static func refuseAgents(_ configuration: StoreConfiguration) throws(Failure) {
    guard configuration.server != nil, !configuration.isSupervisor else { return }
    throw Failure(
      .refused,
      "only a supervisor may erase, and the server knows this device as '\(configuration.role ?? "agent")'; ask a "
        + "supervisor, or your operator for an invitation with --role supervisor")
  }

  /// Whom somebody wants to erase.
  private struct Request {
    let customer: String
    let keepsTickets: Bool

    func plan(_ desk: Desk, _ context: Context) throws -> ErasurePlan {
      try refuseAgents(desk.store.configuration)
      return try desk.erasurePlan(
        of: try context.find(customer, type: Vocabulary.customer, desk), keepingTickets: keepsTickets)
    }
  }

  /// Shows what would be erased and has the customer's short id typed.
  ///
  /// - Returns: what was confirmed; that may be nothing.
  private static func confirm(_ request: Request, _ context: Context) throws -> ErasurePlan {
    var shown: (plan: ErasurePlan, id: String, name: String)?
    _ = try context.withDesk(.reading) { desk in
      let plan = try request.plan(desk, context)
      shown = (
        plan, desk.shortID(plan.customer), try desk.customerName(plan.customer) ?? "\(plan.customer)"
      )
    }
    guard let shown else { throw Failure(.failed, "nothing was erased") }
    if shown.plan.isEmpty { return shown.plan }
    guard context.errors.isTerminal, let keys = KeyReader() else {
      throw Failure(
        .usage, "this erases \(what(shown.plan)) for good; give --yes where nobody can be asked",
        command: "customer erase")
    }
    defer { keys.end() }
    context.output.flush()
    context.errors.write(
      "This erases \(Plain.line(shown.name)) for good: \(what(shown.plan)). Type \(shown.id) to go on: ")
    context.errors.flush()
    let typed = keys.line { text in
      context.errors.write(text)
      context.errors.flush()
    }
    guard typed == shown.id else { throw Failure(.failed, "nothing was erased") }
    return shown.plan
  }

  private static func what(_ plan: ErasurePlan) -> String {
    let tickets = plan.others.count { $0.type == Vocabulary.ticket }
    let rest = plan.others.count - tickets
    var parts: [String] = []
    if !plan.profiles.isEmpty { parts.append(Words.count(plan.profiles.count, "profile")) }
    if tickets > 0 { parts.append(Words.count(tickets, "ticket")) }
    if rest > 0 { parts.append("\(Words.grouped(rest)) other\(rest == 1 ? " entry" : " entries")") }
    return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
  }

  private static func report(_ plan: ErasurePlan, _ changes: [Change], _ desk: Desk, _ context: Context) {
    let isSent = desk.store.configuration.server == nil
    if context.isJSON {
      context.output.json([
        ("on", JSONText(plan.customer.description)),
        ("erased", EntityJSON.strings((plan.profiles + plan.others).map(\.description))),
        ("kept", EntityJSON.strings(plan.kept.map(\.description))),
        ("unclear", EntityJSON.strings(plan.unclear.map(\.description))),
        ("freed", EntityJSON.strings(plan.freed.map(\.description))),
        (
          "remade",
          JSONText(
            array: plan.remade.map { moved in
              JSONText(object: [
                ("on", JSONText(moved.on.description)), ("from", JSONText(moved.from.description)),
                ("entries", EntityJSON.strings(moved.entries.map(\.description))),
              ])
            })
        ),
        (
          "hidden",
          JSONText(
            array: plan.hidden.map { hidden in
              JSONText(object: [
                ("on", JSONText(hidden.on.description)),
                ("entries", EntityJSON.strings(hidden.entries.map(\.description))),
              ])
            })
        ),
        (
          "written",
          JSONText(
            array: plan.written.map { written in
              JSONText(object: [
                ("on", JSONText(written.on.description)),
                ("fields", EntityJSON.strings(written.fields.map(\.text))),
                ("changes", EntityJSON.strings(written.changes.map(\.description))),
              ])
            })
        ),
        (
          "withdrawn",
          JSONText(
            array: plan.withdrawn.map { kept in
              JSONText(object: [
                ("on", JSONText(kept.on.description)), ("purpose", JSONText(kept.purpose)),
                ("change", JSONText(kept.change.description)),
              ])
            })
        ),
        ("changes", EntityJSON.strings(changes.map(\.id.description))), ("done", JSONText(isSent)),
      ])
      return
    }
    if plan.isEmpty {
      context.output.line("\(plan.customer) is erased already, and nothing names it")
    } else {
      context.output.line("erased \(what(plan)) of \(plan.customer)")
    }
    for id in plan.unclear {
      context.note(
        "\(desk.shortID(id)) may be somebody else's, so it stays; settle whose it is, then erase again")
    }
    for id in plan.freed {
      context.note("\(desk.shortID(id)) is another customer's, so it stays and stands for itself again")
    }
    for moved in plan.remade {
      context.note(
        "\(Words.count(moved.entries.count, "entry", "entries")) of \(desk.shortID(moved.from)) had gone to \(desk.shortID(moved.on)), "
          + "another customer's: made again there, messages that wait as held")
    }
    for hidden in plan.hidden {
      context.note(
        "\(Words.count(hidden.entries.count, "entry", "entries")) that went to what is erased stood on \(desk.shortID(hidden.on)), which "
          + "stays: the words are hidden, and stay in its history on every device until it is erased too")
    }
    for written in plan.written {
      let fields = Phrase.list(written.fields.map(\.text))
      context.note(
        "\(fields) of what is erased stood on \(desk.shortID(written.on)) before the two were split, and \(written.fields.count == 1 ? "stays" : "stay") in its "
          + "history on every device until it is erased too")
    }
    for kept in plan.withdrawn {
      context.note(
        "consent to \(kept.purpose) was withdrawn while \(desk.shortID(kept.on)) was one with what is erased, and nobody told whose that "
          + "is: it stays withdrawn there")
    }
    if !isSent, !changes.isEmpty {
      context.output.line("'askonce sync' carries it out; 'askonce erasure status' says who has not")
    }
  }
}
