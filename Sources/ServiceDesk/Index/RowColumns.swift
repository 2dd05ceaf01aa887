import Causality
import Merge
import Storage

/// Some columns of the rows of one table that pass, without making rows of them: for an order that is reckoned from several.
struct RowColumns {
  /// Which of the tables it is, and the numbers of the rows that pass in it.
  let table: Int
  let rows: [Int]
  /// The number columns asked for, each with a number for every row of the table.
  let numbers: [[UInt64]]
  /// The word columns asked for, each with a code for every row of the table.
  let codes: [[UInt64]]
  /// What the codes of each word column stand for.
  let words: [[String]]

  /// The word of a row in one of the word columns; "" for a code that stands for nothing.
  func word(_ column: Int, _ row: Int) -> String {
    let code = codes[column][row]
    return code < UInt64(words[column].count) ? words[column][Int(code)] : ""
  }
}

extension DeskTables {
  /// Columns of the rows of a type that pass; what is newer than the tables is in none of them.
  ///
  /// Cost: the tested columns and those that are asked for.
  func columns(
    _ type: String, _ tests: RowTests, numbers: [String], words: [String]
  ) throws(StorageError) -> [RowColumns] {
    var found: [RowColumns] = []
    for (index, flags) in try current(ofType: type).enumerated() {
      guard var flags, let rows = tables[index].rows(ofType: type) else { continue }
      try tests.apply(rows, to: &flags)
      var columns: [[UInt64]] = []
      for name in numbers {
        var all: [UInt64] = []
        all.reserveCapacity(rows.count)
        if let column = rows.column(name) { try rows.forEachGroup(numbers: column) { all += $1 } }
        columns.append(all.count == rows.count ? all : [UInt64](repeating: 0, count: rows.count))
      }
      var codes: [[UInt64]] = []
      var meanings: [[String]] = []
      for name in words {
        var all: [UInt64] = []
        all.reserveCapacity(rows.count)
        if let column = rows.column(name) {
          try rows.forEachGroup(codes: column) { all += $1 }
          meanings.append(try rows.strings(column))
        } else {
          meanings.append([])
        }
        codes.append(all.count == rows.count ? all : [UInt64](repeating: 0, count: rows.count))
      }
      found.append(
        RowColumns(
          table: index, rows: flags.indices.filter { flags[$0] }, numbers: columns, codes: codes,
          words: meanings))
    }
    return found
  }

  /// The entity of a row of a table. Cost: a page, unless it was read last.
  func entity(_ type: String, table: Int, row: Int) throws(StorageError) -> EntityID? {
    try tables[table].rows(ofType: type).flatMap { (rows) throws(StorageError) in
      EntityID(type: type, origin: try rows.id(row))
    }
  }
}
