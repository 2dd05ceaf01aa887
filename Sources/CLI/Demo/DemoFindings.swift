import Agent
import Causality
import Codec
import Merge
import ServiceDesk
import Storage

/// What the third agent's store holds after the sync.
struct DemoFindings {
  private let store: Store
  private let say: (String) -> Void
  private let claim: (Bool, String) throws -> Void
  private let title: (String) -> Void

  init(
    _ store: Store, say: @escaping (String) -> Void, claim: @escaping (Bool, String) throws -> Void,
    title: @escaping (String) -> Void
  ) {
    self.store = store
    self.say = say
    self.claim = claim
    self.title = title
  }

  func show(tickets: [EntityID], customer: EntityID, stored: [String]) throws {
    title("What Cleo sees now")
    guard let first = try store.state(of: tickets[0]), let second = try store.state(of: tickets[1]),
      let third = try store.state(of: tickets[2])
    else { throw Failure(.failed, "a ticket is missing") }
    for state in [first, second] {
      for field in state.conflicts { conflict(state, field) }
    }
    try claim(
      first.conflicts == ["assignee", "status"] && second.conflicts == ["priority", "subject"],
      "exactly these four disagreements were kept, with every value")
    try claim(
      first.text("status") == "pending" && first.text("assignee") == "anna",
      "the ticket is shown as pending, not solved, because a wrongly closed ticket harms more; Anna took it first"
    )
    try claim(
      second.text("priority") == "urgent", "the other ticket is shown as urgent: the highest priority counts")
    let dated = second.registers["subject"]?.heads.first { $0.by == "cleo" }
    try claim(
      dated.map { $0.effective < $0.at } ?? false,
      "Cleo's edit, dated \(dated?.at.description.prefix(10) ?? ""), counts as made when the server got it")
    try notes(third, stored)
    try person(customer)
  }

  private func conflict(_ state: EntityState, _ field: ExactString) {
    let subject = state.text("subject") ?? state.text("topic") ?? "\(state.id)"
    let heads = (state.registers[field]?.heads ?? []).map { "\($0.value.plain) (\($0.by))" }
    let shown = state.shown(field)?.value.plain ?? ""
    say("  \"\(subject)\", \(field): \(heads.joined(separator: " or ")); shown: \(shown)")
  }

  private func notes(_ state: EntityState, _ stored: [String]) throws {
    let texts = (state.logs[Vocabulary.timeline] ?? []).compactMap { $0.value["text"]?.string }
    let counts = stored.map { text in texts.filter { $0 == text }.count }
    try claim(
      counts.allSatisfy { $0 == 1 },
      "each of Bo's \(stored.count) acknowledged notes is here once, though his process was killed 24 times")
  }

  private func person(_ customer: EntityID) throws {
    guard let state = try store.state(of: customer) else { throw Failure(.failed, "the customer is missing") }
    say("  \(state.text("name") ?? "A customer"), whom Cleo has never met:")
    var known = 0
    for (field, register) in state.registers.sorted(by: { $0.key < $1.key })
    where field.text.hasPrefix(Vocabulary.factPrefix) {
      guard let head = register.shown() else { continue }
      known += 1
      say(
        "    \(field.text.dropFirst(Vocabulary.factPrefix.count)): \(head.value["value"]?.plain ?? head.value.plain)"
          + " (\(head.by), \(head.value["channel"]?.plain ?? "channel unknown"))")
    }
    try claim(known >= 2, "Cleo knows \(known) facts that others asked for, and need not ask again")
  }
}
