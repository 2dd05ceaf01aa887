import Causality
import Codec
import Merge
import Storage

/// A line of a ticket list.
public struct TicketRow: Sendable, Hashable {
  /// Its id, the same on every replica.
  public let id: EntityID
  /// The ticket's number in another system.
  public let ref: String?
  /// What the ticket is about, in one line.
  public let subject: String
  /// "" where it was never set, like the other words.
  public let status: String
  /// low, normal, high or urgent; "" where nobody said.
  public let priority: String
  /// The team that has it; "" where none has.
  public let team: String
  /// The agent who has it; "" where nobody has.
  public let assignee: String
  /// What it is about, a word of the workspace's; "" where nobody said.
  public let topic: String
  /// The channel on which it came; "" where nobody said.
  public let channel: String
  /// What the `customer` field says.
  public let customer: EntityID?
  /// The customer's name, where the customer is known here.
  public internal(set) var customerName: String?
  /// The tags, ordered by their bytes.
  public let tags: [String]
  /// When it is due, milliseconds since 1970; nil where it has no such time.
  public let due: UInt64?
  /// The earliest and latest change as they count in the merge, milliseconds since 1970.
  public let created: UInt64
  /// The latest time of its changes as they count, milliseconds since 1970.
  public let updated: UInt64
  /// On how many fields people disagree.
  public let conflicts: Int
  /// Whether it was erased; then nothing else is known of it.
  public let isErased: Bool
  /// The agent who answers for it.
  public internal(set) var owner = ""
  /// Whether it was merged into another one.
  public internal(set) var isPart = false
  /// When the customer came first, and when the first answer behind that came, milliseconds since 1970.
  public internal(set) var asked: UInt64?
  /// When the customer was last answered, milliseconds since 1970; nil where nobody did.
  public internal(set) var answered: UInt64?
  /// Since when the customer waits for an answer.
  public internal(set) var waiting: UInt64?
  /// The channels on which messages to the customer wait to be sent.
  public internal(set) var outbox: [String] = []
  /// Whether what it shows may be other than what its own timeline has: `TicketClock.hasParts`.
  var hasParts = false
}

extension TicketRow {
  /// The columns of the table, in the order of `values(of:)` and `init(_:_:)`.
  static let columns = [
    TableColumn("ref", .numbered), TableColumn("subject", .text), TableColumn("status", .word),
    TableColumn("priority", .word), TableColumn("team", .word), TableColumn("assignee", .word),
    TableColumn("topic", .word), TableColumn("channel", .word), TableColumn("customer", .numbered),
    TableColumn("tags", .word), TableColumn("due", .number), TableColumn("created", .number),
    TableColumn("updated", .number), TableColumn("conflicts", .number), TableColumn("erased", .number),
    TableColumn("owner", .word), TableColumn("part", .number), TableColumn("asked", .number),
    TableColumn("answered", .number),
    TableColumn("waiting", .number), TableColumn("outbox", .word),
    TableColumn("whole", .number),
  ]

  static func values(of state: EntityState) -> [TableValue] {
    let clock = TicketClock(state)
    return [
      .text(state.brief("ref")), .text(state.brief("subject")), .text(state.brief("status")),
      .text(state.brief("priority")), .text(state.brief("team")), .text(state.brief("assignee")),
      .text(state.brief("topic")), .text(state.brief("channel")), .text(state.brief("customer")),
      .text(state.joined("tags")), .number(state.text("due").flatMap { HybridTime($0) }?.milliseconds ?? 0),
      .number(state.firstAt.milliseconds), .number(state.lastAt.milliseconds),
      .number(UInt64(state.disagreements.count)), .number(state.isErased ? 1 : 0),
      .text(state.brief(Vocabulary.owner)), .number(state.mergedInto == nil ? 0 : 1),
      .number(clock.asked?.milliseconds ?? 0), .number(clock.answered?.milliseconds ?? 0),
      .number(clock.waiting?.milliseconds ?? 0),
      .text(clock.outbox.isEmpty ? "" : JSONText(array: clock.outbox.map { JSONText($0) }).text),
      .number(clock.hasParts ? 1 : 0),
    ]
  }

  init(_ id: EntityID, _ values: [TableValue]) {
    self.id = id
    ref = values[0].text.isEmpty ? nil : values[0].text
    subject = values[1].text
    status = values[2].text
    priority = values[3].text
    team = values[4].text
    assignee = values[5].text
    topic = values[6].text
    channel = values[7].text
    customer = EntityID(values[8].text)
    tags = [String](joined: values[9].text)
    due = values[10].number == 0 ? nil : values[10].number
    created = values[11].number
    updated = values[12].number
    conflicts = Int(values[13].number)
    isErased = values[14].number != 0
    owner = values[15].text
    isPart = values[16].number != 0
    func time(_ index: Int) -> UInt64? { values[index].number == 0 ? nil : values[index].number }
    asked = time(17)
    answered = time(18)
    waiting = time(19)
    outbox = [String](joined: values[20].text)
    hasParts = values[21].number != 0
  }
}

extension [String] {
  /// The elements of a set that was kept as one word.
  init(joined word: String) {
    self = (try? JSONText(parsing: word.utf8))?.elements?.map(\.plain) ?? []
  }
}
