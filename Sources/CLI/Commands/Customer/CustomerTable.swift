import Causality
import Codec
import Merge
import ServiceDesk

/// Lists of customers as a person reads them.
enum CustomerTable {
  static func write(_ rows: [CustomerRow], _ desk: Desk, to output: Output) {
    var table = Table(["id", "ref", "language", "country", "updated", "name"])
    for row in rows {
      table.add([
        .init(desk.shortID(row.id)), .init(row.ref ?? ""), .init(row.language), .init(row.country),
        .init(Moment.local(row.updated)), name(row),
      ])
    }
    table.write(to: output)
  }

  static func name(_ row: CustomerRow) -> Table.Cell {
    if row.isErased { return .init("(erased)", .dim) }
    let conflicts = row.conflicts == 0 ? "" : " (\(Words.count(row.conflicts, "conflict")))"
    return .init(row.name + conflicts, row.conflicts == 0 ? nil : .yellow)
  }
}

/// Lists of customers for programs.
enum CustomerJSON {
  static func row(_ row: CustomerRow, _ desk: Desk, _ more: [(String, JSONText?)] = []) -> JSONText {
    JSONText(
      present: [
        ("id", JSONText(row.id.description)), ("short", JSONText(desk.shortID(row.id))),
        ("ref", row.ref.map { JSONText($0) }), ("name", JSONText(row.name)),
        ("language", JSONText(row.language)),
        ("country", JSONText(row.country)), ("tags", EntityJSON.strings(row.tags)),
        ("created", JSONText(HybridTime(milliseconds: row.created).description)),
        ("updated", JSONText(HybridTime(milliseconds: row.updated).description)),
        ("conflicts", JSONText(row.conflicts)), ("erased", row.isErased ? JSONText(true) : nil),
      ] + more)
  }
}
