import Merge
import Storage

/// What a row has to say to be listed.
struct RowTests {
  private(set) var words: [(column: Int, test: (String) -> Bool)] = []
  private(set) var numbers: [(column: Int, test: (UInt64) -> Bool)] = []
  /// Tested only on rows that were found by a term, not in a scan.
  private var found: [([TableValue]) -> Bool] = []
  private let columns: [TableColumn]

  init(_ columns: [TableColumn]) {
    self.columns = columns
  }

  func column(_ name: String) -> Int? { columns.firstIndex { $0.name == name } }

  /// Tests a word column.
  mutating func require(_ name: String, _ test: @escaping (String) -> Bool) {
    if let column = column(name) { words.append((column, test)) }
  }

  /// Tests a number column.
  mutating func require(number name: String, _ test: @escaping (UInt64) -> Bool) {
    if let column = column(name) { numbers.append((column, test)) }
  }

  /// Tests a row that a term led to, because terms are only hints.
  mutating func requireFound(_ test: @escaping ([TableValue]) -> Bool) { found.append(test) }

  /// Whether a row that was read passes.
  func pass(_ values: [TableValue]) -> Bool {
    words.allSatisfy { $0.test(values[$0.column].text) }
      && numbers.allSatisfy { $0.test(values[$0.column].number) } && found.allSatisfy { $0(values) }
  }

  /// Clears the flags of the rows that do not pass. Cost: the tested columns; a word is tested once, not per row.
  func apply(_ rows: TypeReader, to flags: inout [Bool]) throws(StorageError) {
    for (column, test) in words {
      let allowed = try rows.strings(column).map(test)
      try rows.forEachGroup(codes: column) { start, codes in
        for (index, code) in codes.enumerated() where code >= UInt64(allowed.count) || !allowed[Int(code)] {
          flags[start + index] = false
        }
      }
    }
    for (column, test) in numbers {
      try rows.forEachGroup(numbers: column) { start, numbers in
        for (index, number) in numbers.enumerated() where !test(number) { flags[start + index] = false }
      }
    }
  }
}

/// The order of a list: by one number, then by another, the greatest first, then by id.
struct RowOrder {
  var first: Int
  /// Whether the least number comes first, and 0, which says none, last.
  var isAscending = false
  var second: Int?

  /// Greater for what comes first.
  func key(_ first: UInt64, _ second: UInt64) -> UInt128 {
    UInt128(isAscending ? (first == 0 ? 0 : .max - first) : first) << 64 | UInt128(second)
  }

  func key(_ values: [TableValue]) -> UInt128 {
    key(values[first].number, second.map { values[$0].number } ?? 0)
  }
}

extension DeskTables {
  /// The rows of a type that pass, in order, at most `limit`, and how many pass in all.
  ///
  /// Cost: the tested and ordering columns of all rows, and the rows that are returned.
  func scan(
    _ type: String, _ tests: RowTests, _ order: RowOrder, limit: Int
  ) throws(StorageError) -> (rows: [TableRow], total: Int) {
    var best = BestRows(limit: limit)
    let newer = try newerRows(ofType: type)
    for (index, row) in newer.enumerated() where tests.pass(row.values) {
      best.add(BestRows.Place(table: -1, row: index), order.key(row.values))
    }
    for (index, flags) in try current(ofType: type).enumerated() {
      guard var flags, let rows = tables[index].rows(ofType: type) else { continue }
      try tests.apply(rows, to: &flags)
      var seconds: [UInt64] = []
      if let second = order.second {
        try rows.forEachGroup(numbers: second) { _, numbers in seconds += numbers }
      }
      try rows.forEachGroup(numbers: order.first) { start, firsts in
        for (offset, first) in firsts.enumerated() where flags[start + offset] {
          let key = order.key(first, seconds.isEmpty ? 0 : seconds[start + offset])
          best.add(BestRows.Place(table: index, row: start + offset), key)
        }
      }
    }
    // Ids are read only for what is listed or stands equal with the last of that.
    var sorted: [(key: UInt128, id: EntityID, place: BestRows.Place)] = []
    for (place, key) in best.kept.sorted(by: { $0.place < $1.place }) {
      if place.table < 0 {
        sorted.append((key, newer[place.row].entity, place))
      } else if let origin = try tables[place.table].rows(ofType: type)?.id(place.row),
        let id = EntityID(type: type, origin: origin)
      {
        sorted.append((key, id, place))
      }
    }
    sorted.sort { $0.key == $1.key ? $0.id < $1.id : $0.key > $1.key }
    let chosen = sorted.prefix(max(limit, 0))
    // Rows are read in the order in which they lie.
    var values = [[TableValue]](repeating: [], count: chosen.count)
    for index in chosen.indices.sorted(by: { chosen[$0].place < chosen[$1].place }) {
      let place = chosen[index].place
      values[index] =
        place.table < 0
        ? newer[place.row].values
        : try tables[place.table].rows(ofType: type)?.values(place.row) ?? []
    }
    return (zip(chosen, values).map { TableRow($0.id, $1) }, best.total)
  }
}

/// Keeps the rows with the greatest keys, and those that are equal to the least of them.
struct BestRows {
  struct Place: Comparable {
    /// -1 for what is newer than the tables.
    let table: Int
    let row: Int

    static func < (left: Place, right: Place) -> Bool { (left.table, left.row) < (right.table, right.row) }
  }

  private let limit: Int
  private var candidates: [(place: Place, key: UInt128)] = []
  /// What cannot be among the best any more has a lesser key.
  private var least: UInt128 = 0
  private(set) var total = 0

  init(limit: Int) {
    self.limit = max(limit, 0)
  }

  mutating func add(_ place: Place, _ key: UInt128) {
    total += 1
    guard key >= least else { return }
    candidates.append((place, key))
    if limit < 1 << 20, candidates.count >= 2 * limit + 1024 { cut() }
  }

  private mutating func cut() {
    guard limit > 0 else {
      candidates = []
      return
    }
    candidates.sort { $0.key > $1.key }
    guard candidates.count > limit else { return }
    least = candidates[limit - 1].key
    candidates.removeLast(candidates.count - (candidates.firstIndex { $0.key < least } ?? candidates.count))
  }

  var kept: [(place: Place, key: UInt128)] {
    var copy = self
    copy.cut()
    return copy.candidates
  }
}
