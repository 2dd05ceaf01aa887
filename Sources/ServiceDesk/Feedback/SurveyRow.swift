import Causality
import Codec
import Merge
import Storage

/// What a customer said of the service in a ticket.
public struct SurveyRow: Sendable, Hashable {
  /// The survey.
  public let id: EntityID
  /// Who said it; nil where the ticket named nobody.
  public let customer: EntityID?
  /// The ticket that it is about.
  public let ticket: EntityID?
  /// How satisfied the customer was, from 1 to 5; nil where that was not asked.
  public let csat: Int?
  /// How easy it was, from 1 to 7 (the customer effort score); nil where that was not asked.
  public let ces: Int?
  /// What the customer said; "" for nothing.
  public let comment: String
  /// Who wrote it down.
  public let by: String
  /// When it was given, milliseconds since 1970.
  public let at: UInt64
  /// On how many fields people disagree.
  public let conflicts: Int
  /// Whether it was erased; then nothing else is known of it.
  public let isErased: Bool
}

extension SurveyRow {
  /// The columns of the table, in the order of `values(of:)` and `init(_:_:)`.
  static let columns = [
    TableColumn("customer", .numbered), TableColumn("ticket", .numbered), TableColumn("csat", .number),
    TableColumn("ces", .number), TableColumn("comment", .text), TableColumn("by", .word),
    TableColumn("at", .number), TableColumn("conflicts", .number), TableColumn("erased", .number),
  ]

  /// When the customer said it: it may have been written down later.
  static func given(_ state: EntityState) -> HybridTime {
    state.text("at").flatMap { HybridTime($0) } ?? state.firstAt
  }

  static func values(of state: EntityState) -> [TableValue] {
    func score(_ field: ExactString, _ range: ClosedRange<Int>) -> UInt64 {
      state.text(field).flatMap { Int($0) }.map { range.contains($0) ? UInt64($0) : 0 } ?? 0
    }
    return [
      .text(state.brief("customer")), .text(state.brief("ticket")), .number(score("csat", 1...5)),
      .number(score("ces", 1...7)), .text(state.brief("comment")),
      .text((state.shown("csat") ?? state.shown("ces") ?? state.shown("comment"))?.by ?? ""),
      .number(given(state).milliseconds), .number(UInt64(state.disagreements.count)),
      .number(state.isErased ? 1 : 0),
    ]
  }

  init(_ id: EntityID, _ values: [TableValue]) {
    self.id = id
    customer = EntityID(values[0].text)
    ticket = EntityID(values[1].text)
    csat = values[2].number == 0 ? nil : Int(values[2].number)
    ces = values[3].number == 0 ? nil : Int(values[3].number)
    comment = values[4].text
    by = values[5].text
    at = values[6].number
    conflicts = Int(values[7].number)
    isErased = values[8].number != 0
  }
}
