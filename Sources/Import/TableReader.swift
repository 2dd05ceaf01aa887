import Causality
import Codec
import Merge

/// Reads a foreign format that comes in pieces.
protocol ForeignReader: Sendable {
  /// What a file of rejects starts with.
  var header: [UInt8] { get }
  mutating func read(_ piece: Span<UInt8>, _ emit: (ImportItem) -> Void) throws(ImportError)
  /// Says that no more comes.
  mutating func finish(_ emit: (ImportItem) -> Void) throws(ImportError)
}

/// Reads CSV by a mapping.
struct TableReader: ForeignReader {
  private(set) var header: [UInt8] = []
  private let mapping: Mapping
  private var rows: CSVReader
  private var bound: BoundMapping?
  private var events: EventLog?

  init(_ mapping: Mapping) {
    self.mapping = mapping
    rows = CSVReader(separator: mapping.separator)
  }

  mutating func read(_ piece: Span<UInt8>, _ emit: (ImportItem) -> Void) throws(ImportError) {
    rows.append(piece)
    try drain(emit)
  }

  mutating func finish(_ emit: (ImportItem) -> Void) throws(ImportError) {
    rows.finish()
    try drain(emit)
    guard bound != nil else { throw Self.empty }
    events?.finish { emit(.edit($0)) }
  }

  private mutating func drain(_ emit: (ImportItem) -> Void) throws(ImportError) {
    while let item = rows.next() {
      switch item {
      case .reject(let reject):
        if bound == nil { throw Self.badHeader(reject) }
        emit(.reject(reject))
      case .record(let record):
        guard let bound else {
          try start(record)
          continue
        }
        do throws(BadRecord) {
          let edit = mapping.kind == .events ? try events?.edit(record) : try Self.edit(record, bound)
          guard let edit else { continue }
          emit(.edit(edit))
        } catch {
          emit(.reject(Reject(line: record.line, reason: error.reason, raw: record.raw)))
        }
      }
    }
  }

  private mutating func start(_ record: CSVRecord) throws(ImportError) {
    let bound = try BoundMapping(mapping, Header(record, trim: mapping.trim))
    self.bound = bound
    header = record.raw
    if header.last != 0x0A { header.append(0x0A) }
    if mapping.kind == .events { events = EventLog(bound) }
  }

  /// The names of the columns, as they stand in the first line of a file.
  static func columns(_ start: [UInt8]) throws(ImportError) -> [String] {
    var rows = CSVReader()
    rows.append(start.span)
    rows.finish()
    switch rows.next() {
    case .record(let record): return (0..<record.count).map { String(decoding: record[$0], as: UTF8.self) }
    case .reject(let reject): throw badHeader(reject)
    case nil: throw empty
    }
  }

  private static let empty = ImportError(
    "the file is empty: a CSV file starts with the names of its columns")

  private static func badHeader(_ reject: Reject) -> ImportError {
    let isUTF16 = reject.raw.starts(with: [0xFF, 0xFE]) || reject.raw.starts(with: [0xFE, 0xFF])
    return ImportError(
      "the file's first line: \(isUTF16 ? "UTF-16; save the file as UTF-8" : reject.reason)")
  }

  /// The edit of a row that is an entity.
  private static func edit(_ record: CSVRecord, _ mapping: BoundMapping) throws(BadRecord) -> ImportedEdit {
    let key = try mapping.key(record)
    let once = mapping.recordKey(record, of: key).text + mapping.table
    var edit = ImportedEdit(
      key: key, at: try mapping.time?.time(record), by: try mapping.author(record), once: once,
      line: record.line)
    edit.raw = record.raw
    edit.entity = mapping.entity(record)
    edit.isExported = mapping.isExport
    edit.isSnapshot = mapping.isSnapshot
    for (name, rule) in mapping.fields {
      var value: [UInt8] = []
      guard try rule.evaluate(record, to: &value) == .value else { continue }
      if let type = rule.rule.link {
        edit.links[name] = EntityKey(type, JSONText(unchecked: value).plain)
      } else {
        edit.draft.set[name] = JSONText(unchecked: value)
      }
    }
    for (name, rules) in mapping.sets {
      let elements = try mapping.elements(rules, record)
      if !elements.isEmpty { edit.draft.add[name] = elements.map { ExactString($0) } }
    }
    if let entry = try mapping.entry(record) { edit.draft.log["timeline"] = entry }
    if record.raw.count > 8 << 10 { try SizeLimit.check(edit.draft.body(over: nil).count) }
    return edit
  }
}

/// Keeps edits within the size of a change.
enum SizeLimit {
  /// Room for what a store adds: ids, the heads that values replace, ids of linked entities.
  private static let reserve = 16 << 10

  static func check(_ size: Int) throws(BadRecord) {
    let limit = Change.maximumSize - reserve
    guard size <= limit else { throw BadRecord("makes a change of \(size) bytes, more than \(limit)") }
  }
}
