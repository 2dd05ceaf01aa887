import Causality
import Merge

/// Makes the table of a run that was merged from others out of their tables, without folding anything: of rows of
/// one entity the newest table's is right, and terms are only ever added.
///
/// Cost: the tables' bytes. Gives the same bytes as making the table from the run.
struct TableMerge {
  /// Oldest first; together they cover the run.
  let tables: [TableReader]
  let writer: TableWriter
  /// For each table the new number of each of its rows.
  private var numbers: [[UInt32]]

  init(_ tables: [TableReader], to writer: TableWriter) {
    self.tables = tables
    self.writer = writer
    numbers = tables.map { [UInt32](repeating: 0, count: $0.rowCount) }
  }

  mutating func run() throws(StorageError) {
    for type in Set(tables.flatMap(\.types)).sorted() { try merge(type) }
    for (index, table) in tables.enumerated() {
      let numbers = numbers[index]
      try table.forEachPair { pair in
        let row = TermPages.row(pair)
        // A row that is not there can only be damage, and leads nowhere.
        guard row < numbers.count else { return }
        writer.add(terms: CollectionOfOne(TermPages.hash(pair)), row: Int(numbers[row]))
      }
    }
    try writer.finish()
  }

  private mutating func merge(_ type: String) throws(StorageError) {
    var cursors: [TableCursor] = []
    for (index, table) in tables.enumerated() {
      if let rows = table.rows(ofType: type) { cursors.append(TableCursor(index, rows)) }
    }
    let columns = cursors.last?.columns ?? []
    while !cursors.isEmpty {
      var least: ChangeID?
      for cursor in cursors {
        let id = try cursor.id
        if least.map({ id < $0 }) ?? true { least = id }
      }
      guard let origin = least, let entity = EntityID(type: type, origin: origin) else { return }
      var values: [TableValue] = []
      var index = 0
      while index < cursors.count {
        guard try cursors[index].id == origin else {
          index += 1
          continue
        }
        values = try cursors[index].values
        numbers[cursors[index].table][cursors[index].number] = UInt32(writer.count)
        if cursors[index].advance() { index += 1 } else { cursors.remove(at: index) }
      }
      try writer.add(TableRow(entity, values), columns: columns)
    }
  }
}

/// Walks the rows of one type in one table.
private struct TableCursor {
  /// Which of the tables.
  let table: Int
  private let rows: TypeReader
  private var row = 0

  init(_ table: Int, _ rows: TypeReader) {
    self.table = table
    self.rows = rows
  }

  var columns: [TableColumn] { rows.columns }
  var id: ChangeID { get throws(StorageError) { try rows.id(row) } }
  var values: [TableValue] { get throws(StorageError) { try rows.values(row) } }
  /// The row's number in the whole table.
  var number: Int { rows.part.start + row }

  /// False behind the last row.
  mutating func advance() -> Bool {
    row += 1
    return row < rows.count
  }
}
