import Causality
import Codec
import Merge

/// Turns foreign data that comes in pieces into edits.
///
/// ```swift
/// var importer = Importer(.table(try Mapping(json: file)))
/// while let piece = read(1 << 20) {
///   for item in try importer.read(piece.span) { ... }
/// }
/// for item in try importer.finish() { ... }
/// // A file of rejects: importer.rejectsHeader, then `raw` of each reject.
/// ```
///
/// Pure: no files, no clock, no randomness; the same bytes give the same items, however they are cut. Edits
/// come in the order of the file, or, for an event log with `"order": "time"`, by ticket and time at the end.
package struct Importer: Sendable {
  package enum Format: Sendable {
    /// CSV of customers, tickets or an event log.
    case table(Mapping)
    /// STAR dialogues, one JSON object a line.
    case star
    /// Entities as JSON lines, as exported.
    case entities
  }

  private var reader: any ForeignReader
  private let refusal: Refusal?

  /// - Parameter refusal: keeps values out, such as secrets among the facts: each becomes an item of its own
  ///   in front of the rest of its record.
  package init(_ format: Format, refusing refusal: Refusal? = nil) {
    switch format {
    case .table(let mapping): reader = TableReader(mapping)
    case .star: reader = JSONLinesReader(StarDialogues())
    case .entities: reader = JSONLinesReader(EntityLines())
    }
    self.refusal = refusal
  }

  /// The names of a CSV file's columns, as they stand in its first line.
  ///
  /// - Throws: `ImportError` that says why there are none: the file is empty, or no UTF-8.
  package static func columns(_ start: [UInt8]) throws(ImportError) -> [String] {
    try TableReader.columns(start)
  }

  /// The first line of a file of rejects: the columns' names, or nothing for JSON lines. Known behind the
  /// first item.
  package var rejectsHeader: [UInt8] { reader.header }

  /// Takes the next piece of the file.
  ///
  /// - Throws: `ImportError` when the file cannot be imported at all: no header, or not the mapping's
  ///   columns.
  package mutating func read(_ piece: Span<UInt8>) throws(ImportError) -> [ImportItem] {
    var items: [ImportItem] = []
    let refusal = refusal
    try reader.read(piece) { Self.deliver($0, refusal, &items) }
    return items
  }

  /// Says that no more comes.
  package mutating func finish() throws(ImportError) -> [ImportItem] {
    var items: [ImportItem] = []
    let refusal = refusal
    try reader.finish { Self.deliver($0, refusal, &items) }
    return items
  }

  private static func deliver(_ item: ImportItem, _ refusal: Refusal?, _ items: inout [ImportItem]) {
    guard let refusal, case .edit(var edit) = item else {
      items.append(item)
      return
    }
    for refused in edit.takeOut(refusal) { items.append(.refused(refused)) }
    items.append(.edit(edit))
  }
}

extension ImportedEdit {
  /// Takes out what is refused, and makes the key anew without it: whoever knows the rest of a record could
  /// find a PIN by trying which one gives its key.
  fileprivate mutating func takeOut(_ refusal: Refusal) -> [RefusedValue] {
    var refused: [RefusedValue] = []
    func isRefused(_ field: ExactString, _ value: JSONText) -> Bool {
      guard let reason = refusal(key, field, value) else { return false }
      refused.append(RefusedValue(line: line, key: key, field: field, reason: reason))
      return true
    }
    for (field, value) in draft.set.sorted(by: { $0.key < $1.key }) where isRefused(field, value) {
      draft.set[field] = nil
    }
    for (field, elements) in draft.add.sorted(by: { $0.key < $1.key }) {
      let kept = elements.filter { !isRefused(field, JSONText($0.text)) }
      draft.add[field] = kept.isEmpty ? nil : kept
    }
    for (field, entry) in draft.log.sorted(by: { $0.key < $1.key }) where isRefused(field, entry) {
      draft.log[field] = nil
    }
    if !refused.isEmpty {
      var hash = RecordKey(key)
      hash.add((at?.description ?? "").utf8)
      hash.add((by ?? "").utf8)
      hash.add(draft.body(over: nil))
      once = hash.text + String(once.dropFirst(RecordKey.length))
    }
    return refused
  }
}
