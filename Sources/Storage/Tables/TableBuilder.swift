import Causality
import Codec
import Merge

/// Makes the table of a run by folding the entities that it touches, with what older runs say of them.
///
/// Cost: the run, and of older runs the members that hold its entities.
struct TableBuilder {
  private let runs: [RunReader]
  private let index: Int
  private let projection: any TableProjection
  private let rows: NewerRows

  /// - Parameter rows: rows that were folded behind the older runs, before this run was made.
  init(_ runs: [RunReader], _ index: Int, _ projection: any TableProjection, reusing rows: NewerRows) {
    self.runs = runs
    self.index = index
    self.projection = projection
    self.rows = rows
  }

  func write(to writer: TableWriter, _ progress: (Int, Int) -> Void) throws(StorageError) {
    let total = Int(runs[index].name.last - runs[index].name.first + 1)
    var done = 0
    var told = 0
    var columns: (type: String, columns: [TableColumn]) = ("", [])
    let walk = try EntityWalk([runs[index]])
    while let (id, changes) = try walk.next() {
      if columns.type != id.type { columns = (id.type, projection.columns(ofType: id.type)) }
      let entry: NewerRows.Entry
      if let known = rows.known(id, changes) { entry = known } else { entry = try fold(id, changes) }
      try writer.add(TableRow(id, entry.values), columns: columns.columns)
      writer.add(terms: entry.terms, row: writer.count - 1)
      done += changes.count
      if done - told >= 20_000 {
        told = done
        progress(done, total)
      }
    }
    if told > 0 { progress(total, total) }
    try writer.finish()
  }

  private func fold(_ id: EntityID, _ changes: [PlacedChange]) throws(StorageError) -> NewerRows.Entry {
    var all: [PlacedChange] = []
    for run in runs[..<index] { all += try run.changes(of: id) }
    let new = projection.readsLogs(ofType: id.type) ? changes : changes.map(Self.withoutLogs)
    all = (projection.readsLogs(ofType: id.type) ? all : all.map(Self.withoutLogs)) + new
    return NewerRows.Entry(
      values: projection.values(of: Fold.state(of: id, all)), terms: Array(projection.terms(of: id, new)))
  }

  /// The change without its body where that only appends to logs, as most do: no row says anything of these, and they are
  /// the long ones.
  private static func withoutLogs(_ placed: PlacedChange) -> PlacedChange {
    let change = placed.change
    guard onlyLogs(change.body.span) else { return placed }
    return PlacedChange(
      Change(id: change.id, at: change.at, seen: change.seen, by: change.by, on: change.on, body: []),
      position: placed.position, stamp: placed.stamp, seenLimit: placed.seenLimit)
  }

  private static func onlyLogs(_ body: Span<UInt8>) -> Bool {
    do throws(JSONError) {
      let keyEnd = try JSONScanner.skipString(body, 0)
      guard JSONScanner.equals(body, 1..<keyEnd - 1, "log") else { return false }
      return try JSONScanner.skipValue(body, JSONScanner.expect(UInt8(ascii: ":"), body, keyEnd))
        == body.count
    } catch {
      return false
    }
  }
}
