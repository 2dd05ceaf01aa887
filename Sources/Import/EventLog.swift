import Causality
import Codec
import Merge

/// Turns rows that say how a ticket was right after one update into edits: the difference to the ticket's
/// row before.
///
/// Rows of a ticket need not stand together. Memory: the last row of every ticket, packed, and 8 to 16 bytes
/// for every row; with `order: time` every row, until `finish`.
struct EventLog: Sendable {
  private let mapping: BoundMapping
  private var last: [EntityKey: PackedRow] = [:]
  private var keys: Set<RecordKey> = []
  private var waiting: [EntityKey: [Row]] = [:]
  /// Tickets in the order of their first rows; kept only while rows wait.
  private var tickets: [EntityKey] = []

  private struct Row: Sendable {
    let key: EntityKey
    let at: HybridTime?
    let by: String?
    let once: String
    let line: Int
    let values: PackedRow
    let entry: JSONText?
    /// The cells that order rows of one time; empty where the file's order counts.
    let rank: [ArraySlice<UInt8>]
  }

  init(_ mapping: BoundMapping) {
    self.mapping = mapping
  }

  /// Takes one row; returns its edit, if it is its turn and there is something to say.
  mutating func edit(_ record: CSVRecord) throws(BadRecord) -> ImportedEdit? {
    let row = try row(record)
    guard mapping.order == .time else { return edit(row) }
    if waiting[row.key] == nil { tickets.append(row.key) }
    waiting[row.key, default: []].append(row)
    return nil
  }

  /// The edits of the rows that waited for the file's end, ticket by ticket, each in order of time.
  mutating func finish(_ visit: (ImportedEdit) -> Void) {
    for ticket in tickets {
      let rows = waiting.removeValue(forKey: ticket) ?? []
      for row in Self.ordered(rows) {
        if let edit = edit(row) { visit(edit) }
      }
    }
    tickets = []
  }

  private mutating func row(_ record: CSVRecord) throws(BadRecord) -> Row {
    let key = try mapping.key(record)
    var values = PackedRow()
    var value: [UInt8] = []
    for (_, rule) in mapping.fields {
      value.removeAll(keepingCapacity: true)
      values.append(try rule.evaluate(record, to: &value), value)
    }
    for (_, rules) in mapping.sets {
      let elements = try mapping.elements(rules, record)
      values.append(.value, JSONText(array: elements.map { JSONText($0) }).bytes)
    }
    let entry = try mapping.entry(record)
    try SizeLimit.check(values.bytes.count + (entry?.bytes.count ?? 0))
    let at = try mapping.time?.time(record)
    if mapping.order == .time, at == nil { throw BadRecord("no value for \"time\", which orders the rows") }
    let by = try mapping.author(record)
    return Row(
      key: key, at: at, by: by, once: takeKey(mapping.recordKey(record, of: key)), line: record.line,
      values: values, entry: entry, rank: mapping.order == .time ? mapping.record.map { record[$0] } : [])
  }

  /// A row that is like an earlier one gets a key of its own, the same whenever the file is read.
  private mutating func takeKey(_ key: RecordKey) -> String {
    var key = key
    while !keys.insert(key).inserted { key.add("again".utf8) }
    return key.text
  }

  private mutating func edit(_ row: Row) -> ImportedEdit? {
    var edit = ImportedEdit(key: row.key, at: row.at, by: row.by, once: row.once, line: row.line)
    let previous = last[row.key]
    let fields = mapping.fields
    last[row.key] = row.values.difference(from: previous) { index, old, new in
      guard index < fields.count else {
        edit.draft.change(set: mapping.sets[index - fields.count].name, from: old, to: new)
        return
      }
      let (name, rule) = fields[index]
      guard let new else {
        edit.draft.clear.insert(name)
        return
      }
      let value = JSONText(unchecked: Array(new))
      if let type = rule.rule.link {
        edit.links[name] = EntityKey(type, value.plain)
      } else {
        edit.draft.set[name] = value
      }
    }
    let isQuiet = edit.isEmpty && previous != nil
    if let timeline = mapping.timeline, let entry = row.entry, timeline.when == .always || isQuiet {
      edit.draft.log["timeline"] = entry
    }
    return edit.isEmpty && previous != nil ? nil : edit
  }

  /// Rows by time, then by the cells of `record` (shorter first, so that 9 comes before 10), then as in the
  /// file.
  private static func ordered(_ rows: [Row]) -> [Row] {
    func precedes(_ left: Row, _ right: Row) -> Bool {
      if left.at != right.at { return (left.at ?? .zero) < (right.at ?? .zero) }
      for (a, b) in zip(left.rank, right.rank) where a != b {
        return a.count == b.count ? a.lexicographicallyPrecedes(b) : a.count < b.count
      }
      return left.line < right.line
    }
    return rows.sorted(by: precedes)
  }
}

extension Draft {
  /// Adds what is new in a set and drops what is gone; both are JSON arrays of strings.
  fileprivate mutating func change(
    set name: ExactString, from old: ArraySlice<UInt8>?, to new: ArraySlice<UInt8>?
  ) {
    func elements(_ list: ArraySlice<UInt8>?) -> [ExactString] {
      let list = list.flatMap { JSONText(unchecked: Array($0)).elements } ?? []
      return list.compactMap { $0.string.map { ExactString($0) } }
    }
    let (before, after) = (elements(old), elements(new))
    let added = after.filter { !before.contains($0) }
    let dropped = before.filter { !after.contains($0) }
    if !added.isEmpty { add[name] = added }
    if !dropped.isEmpty { drop[name] = dropped }
  }
}
