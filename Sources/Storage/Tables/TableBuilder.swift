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
    while let batch = try next(walk) {
      for (id, entry) in project(batch) {
        if columns.type != id.type { columns = (id.type, projection.columns(ofType: id.type)) }
        try writer.add(TableRow(id, entry.values), columns: columns.columns)
        writer.add(terms: entry.terms, row: writer.count - 1)
      }
      done += batch.reduce(0) { $0 + $1.count }
      if done - told >= 20_000 {
        told = done
        progress(done, total)
      }
    }
    if told > 0 { progress(total, total) }
    try writer.finish()
  }

  /// An entity, and what is known of it or what it is to be folded from.
  private struct Item: Sendable {
    let id: EntityID
    /// How many changes the run has of it.
    let count: Int
    let known: NewerRows.Entry?
    var older: [PlacedChange] = []
    var new: [PlacedChange] = []
  }

  /// So many changes are folded side by side.
  private static let batchSize = 4096

  /// The next entities; nil behind the last.
  private func next(_ walk: EntityWalk) throws(StorageError) -> [Item]? {
    var batch: [Item] = []
    var count = 0
    while count < Self.batchSize, let (id, changes) = try walk.next() {
      let known = rows.known(id, changes)
      batch.append(Item(id: id, count: changes.count, known: known, new: known == nil ? changes : []))
      count += changes.count
    }
    let older = Array(runs[..<index])
    guard !batch.isEmpty, !older.isEmpty else { return batch.isEmpty ? nil : batch }
    let found = try older.changes(of: batch.filter { $0.known == nil }.map(\.id))
    for place in batch.indices where batch[place].known == nil {
      if let found {
        batch[place].older = found[batch[place].id] ?? []
      } else {
        // Something is damaged; reading it alone says what.
        for run in older { batch[place].older += try run.changes(of: batch[place].id) }
      }
    }
    return batch
  }

  /// The rows and terms of some entities, made on all cores.
  private func project(_ batch: [Item]) -> [(EntityID, NewerRows.Entry)] {
    let projection = projection
    return SideBySide.each(batch) { item in (item.id, item.known ?? Self.fold(item, projection)) }
  }

  private static func fold(_ item: Item, _ projection: any TableProjection) -> NewerRows.Entry {
    let id = item.id
    let new = item.new.map(withoutLogs)
    let all =
      projection.readsLogs(ofType: id.type) ? item.older + item.new : item.older.map(withoutLogs) + new
    return NewerRows.Entry(
      values: projection.values(of: Fold.state(of: id, all)),
      terms: Array(projection.terms(of: id, new)))
  }

  /// The change without its body where that only appends to logs, as most do: no term and hardly a row says anything of
  /// these, and they are the long ones.
  private static func withoutLogs(_ placed: PlacedChange) -> PlacedChange {
    let change = placed.change
    guard ChangeBody.onlyLogs(change.body.span) else { return placed }
    return placed.with(change.with(body: []))
  }
}
