import Causality
import Codec
import Merge

/// What an agent sees of a field.
public struct FieldView: Sendable, Hashable {
  /// The field's name.
  public let name: ExactString
  /// The head that is shown.
  public let shown: Head
  /// All heads, the shown one too; several with different values are a conflict.
  public let heads: [Head]

  /// The shown value as a person reads it.
  public var text: String { shown.value.told }
  /// Whether people disagree about it: heads with different values.
  public var isConflict: Bool { heads.contains { $0.value != heads[0].value } }
}

/// One entry of a timeline.
public struct TimelineEntry: Sendable, Hashable {
  /// The change that wrote it.
  public let id: ChangeID
  /// `message`, `note`, `event`, or a word that this version does not know; "" where there is none.
  public let kind: String
  /// The channel; nil, or "" of a ticket, where nobody said.
  public let channel: String?
  /// `in` from the customer, `out` to the customer.
  public let direction: String?
  /// The text.
  public let text: String
  /// Who wrote it: the agent's name.
  public let by: String
  /// When it was made, by the author's clock.
  public let at: HybridTime
  /// When it counts as made: entries are ordered by this.
  public let effective: HybridTime
  /// When the server received it, milliseconds since 1970; nil when it did not yet.
  public let received: UInt64?
  /// The position up to which the author had merged.
  public let seen: UInt64
  /// The place in the workspace's order; nil for what was not sent yet.
  public let position: UInt64?
  /// The whole entry as it was written.
  public let value: JSONText
  /// What happened, of an event.
  let event: String?
  /// How far a message to the customer came when it was written.
  let state: String?
  /// The outreach that a message is of.
  let outreach: String?
  /// The change that wrote it first, where an erasure emptied the log in which that one stood.
  let moves: ChangeID?

  private static let names = [
    "kind", "channel", "direction", "text", "event", "state", Vocabulary.outreachField.text,
    Vocabulary.moves,
  ]

  init(_ entry: LogEntry) {
    id = entry.id
    let members = entry.value.members(named: Self.names)
    kind = members[0]?.plain ?? ""
    channel = members[1]?.plain
    direction = members[2]?.plain
    text = members[3]?.plain ?? entry.value.string ?? ""
    event = members[4]?.string
    state = members[5]?.string
    outreach = members[6]?.string
    moves = members[7]?.string.flatMap { ChangeID($0) }
    by = entry.by
    at = entry.at
    effective = entry.effective
    received = entry.stamp
    seen = entry.seen
    position = entry.position
    value = entry.value
  }
}

/// An entity as the desk understands it: typed looks at its state.
public protocol EntityView: Sendable {
  var id: EntityID { get }
  /// Everything that is known, unknown fields too.
  var state: EntityState { get }
}

extension EntityView {
  /// The number in another system; nil where there is none.
  public var ref: String? { state.text("ref") }
  /// The tags, ordered by their bytes.
  public var tags: [String] { state.elements("tags") }
  /// The earliest time of its changes, as they count.
  public var created: HybridTime { state.firstAt }
  /// The latest time of its changes, as they count.
  public var updated: HybridTime { state.lastAt }
  /// Whether it was erased; then nothing else is known of it.
  public var isErased: Bool { state.isErased }

  /// All fields with a value, ordered by name.
  public var fields: [FieldView] {
    state.registers.keys.sorted().compactMap(field)
  }

  /// One field; nil where it has no value.
  public func field(_ name: ExactString) -> FieldView? {
    guard let heads = state.registers[name]?.heads, let shown = state.shown(name) else { return nil }
    return FieldView(name: name, shown: shown, heads: heads)
  }

  /// The fields on which people disagree, ordered by name.
  public var conflicts: [FieldView] {
    state.disagreements.compactMap(field)
  }

  /// Messages, notes and events, oldest first; without what was found to belong to another profile, and
  /// once where several found that it belongs to this one.
  ///
  /// As they were written: words that were redacted are in them, but for a view that `Desk.shown(_:)` gave. Of a ticket,
  /// `TicketPage.entries` say what is to be read now.
  public var timeline: [TimelineEntry] {
    let entries = state.logs[Vocabulary.timeline] ?? []
    let given = state.sets[Vocabulary.given] ?? [:]
    guard !given.isEmpty || !state.unlinked.isEmpty else { return entries.map(TimelineEntry.init) }
    var shown: [LogEntry] = []
    var first = 0
    for entry in entries where given[ExactString(entry.id.description)] == nil {
      // Two who gave it to this profile at the same time made it again twice, with its author and time.
      if shown.last?.effective != entry.effective { first = shown.count }
      if !shown[first...].contains(where: { $0.value == entry.value && $0.by == entry.by }) {
        shown.append(entry)
      }
    }
    return shown.map(TimelineEntry.init)
  }
}

/// A ticket with all that is known of it.
public struct TicketView: EntityView {
  /// Its id, the same on every replica.
  public let id: EntityID
  /// All that is known of it.
  public let state: EntityState
  /// The customer's name; nil where the customer is not known here.
  public let customerName: String?

  /// What the ticket is about, in one line.
  public var subject: String { state.text("subject") ?? "" }
  /// new, open, pending, on-hold, solved, closed, or a word of the workspace's own.
  public var status: String { state.text("status") ?? "" }
  /// low, normal, high or urgent; "" where nobody said.
  public var priority: String { state.text("priority") ?? "" }
  /// What it is about, a word of the workspace's.
  public var topic: String { state.text("topic") ?? "" }
  /// The team that has it; "" where none has.
  public var team: String { state.text("team") ?? "" }
  /// The agent who has it; "" where nobody has.
  public var assignee: String { state.text("assignee") ?? "" }
  /// The channel; nil, or "" of a ticket, where nobody said.
  public var channel: String { state.text("channel") ?? "" }
  /// The customer; nil where nobody said.
  public var customer: EntityID? { state.text("customer").flatMap { EntityID($0) } }
  /// The agent who answers for it until a follow-up.
  public var owner: String { state.text(Vocabulary.owner) ?? "" }
  /// How it was solved.
  public var solution: String { state.text(Vocabulary.solution) ?? "" }
  /// Agents who want to hear of it.
  public var followers: [String] { state.elements(Vocabulary.followers) }
  /// When it is due; nil where it has no such time.
  public var due: HybridTime? { state.text("due").flatMap { HybridTime($0) } }
}
