import Agent
import Causality
import Codec
import Merge
import ServiceDesk
import Storage

/// What happens in the demo, step by step, in plain words; each claim is checked where it is made.
final class DemoStory {
  private let desk: DemoDesk
  private let output: Output
  private let dialogues: String
  private var claims = 0

  var folder: String { desk.folder }

  init(_ context: Context, dialogues: String) throws {
    desk = try DemoDesk(context)
    output = context.output
    self.dialogues = dialogues
  }

  func cleanUp() { desk.remove() }

  private func say(_ text: String) {
    output.line(text)
    output.flush()
  }

  private func title(_ text: String) { say("\n" + output.styled(text, .bold)) }

  /// Says something only if it is so.
  private func claim(_ holds: Bool, _ text: String) throws {
    guard holds else { throw Failure(.failed, "the demo failed: it is not so that \(text)") }
    claims += 1
    say("  \(output.styled("✓", .green)) \(text)")
  }

  func tell() throws {
    title("The desk opens")
    try desk.startServer()
    say(
      "  A server listens on \(desk.address). Anna, Bo and Cleo join workspace \(DemoDesk.workspace), each with a code."
    )
    try desk.enrol("anna")
    try desk.enrol("bo")
    try desk.enrol("cleo", ahead: 2 * 86_400_000)
    say("  Cleo's clock is two days ahead; nobody has noticed.")
    try importDialogues()
    for agent in ["bo", "cleo"] { try desk.sync(agent) }
    try claim(
      try digests().count == 1, "all three stores hold the same \(try desk.open("bo").position) changes")
    let (tickets, customer) = try subjects()

    title("The network goes away")
    desk.stopServer()
    try claim(isOffline("bo"), "a sync says that the server was not reached, and that edits are safe")
    try workOffline(tickets, customer)
    let stored = try killWhileWriting(tickets[2])

    title("The network comes back")
    try desk.startServer()
    for agent in ["cleo", "bo", "anna", "cleo", "bo"] { try syncAloud(agent) }
    let digests = try digests()
    try claim(digests.count == 1, "all three stores have the digest \(digests.first ?? "")")

    let cleo = try desk.open("cleo")
    try DemoFindings(cleo, say: say, claim: claim, title: title).show(
      tickets: tickets, customer: customer, stored: stored)
    say("\n\(claims) claims were checked, and all of them hold.")
  }

  private func importDialogues() throws {
    let made = try DemoImport.run(dialogues, into: try desk.open("anna"))
    let report = try desk.sync("anna")
    say(
      "  Anna imports \(made.customers) customers and \(made.tickets) tickets from real dialogues: \(report.sent) changes,"
        + " \(report.bytesSent) bytes up (\(report.bytesSent / max(1, report.sent)) a change), \(report.roundTrips) round trips."
    )
  }

  private func digests() throws -> Set<String> {
    var found: Set<String> = []
    for agent in ["anna", "bo", "cleo"] { found.insert(try desk.open(agent).digest()) }
    return found
  }

  /// Three tickets and a customer to work on.
  private func subjects() throws -> ([EntityID], EntityID) {
    let store = try desk.open("anna")
    var tickets: [EntityID] = []
    var customers: [EntityID] = []
    try store.forEachState(ofType: Vocabulary.ticket) { (state) throws(StorageError) in
      tickets.append(state.id)
    }
    try store.forEachState(ofType: Vocabulary.customer) { (state) throws(StorageError) in
      customers.append(state.id)
    }
    guard tickets.count >= 3, let customer = customers.first else {
      throw Failure(.failed, "the dialogues hold fewer than three tickets or no customer")
    }
    return (tickets, customer)
  }

  private func isOffline(_ agent: String) -> Bool {
    do {
      try desk.sync(agent)
    } catch let error as SyncError {
      say("  Bo in his van: \"\(error.description)\"")
      return error.isTemporary
    } catch {
      say("  \(error)")
    }
    return false
  }

  private func syncAloud(_ agent: String) throws {
    let report = try desk.sync(agent)
    say(
      "  \(agent) sends \(report.sent) changes and gets \(report.received): \(report.bytesSent) bytes up,"
        + " \(report.bytesReceived) down, \(report.roundTrips) round trip\(report.roundTrips == 1 ? "" : "s")"
    )
  }

  private func workOffline(_ tickets: [EntityID], _ customer: EntityID) throws {
    say("  All three go on working, on the same tickets:")
    try edit(
      "anna", tickets[0], ["status": "solved", "assignee": "anna"],
      ("email", "out", "All done. Anything else?"))
    say("    Anna answers by e-mail, takes a ticket and marks it solved.")
    try edit(
      "bo", tickets[0], ["status": "pending", "assignee": "bo"], ("phone", "in", "It still does not work."))
    say("    Bo gets a call about it, takes it too and marks it pending.")
    try edit(
      "cleo", tickets[1], ["subject": "Renamed by Cleo", "priority": "high"],
      ("chat", "in", "Can somebody call me?"))
    try edit("anna", tickets[1], ["subject": "Renamed by Anna", "priority": "urgent"], nil)
    say("    Cleo and Anna rename another ticket; Cleo's edit is dated the day after tomorrow.")
    try learn("bo", customer, "callback_time", "after 16:00", "phone")
    try learn("anna", customer, "spoken_language", "Danish", "visit")
    say("    Bo and Anna each learn something about a customer whom Cleo has never met.")
  }

  private func edit(
    _ agent: String, _ id: EntityID, _ set: [ExactString: String], _ message: (String, String, String)?
  ) throws {
    var draft = Draft(set: set)
    if let (channel, direction, text) = message {
      draft.log[Vocabulary.timeline] = JSONText(object: [
        ("kind", JSONText("message")), ("channel", JSONText(channel)), ("direction", JSONText(direction)),
        ("text", JSONText(text)),
      ])
    }
    try desk.open(agent).commit(Edit(.entity(id), draft))
  }

  private func learn(_ agent: String, _ customer: EntityID, _ key: String, _ value: String, _ channel: String)
    throws
  {
    var draft = Draft()
    draft.set[ExactString(Vocabulary.factPrefix + key)] = JSONText(object: [
      ("value", JSONText(value)), ("channel", JSONText(channel)),
    ])
    try desk.open(agent).commit(Edit(.entity(customer), draft))
  }

  /// Kills processes of Bo's that write notes, at various moments. Returns the notes that were said to be stored.
  private func killWhileWriting(_ ticket: EntityID) throws -> [String] {
    func note(_ number: Int, _ microseconds: UInt32?) throws -> Bool {
      let text = "note \(number) before the battery died"
      let isStored = try desk.run(["ticket", "note", "\(ticket)", text], "bo", killAfter: microseconds)
      if isStored { stored.append(text) }
      return isStored
    }
    var stored: [String] = []
    // The moments are spread over what one such process takes here, and a half more.
    let begin = ContinuousClock.now
    try claim(note(0, nil), "a note is stored")
    let (seconds, attoseconds) = (ContinuousClock.now - begin).components
    let whole = Double(seconds) * 1e6 + Double(attoseconds) / 1e12
    let count = 24
    for number in 1...count { _ = try note(number, UInt32(whole * 1.5 * Double(number) / Double(count))) }
    say(
      "    Bo's battery dies \(count) times while he writes notes (SIGKILL): \(stored.count - 1) were acknowledged,"
        + " \(count - stored.count + 1) were not.")
    return stored
  }
}
