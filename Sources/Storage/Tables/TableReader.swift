import Causality
import Merge

/// Reads one table. Pages are read when they are needed and checked then.
///
/// Every function throws `StorageError.damaged` with the table's path where the file is not as it was written.
package final class TableReader {
  package let identity: TableIdentity
  let footer: TableFooter
  private let file: TableFile
  private var parts: [String: TypeReader] = [:]

  package init(_ file: any DiskFile, path: String) throws(StorageError) {
    let file = try onDisk { () throws(DiskError) in try TableFile(file, path: path) }
    self.file = file
    footer = try TableFooter.read(file)
    identity = footer.identity
  }

  /// The types of which there are rows, ordered.
  package var types: [String] { footer.types.map(\.type) }
  package var rowCount: Int { footer.rowCount }
  /// The size of the file in bytes.
  package var size: Int { file.size }

  /// The rows of a type; nil where there are none.
  package func rows(ofType type: String) -> TypeReader? {
    if let part = parts[type] { return part }
    guard let part = footer.firstType(where: { $0.type >= type }), part.type == type else { return nil }
    let reader = TypeReader(part, file)
    parts[type] = reader
    return reader
  }

  /// The entities that a term may lead to. Cost: one page, and one for each part of the table that they lie in.
  package func entities(_ term: UInt32) throws(StorageError) -> [EntityID] {
    try entities(term, atMost: .max) ?? []
  }

  /// The same; nil where they are more than `maximum`, and then only for the cost of the term's pages.
  package func entities(_ term: UInt32, atMost maximum: Int) throws(StorageError) -> [EntityID]? {
    var found: [EntityID] = []
    let numbers = try TermPages.rows(of: term, footer.terms, file)
    guard numbers.count <= maximum else { return nil }
    for row in numbers {
      guard let part = footer.firstType(where: { row < $0.start + $0.count }),
        let reader = rows(ofType: part.type),
        let id = EntityID(type: part.type, origin: try reader.id(row - part.start))
      else { throw file.damage(0, "a term for row \(row)") }
      found.append(id)
    }
    return found
  }

  /// All pairs of terms and rows, page by page.
  func forEachPair(_ visit: (TermPages.Pair) -> Void) throws(StorageError) {
    for index in footer.terms.pages.indices {
      for pair in try TermPages.read(index, footer.terms, file) { visit(pair) }
    }
  }
}

