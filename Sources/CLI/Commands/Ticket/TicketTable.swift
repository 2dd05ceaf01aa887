import Causality
import Codec
import Merge
import ServiceDesk

/// Lists of tickets as a person reads them.
enum TicketTable {
  /// - Parameter now: shows by when each is due instead of when it was updated, and what is late at this time.
  static func write(
    _ rows: [TicketRow], _ desk: Desk, showingCustomer: Bool = true, dueAt now: UInt64? = nil,
    to output: Output
  ) {
    var headings = [
      "id", "status", "priority", "assignee", now == nil ? "updated" : "due", "customer", "subject",
    ]
    if !showingCustomer { headings.remove(at: 5) }
    var table = Table(headings)
    for row in rows {
      var cells: [Table.Cell] = [
        .init(desk.shortID(row.id)), .init(row.status),
        .init(row.priority, row.priority == "urgent" ? .red : nil),
        .init(row.assignee.isEmpty ? row.team : row.assignee), time(row, now),
        .init(row.customerName ?? ""), subject(row),
      ]
      if !showingCustomer { cells.remove(at: 5) }
      table.add(cells)
    }
    table.write(to: output)
  }

  private static func time(_ row: TicketRow, _ now: UInt64?) -> Table.Cell {
    guard let now else { return .init(Moment.local(row.updated)) }
    guard let due = row.due else { return "" }
    return .init(Moment.local(due), due < now && !Vocabulary.finished.contains(row.status) ? .red : nil)
  }

  private static func subject(_ row: TicketRow) -> Table.Cell {
    if row.isErased { return .init("(erased)", .dim) }
    let title = row.subject.isEmpty ? row.ref ?? "" : row.subject
    guard row.conflicts > 0 else { return .init(title) }
    return .init("(\(Words.count(row.conflicts, "conflict"))) \(title)", .yellow)
  }
}

/// Lists of tickets for programs.
enum TicketJSON {
  static func row(_ row: TicketRow, _ desk: Desk) -> JSONText {
    JSONText(present: [
      ("id", JSONText(row.id.description)), ("short", JSONText(desk.shortID(row.id))),
      ("ref", row.ref.map { JSONText($0) }), ("subject", JSONText(row.subject)),
      ("status", JSONText(row.status)),
      ("priority", JSONText(row.priority)), ("team", JSONText(row.team)),
      ("assignee", JSONText(row.assignee)),
      ("topic", JSONText(row.topic)), ("channel", JSONText(row.channel)),
      ("customer", row.customer.map { JSONText($0.description) }),
      ("customerName", row.customerName.map { JSONText($0) }), ("tags", EntityJSON.strings(row.tags)),
      ("due", row.due.map { JSONText(HybridTime(milliseconds: $0).description) }),
      ("created", JSONText(HybridTime(milliseconds: row.created).description)),
      ("updated", JSONText(HybridTime(milliseconds: row.updated).description)),
      ("conflicts", JSONText(row.conflicts)), ("erased", row.isErased ? JSONText(true) : nil),
    ])
  }
}
