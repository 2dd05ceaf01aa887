import Causality
import Codec
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
  /// The group of which a single id was read last: whoever comes back to it will come again, and all of it is read.
  private var visitedIDs: Int?
  private var heaps: [Int: StringHeap] = [:]
  /// For each column the group that was read last.
  private var cachedGroups: [Int: (group: Int, codes: [UInt64], numbers: [UInt64])] = [:]
  /// For each column the group of which a single value was read last, as with ids.
  private var visitedGroups: [Int: Int] = [:]

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
    let ids = try page(ofIDs: group) { (count, cursor) throws(TableFault) in try IDPage.read(count, &cursor) }
    cachedIDs = (group, ids)
    return ids
  }

  /// Whether the ids of a group are known, or worth knowing.
  private func wantsIDs(inGroup group: Int) -> Bool {
    if cachedIDs?.group == group || visitedIDs == group { return true }
    visitedIDs = group
    return false
  }

  private func page<Result>(
    ofIDs group: Int, _ read: (_ count: Int, inout ByteCursor) throws(TableFault) -> Result
  ) throws(StorageError) -> Result {
    let count = rows(inGroup: group).count
    return try file.page(part.ids[group]) { (cursor) throws(TableFault) in try read(count, &cursor) }
  }

  /// The id of a row. Cost: a page, unless it was read last.
  package func id(_ row: Int) throws(StorageError) -> ChangeID {
    let group = row / TableFooter.groupSize
    guard row >= 0, group < groupCount else { throw file.damage(0, "no row of number \(row)") }
    let index = row % TableFooter.groupSize
    if wantsIDs(inGroup: group) { return try ids(inGroup: group)[index] }
    return try page(ofIDs: group) { (count, cursor) throws(TableFault) in
      try IDPage.id(at: index, count, &cursor)
    }
  }

  /// The first row with this id or a greater one. Cost: a page.
  package func lowerBound(_ id: ChangeID) throws(StorageError) -> Int { try find(id).row }

  /// The row of an entity; nil where it has none here. Cost: a page, unless it was read last.
  package func row(of id: ChangeID) throws(StorageError) -> Int? {
    let found = try find(id)
    return found.isThere ? found.row : nil
  }

  /// The first row with this id or a greater one, and whether it has this id.
  private func find(_ id: ChangeID) throws(StorageError) -> (row: Int, isThere: Bool) {
    // The group before the first one that starts behind the id.
    let group = part.firsts.endIndex(ofSortedWhere: { $0 <= id }) - 1
    guard group >= 0 else { return (0, false) }
    let start = group * TableFooter.groupSize
    if wantsIDs(inGroup: group) {
      let ids = try ids(inGroup: group)
      let index = ids.endIndex(ofSortedWhere: { $0 < id })
      return (start + index, index < ids.count && ids[index] == id)
    }
    let found = try page(ofIDs: group) { (count, cursor) throws(TableFault) in
      try IDPage.find(id, count, &cursor)
    }
    return (start + found.index, found.isThere)
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
    let read = try page(of: column, group, rows: 0..<rows(inGroup: group).count)
    cachedGroups[column] = (group, read.codes, read.numbers)
    return read
  }

  /// The codes and numbers of some rows of a group, counted from its first one.
  private func page(
    of column: Int, _ group: Int, rows range: Range<Int>
  ) throws(StorageError) -> (codes: [UInt64], numbers: [UInt64]) {
    let count = rows(inGroup: group).count
    let kind = part.columns[column].column.kind
    return try file.page(part.columns[column].pages[group]) { (cursor) throws(TableFault) in
      let codes = kind == .number ? [] : try PackedNumbers.read(range, of: count, &cursor)
      return (codes: codes, numbers: kind == .word ? [] : try PackedNumbers.read(range, of: count, &cursor))
    }
  }

  /// The code and the number of a row; of what the column does not have, 0.
  private func single(_ row: Int, _ column: Int) throws(StorageError) -> (code: UInt64, number: UInt64) {
    let (group, index) = (row / TableFooter.groupSize, row % TableFooter.groupSize)
    if cachedGroups[column]?.group == group || visitedGroups[column] == group {
      let (codes, numbers) = try self.group(group, column)
      return (codes.isEmpty ? 0 : codes[index], numbers.isEmpty ? 0 : numbers[index])
    }
    visitedGroups[column] = group
    let (codes, numbers) = try page(of: column, group, rows: index..<index + 1)
    return (codes.first ?? 0, numbers.first ?? 0)
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
    let (code, number) = try single(row, column)
    switch part.column.kind {
    case .number: return .number(number)
    case .word, .text: return .text(try word(code, column))
    case .numbered:
      let stem = try word(code, column)
      return .text(number == 0 ? stem : "\(stem)\(number - 1)")
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
