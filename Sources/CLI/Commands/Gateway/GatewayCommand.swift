import Agent
import Causality
import Codec
import Merge
import ServiceDesk
import Storage

/// Delivers what agents wrote to customers.
enum GatewayCommand {
  private static let exec = Option.value(
    "exec", "CMD", "the command that sends one message; it runs in /bin/sh")
  private static let noSync = Option.flag("no-sync", "work on what this store knows, without its server")

  /// By sysexits.h: the other side could not be reached; later may help.
  private static let temporary: Int32 = 75

  static let command = Command(
    "gateway", "Send the messages that wait on a channel, by a command of yours",
    details: [
      "The command gets each message as JSON on its standard input: id, ticket, subject, channel, to, customer, name, "
        + "language, agent, text. Exit status 0 means sent, and the first line that it prints is kept; 75 means try again "
        + "next time; any other means failed, and its first line of errors is kept.",
      "Each message is marked before the command runs, so it is run once for each: a message during which this "
        + "device was stopped counts as failed, since nobody knows, and 'ticket release' tries it again. A message that "
        + "crossed with words of the customer is held back, one whose ticket is not, or not for certain, the customer's any more for "
        + "whom it was written, one whose --purpose the customer does not allow, or no contact "
        + "where the customer did not write first, and one by email, sms, phone or message to a customer without such an "
        + "address. Whatever is not sent is told with its reason; 'ticket show' tells it too.",
      "A gateway is an ordinary device of the workspace. It syncs first, and sends nothing where that fails, so that it does "
        + "not miss what the customer wrote; it syncs the mark of each message before it runs the command, and all at the end. Of "
        + "several gateways the one whose mark the server has first sends the message; with --no-sync nobody sees to that.",
    ],
    options: [TicketCommands.channel, exec, noSync],
    examples: [
      .init("From a timer", "askonce gateway --channel email --exec /usr/local/bin/send-mail"),
      .init(
        "To see what would go out",
        "askonce gateway --channel sms --no-sync --exec 'jq -r .text >&2; exit 75'"),
    ]
  ) { typed in
    guard let channel = typed[TicketCommands.channel] else {
      throw Failure.usage("which channel? Give --channel")
    }
    guard let line = typed[exec], !line.isEmpty else { throw Failure.usage("which command? Give --exec CMD") }
    let isAlone = typed.has(noSync)
    return { context in
      var counts = Counts()
      let store = try context.open(.writing)
      // Of two gateways on one store each would take what the other is sending for lost.
      guard let gateway = try store.takeGatewayLock() else {
        throw Failure(.locked, "another gateway works on this store; try again when it has finished")
      }
      defer { gateway.release() }
      let syncs = !isAlone && store.configuration.server != nil
      let connections = KeptConnection()
      var kept = context
      kept.connect = context.connect.map { connections.keeping($0) }
      let run = SyncRun(kept, retries: true)
      if syncs { _ = try run.sync(store) }
      // Made behind the sync, whose own desk follows the store as long as it runs.
      let desk = Desk(store)
      let outbox = try desk.outbox(channel)
      for message in outbox.interrupted {
        let reason = "stopped while sending; nobody knows whether it went out"
        try desk.record(message.entry, as: "failed", detail: reason)
        counts.failed += 1
        tell("not sent", message, reason, desk, context)
      }
      for message in outbox.held {
        counts.held += 1
        tell("held back", message, message.hold?.description, desk, context)
      }
      for listed in outbox.messages {
        // Agents went on while the ones before it were sent.
        guard var message = try desk.current(listed) else { continue }
        if let hold = message.unreachable {
          counts.held += 1
          tell("held back", message, hold.description, desk, context)
          continue
        }
        let mark = try desk.record(message.entry, as: "sending")
        if syncs, let mark {
          do {
            _ = try run.exchange(store)
          } catch {
            // Nothing ran, so nothing is in doubt. Where this cannot be written either, the next run finds the mark.
            _ = try? desk.withdraw(mark, of: message.entry)
            write(counts, context)
            throw error
          }
          guard let claimed = try desk.claimed(message, by: mark) else {
            try desk.withdraw(mark, of: message.entry)
            // What another gateway sends is that one's to tell.
            if let hold = try desk.holdReason(message) {
              counts.held += 1
              tell("held back", message, hold.description, desk, context)
            }
            continue
          }
          message = claimed
        }
        try send(message, line, behind: mark, desk, &counts, context)
      }
      // Whatever comes now, this is what went out.
      write(counts, context)
      do {
        if syncs { _ = try run.exchange(store) }
        try store.compact()
      } catch  where Self.isLocked(error) {
        context.note("another command has the store; what was done here is sent with the next sync")
      }
      return counts.failed + counts.waiting == 0 ? .ok : .partial
    }
  }