/// Reads the rows of one type, which are numbered from 0 here.
package final class TypeReader {
  let part: TableFooter.TypePart
  private let file: TableFile
  private var cachedIDs: (group: Int, ids: [ChangeID])?
  private var heaps: [Int: StringHeap] = [:]
  /// For each column the group that was read last.
  private var cachedGroups: [Int: (group: Int, codes: [UInt64], numbers: [UInt64])] = [:]

  init(_ part: TableFooter.TypePart, _ file: TableFile) {
    self.part = part
    self.file = file
  }

  package var type: String { part.type }
  package var count: Int { part.count }
  package var columns: [TableColumn] { part.columns.map(\.column) }
  var groupCount: Int { part.ids.count }

  func rows(inGroup group: Int) -> Range<Int> {
    group * TableFooter.groupSize..<min((group + 1) * TableFooter.groupSize, count)
  }

  // MARK: Ids

  func ids(inGroup group: Int) throws(StorageError) -> [ChangeID] {
    if let cachedIDs, cachedIDs.group == group { return cachedIDs.ids }
    let count = rows(inGroup: group).count
    let ids = try file.page(part.ids[group]) { (cursor) throws(TableFault) in try IDPage.read(count, &cursor)
    }
    cachedIDs = (group, ids)
    return ids
  }

  /// The id of a row. Cost: a page, unless it was read last.
  package func id(_ row: Int) throws(StorageError) -> ChangeID {
    let group = row / TableFooter.groupSize
    guard row >= 0, group < groupCount else { throw file.damage(0, "no row of number \(row)") }
    return try ids(inGroup: group)[row % TableFooter.groupSize]
  }

  /// The first row with this id or a greater one. Cost: a page.
  package func lowerBound(_ id: ChangeID) throws(StorageError) -> Int {
    var low = 0
    var high = groupCount
    while low < high {
      let middle = (low + high) / 2
      if part.firsts[middle] <= id { low = middle + 1 } else { high = middle }
    }
    // The group before the first one that starts behind the id.
    guard low > 0 else { return 0 }
    let ids = try ids(inGroup: low - 1)
    var first = 0
    var last = ids.count
    while first < last {
      let middle = (first + last) / 2
      if ids[middle] < id { first = middle + 1 } else { last = middle }
    }
    return (low - 1) * TableFooter.groupSize + first
  }

  /// The row of an entity; nil where it has none here. Cost: a page, unless it was read last.
  package func row(of id: ChangeID) throws(StorageError) -> Int? {
    let row = try lowerBound(id)
    guard row < count, try self.id(row) == id else { return nil }
    return row
  }

  /// All ids in order.
  package func allIDs() throws(StorageError) -> [ChangeID] {
    var all: [ChangeID] = []
    all.reserveCapacity(count)
    for group in 0..<groupCount { all += try ids(inGroup: group) }
    return all
  }

  /// Clears the flags of the rows that have one of the ids.
  ///
  /// - Parameters:
  ///   - flags: one for each row.
  ///   - ids: in order.
  package func clear(_ flags: inout [Bool], of ids: [ChangeID]) throws(StorageError) {
    var next = 0
    for group in 0..<groupCount {
      while next < ids.count, ids[next] < part.firsts[group] { next += 1 }
      guard next < ids.count else { return }
      if group + 1 < groupCount, part.firsts[group + 1] <= ids[next] { continue }
      var row = rows(inGroup: group).lowerBound
      for id in try self.ids(inGroup: group) {
        while next < ids.count, ids[next] < id { next += 1 }
        guard next < ids.count else { return }
        if ids[next] == id { flags[row] = false }
        row += 1
      }
    }
  }

  // MARK: Columns

  /// The index of a column; nil for one that this table does not have.
  package func column(_ name: String) -> Int? {
    part.columns.firstIndex { $0.column.name == name }
  }

  /// The codes (empty for numbers) and numbers (empty for words) of a group of rows.
  private func group(_ group: Int, _ column: Int) throws(StorageError) -> (codes: [UInt64], numbers: [UInt64])
  {
    if let cached = cachedGroups[column], cached.group == group { return (cached.codes, cached.numbers) }
    let count = rows(inGroup: group).count
    let kind = part.columns[column].column.kind
    let read = try file.page(part.columns[column].pages[group]) { (cursor) throws(TableFault) in
      let codes = kind == .number ? [] : try PackedNumbers.read(count, &cursor)
      return (codes: codes, numbers: kind == .word ? [] : try PackedNumbers.read(count, &cursor))
    }
    cachedGroups[column] = (group, read.codes, read.numbers)
    return read
  }

  /// Calls `visit` with the numbers of each group of rows in a number column, and the row that it starts at.
  package func forEachGroup(
    numbers column: Int, _ visit: (_ start: Int, _ numbers: [UInt64]) throws(StorageError) -> Void
  ) throws(StorageError) {
    for index in 0..<groupCount {
      try visit(index * TableFooter.groupSize, try group(index, column).numbers)
    }
  }

  /// Calls `visit` with the codes of each group of rows in a word column, and the row that it starts at.
  package func forEachGroup(
    codes column: Int, _ visit: (_ start: Int, _ codes: [UInt64]) throws(StorageError) -> Void
  ) throws(StorageError) {
    for index in 0..<groupCount { try visit(index * TableFooter.groupSize, try group(index, column).codes) }
  }

  /// The words that the codes of a column stand for, or all texts of a text column.
  package func strings(_ column: Int) throws(StorageError) -> [String] {
    try heap(column).all()
  }

  private func heap(_ column: Int) -> StringHeap {
    if let heap = heaps[column] { return heap }
    // Neighbouring rows' texts lie together; their words lie anywhere in the dictionary.
    let heap = StringHeap(
      file, part.columns[column].heap, keepsAll: part.columns[column].column.kind != .text)
    heaps[column] = heap
    return heap
  }

  /// One value of a row. Cost: a page or chunk, unless it was read last.
  package func value(_ row: Int, _ column: Int) throws(StorageError) -> TableValue {
    let part = part.columns[column]
    guard part.column.kind != .text else { return .text(try heap(column).string(row)) }
    let (codes, numbers) = try group(row / TableFooter.groupSize, column)
    let index = row % TableFooter.groupSize
    switch part.column.kind {
    case .number: return .number(numbers[index])
    case .word, .text: return .text(try word(codes[index], column))
    case .numbered:
      let stem = try word(codes[index], column)
      return .text(numbers[index] == 0 ? stem : "\(stem)\(numbers[index] - 1)")
    }
  }

  private func word(_ code: UInt64, _ column: Int) throws(StorageError) -> String {
    try heap(column).string(Int(truncatingIfNeeded: code))
  }

  /// The values of a row. Cost: a page or chunk for each column, unless it was read last.
  package func values(_ row: Int) throws(StorageError) -> [TableValue] {
    var values: [TableValue] = []
    values.reserveCapacity(part.columns.count)
    for column in part.columns.indices { values.append(try value(row, column)) }
    return values
  }
}
