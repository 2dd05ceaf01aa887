import Causality
import Codec
import Merge

/// Reads dialogues of STAR (J. Mosig, S. Mehri, T. Kober, *STAR: A Schema-Guided Dialog Dataset*, 2020), one
/// a line.
///
/// `AnonymizedUserWorkerID` is a customer, a dialogue the ticket `star-<DialogueID>` of that customer, and
/// what the two sides wrote is its timeline. `Scenario.Domains` gives the topic, and tags where there are
/// several. The agent (`AnonymizedWizardWorkerID`) is the author of every edit, since all happened at that
/// agent's desk, and takes the ticket with the first answer. A dialogue that came to its end is solved. What
/// the agent typed before picking a suggestion, look-ups and the hints to the customer are not messages and
/// are left out.
struct StarDialogues: LineFormat {
  private var customers: Set<EntityKey> = []

  init() {}

  mutating func edits(of line: JSONText, number: Int) throws(BadRecord) -> [ImportedEdit] {
    let dialogue = try JSONRecord(line)
    let id = try dialogue.require("DialogueID")
    guard id.int != nil || id.string?.isEmpty == false else { throw dialogue.fails("DialogueID", "no id") }
    guard let user = try dialogue.string("AnonymizedUserWorkerID"), !user.isEmpty else {
      throw dialogue.fails("AnonymizedUserWorkerID", "is missing")
    }
    guard let agent = try dialogue.string("AnonymizedWizardWorkerID"),
      1...Change.maximumAuthor ~= agent.utf8.count
    else { throw dialogue.fails("AnonymizedWizardWorkerID", "is missing or no agent's name") }
    _ = try dialogue.require("Events")
    let events = try dialogue.elements("Events")
    let customer = EntityKey("customer", user)
    var ticket = TicketEdits(EntityKey("ticket", "star-\(id.plain)"), agent: agent, line: number)
    try Self.describe(&ticket, dialogue, customer)
    for (index, event) in events.enumerated() {
      try Self.take(try JSONRecord(event, path: "Events[\(index)]"), index, &ticket)
    }
    ticket.finish(level: try dialogue.string("CompletionLevel"))

    guard customers.insert(customer).inserted else { return ticket.edits }
    var creation = ImportedEdit(
      key: customer, at: ticket.edits.first?.at, by: agent, once: RecordKey(customer).text, line: number)
    creation.draft.set["language"] = JSONText("en")
    return [creation] + ticket.edits
  }

  private static func describe(
    _ ticket: inout TicketEdits, _ dialogue: JSONRecord, _ customer: EntityKey
  ) throws(BadRecord) {
    ticket.pending.links["customer"] = customer
    ticket.pending.draft.set["status"] = JSONText("new")
    ticket.pending.draft.set["channel"] = JSONText("chat")
    guard let scenario = dialogue["Scenario"] else { return }
    // 121 dialogues have the one domain null.
    let domains = try JSONRecord(scenario, path: "Scenario").elements("Domains").compactMap(\.string)
    guard !domains.isEmpty else { return }
    ticket.pending.draft.set["topic"] = JSONText(domains.joined(separator: ", "))
    if domains.count > 1 { ticket.pending.draft.add["tags"] = domains.map { ExactString($0) } }
  }

  /// Takes one event of a dialogue.
  private static func take(_ event: JSONRecord, _ index: Int, _ ticket: inout TicketEdits) throws(BadRecord) {
    if let time = event["UnixTime"] {
      let bytes = time.bytes[...]
      guard let at = TimePattern.epochSeconds?.time(bytes) else {
        throw event.fails("UnixTime", "no time in seconds since 1970")
      }
      ticket.now = at
    }
    guard let action = try event.string("Action"), let side = try event.string("Agent") else {
      throw event.fails("Action", "without \"Action\" or \"Agent\"")
    }
    let isMessage = action == "utter" || action == "pick_suggestion"
    guard isMessage, side == "User" || side == "Wizard" else { return }
    guard event["UnixTime"] != nil else { throw event.fails("UnixTime", "is missing") }
    guard let text = try event.string("Text") else { throw event.fails("Text", "is missing") }
    ticket.message(text, isAnswer: side == "Wizard", index)
  }
}

/// Gathers the edits of one ticket; what is pending goes into the next message's edit.
private struct TicketEdits {
  private(set) var edits: [ImportedEdit] = []
  var pending: ImportedEdit
  var now: HybridTime?
  private let empty: ImportedEdit
  private var isTaken = false

  init(_ key: EntityKey, agent: String, line: Int) {
    empty = ImportedEdit(key: key, by: agent, once: "", line: line)
    pending = empty
  }

  mutating func message(_ text: String, isAnswer: Bool, _ index: Int) {
    if isAnswer, !isTaken {
      isTaken = true
      pending.draft.set["status"] = JSONText("open")
      pending.draft.set["assignee"] = JSONText(pending.by ?? "")
    }
    pending.draft.log["timeline"] = JSONText(object: [
      ("kind", JSONText("message")), ("channel", JSONText("chat")),
      ("direction", JSONText(isAnswer ? "out" : "in")), ("text", JSONText(text)),
    ])
    emit("event \(index)")
  }

  mutating func finish(level: String?) {
    guard let level else { return }
    pending.draft.set["completion"] = JSONText(level)
    if level == "Complete" { pending.draft.set["status"] = JSONText("solved") }
    emit("completion")
  }

  private mutating func emit(_ name: String) {
    var key = RecordKey(pending.key)
    key.add("star".utf8)
    key.add(name.utf8)
    pending.once = key.text
    pending.at = now
    edits.append(pending)
    pending = empty
  }
}

extension TimePattern {
  fileprivate static let epochSeconds = TimePattern("epoch")
}