  private static func isLocked(_ error: any Error) -> Bool {
    if case .storage(.locked) = error as? SyncError { return true }
    if case .locked = error as? StorageError { return true }
    return false
  }

  private struct Counts {
    var sent = 0
    var failed = 0
    var waiting = 0
    var held = 0
  }

  /// Names a message that was not sent, with the reason where one is known.
  private static func tell(
    _ what: String, _ message: OutgoingMessage, _ reason: String?, _ desk: Desk, _ context: Context
  ) {
    let id = desk.shortID(message.entry.entry.id)
    context.note(Plain.line("\(what): \(id)" + (reason.map { ": \($0)" } ?? "")))
  }

  private static func send(
    _ message: OutgoingMessage, _ line: String, behind sending: Change?, _ desk: Desk, _ counts: inout Counts,
    _ context: Context
  ) throws {
    let input = json(message, desk).bytes + [0x0A]
    // The other side may take its time, and agents go on meanwhile. What became of the message must be noted, whoever has
    // the store then.
    let outcome = try desk.store.lending(waiting: true) { () throws(Failure) in
      try ShellCommand.run(line, input: input)
    }.get()
    // Who was erased while it was on its way has no record any more, and gets none.
    func record(_ state: String, _ detail: String?, behind last: Change? = nil) throws {
      guard !desk.store.isErased(message.entry.on) else { return }
      try desk.record(message.entry, as: state, detail: detail, behind: last)
    }
    let first = { (text: String) in text.split(separator: "\n").first.map(String.init) }
    switch outcome.code {
    case 0:
      try record("sent", first(outcome.output))
      counts.sent += 1
    case temporary:
      let reason = first(outcome.errors)
      try record("queued", reason, behind: sending)
      counts.waiting += 1
      tell("not sent yet", message, reason, desk, context)
    default:
      let reason = first(outcome.errors) ?? "the command ended with \(outcome.code)"
      try record("failed", reason, behind: sending)
      counts.failed += 1
      tell("not sent", message, reason, desk, context)
    }
  }

  private static func json(_ message: OutgoingMessage, _ desk: Desk) -> JSONText {
    let (entry, customer) = (message.entry, message.customer)
    return JSONText(present: [
      ("id", JSONText(entry.entry.id.description)),
      ("ticket", JSONText(message.ticket.ref ?? desk.shortID(message.ticket.id))),
      ("subject", JSONText(message.ticket.subject)), ("channel", entry.entry.channel.map { JSONText($0) }),
      ("to", EntityJSON.strings(message.recipients)),
      ("customer", customer.map { JSONText($0.id.description) }),
      ("name", customer.map { JSONText($0.name) }),
      ("language", customer.flatMap { $0.language.map { JSONText($0) } }),
      ("agent", JSONText(entry.entry.by)), ("text", JSONText(entry.text)),
    ])
  }

  private static func write(_ counts: Counts, _ context: Context) {
    let parts = [
      ("sent", counts.sent), ("failed", counts.failed), ("waiting", counts.waiting),
      ("held", counts.held),
    ]
    if context.isJSON {
      context.output.json(parts.map { ($0.0, JSONText($0.1)) })
    } else {
      context.output.line(parts.map { "\($0.1) \($0.0)" }.joined(separator: ", "))
    }
  }
}
