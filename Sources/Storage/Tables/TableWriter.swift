import Causality
import Codec
import Merge

/// Writes a table from rows that come in order. Holds one group of rows and all terms, 8 bytes each, in memory.
final class TableWriter {
  private let sink: TableSink
  private var footer: TableFooter
  private var pairs: [TermPages.Pair] = []
  private var part: OpenPart?

  /// The rows of the type that is being written.
  private struct OpenPart {
    var done: TableFooter.TypePart
    var ids: [ChangeID] = []
    var columns: [OpenColumn]
  }

  private struct OpenColumn {
    let kind: TableColumn.Kind
    var numbers: [UInt64] = []
    var codes: [UInt64] = []
    /// By bytes: the same letters may be written in several ways, and each text stays as it is.
    var codeOf: [ExactString: UInt64] = [:]
    var heap = StringHeapWriter()
  }

  /// - Parameter file: empty.
  init(_ file: any DiskFile, _ identity: TableIdentity) throws(StorageError) {
    footer = TableFooter(identity: identity)
    sink = TableSink(file)
    try sink.append(TableFooter.magic)
  }

  /// How many rows were added.
  private(set) var count = 0

  /// Adds the next row.
  func add(_ row: TableRow, columns: [TableColumn]) throws(StorageError) {
    if part?.done.type != row.entity.type {
      try closePart()
      part = OpenPart(
        done: TableFooter.TypePart(type: row.entity.type, start: count, columns: columns),
        columns: columns.map { OpenColumn(kind: $0.kind) })
    }
    precondition(row.values.count == columns.count, "a row has a value for each column")
    part?.ids.append(row.entity.origin)
    for index in columns.indices { try add(row.values[index], index) }
    count += 1
    if part?.ids.count == TableFooter.groupSize { try closeGroup() }
  }

  private func add(_ value: TableValue, _ index: Int) throws(StorageError) {
    switch part?.columns[index].kind {
    case .number: part?.columns[index].numbers.append(value.number)
    case .word: try addCode(value.text, index)
    case .numbered:
      let (stem, number) = NumberedText.split(value.text)
      try addCode(stem, index)
      part?.columns[index].numbers.append(number.map { $0 + 1 } ?? 0)
    case .text: try part?.columns[index].heap.append(value.text, to: sink)
    case nil: break
    }
  }

  private func addCode(_ text: String, _ index: Int) throws(StorageError) {
    let word = ExactString(text)
    if let code = part?.columns[index].codeOf[word] {
      part?.columns[index].codes.append(code)
      return
    }
    let code = UInt64(part?.columns[index].codeOf.count ?? 0)
    part?.columns[index].codeOf[word] = code
    part?.columns[index].codes.append(code)
    try part?.columns[index].heap.append(text, to: sink)
  }

  /// Adds terms of a row that was added.
  func add(terms: some Sequence<UInt32>, row: Int) {
    for term in terms { pairs.append(TermPages.pair(term, row)) }
  }

  private func closeGroup() throws(StorageError) {
    guard var part, let first = part.ids.first else { return }
    self.part = nil
    var page: [UInt8] = []
    IDPage.write(part.ids, to: &page)
    part.done.ids.append(try sink.append(page: page))
    part.done.firsts.append(first)
    part.done.count += part.ids.count
    part.ids.removeAll(keepingCapacity: true)
    for index in part.columns.indices where part.columns[index].kind != .text {
      page.removeAll(keepingCapacity: true)
      if part.columns[index].kind != .number { PackedNumbers.write(part.columns[index].codes, to: &page) }
      if part.columns[index].kind != .word { PackedNumbers.write(part.columns[index].numbers, to: &page) }
      part.done.columns[index].pages.append(try sink.append(page: page))
      part.columns[index].codes.removeAll(keepingCapacity: true)
      part.columns[index].numbers.removeAll(keepingCapacity: true)
    }
    self.part = part
  }

  private func closePart() throws(StorageError) {
    try closeGroup()
    guard var part else { return }
    for index in part.columns.indices {
      part.done.columns[index].heap = try part.columns[index].heap.finish(sink)
    }
    footer.types.append(part.done)
    self.part = nil
  }

  /// Completes the file.
  func finish() throws(StorageError) {
    try closePart()
    pairs.sort()
    var unique: [TermPages.Pair] = []
    unique.reserveCapacity(pairs.count)
    for pair in pairs where unique.last != pair { unique.append(pair) }
    pairs = []
    footer.terms = try TermPages.write(unique, to: sink)
    try footer.write(to: sink)
  }
}
