import Causality
import Codec
import Merge
import Storage

/// What was promised to a customer, and by when.
public struct PromiseRow: Sendable, Hashable {
  /// Its id, the same on every replica.
  public let id: EntityID
  /// What was promised.
  public let text: String
  /// Whom it was given to.
  public let customer: EntityID?
  /// The ticket that it is about; nil where it is about none.
  public let ticket: EntityID?
  /// One of `Vocabulary.promiseStates`; of concurrent ones the least finished.
  public let state: String
  /// Milliseconds since 1970; nil where no time was promised.
  public let due: UInt64?
  /// A decimal number, and the code of its currency; "" where no money was promised.
  public let amount: String
  /// The currency of the amount, three letters of ISO 4217.
  public let currency: String
  /// Who promised it.
  public let by: String
  /// When it was given, milliseconds since 1970.
  public let created: UInt64
  /// On how many fields people disagree.
  public let conflicts: Int
  /// Whether it was erased; then nothing else is known of it.
  public let isErased: Bool

  /// Whether it is still to be kept: also in a state that this version does not know.
  public var isOpen: Bool { !["kept", "broken", "waived"].contains(state) }
}

extension PromiseRow {
  /// The columns of the table, in the order of `values(of:)` and `init(_:_:)`.
  static let columns = [
    TableColumn("text", .text), TableColumn("customer", .numbered), TableColumn("ticket", .numbered),
    TableColumn("state", .word), TableColumn("due", .number), TableColumn("amount", .word),
    TableColumn("currency", .word), TableColumn("by", .word), TableColumn("created", .number),
    TableColumn("conflicts", .number), TableColumn("erased", .number),
  ]

  static func values(of state: EntityState) -> [TableValue] {
    [
      .text(state.brief("text")), .text(state.brief("customer")), .text(state.brief("ticket")),
      .text(state.brief("state")),
      .number(state.text("due").flatMap { HybridTime($0) }?.milliseconds ?? 0),
      .text(state.brief("amount")), .text(state.brief("currency")), .text(state.shown("text")?.by ?? ""),
      .number(state.firstAt.milliseconds), .number(UInt64(state.disagreements.count)),
      .number(state.isErased ? 1 : 0),
    ]
  }

  init(_ id: EntityID, _ values: [TableValue]) {
    self.id = id
    text = values[0].text
    customer = EntityID(values[1].text)
    ticket = EntityID(values[2].text)
    state = values[3].text
    due = values[4].number == 0 ? nil : values[4].number
    amount = values[5].text
    currency = values[6].text
    by = values[7].text
    created = values[8].number
    conflicts = Int(values[9].number)
    isErased = values[10].number != 0
  }
}
