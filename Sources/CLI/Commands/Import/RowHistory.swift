import Codec
import Import
import Merge

/// Which rows of a table say again what its last import said of an entity, told while the rows come.
///
/// A table of customers or tickets says how things are, so a row is passed over while it is the last that was imported of its
/// entity; one that goes back to what was said earlier is news. Usually an entity has one row. Where it has several, they are
/// passed over as far as the entity's last records are the same in the same order: then the file comes again, as a whole
/// or from where it was killed.
struct RowHistory {
  /// The keys of the entity's records of such a table before this file, oldest first.
  private let before: [String]
  /// Where in them the file's rows may have begun.
  private var starts: [Int]
  /// How many rows of the entity came.
  private var count = 0
  /// Rows that were there in this order, but not as the last ones so far.
  private var held: [ImportedEdit] = []
  /// The key of the last row that was passed over or is to be imported.
  private var last: String?

  init(_ before: [String]) {
    self.before = before
    starts = Array(before.indices)
  }

  /// Takes the next row of the entity: which rows are to be imported now, and how many are passed over. Cost: the entity's
  /// records once, then those places where the rows fit.
  mutating func take(_ row: ImportedEdit) -> (due: [ImportedEdit], passed: Int) {
    guard !starts.isEmpty else { return release([row]) }
    starts.removeAll { $0 + count >= before.count || !Self.isSame(before[$0 + count], row.once) }
    count += 1
    held.append(row)
    guard !starts.isEmpty else { return release(giveUp()) }
    guard starts.contains(where: { $0 + count == before.count }) else { return ([], 0) }
    let passed = held.count
    held = []
    last = row.once
    return ([], passed)
  }

  /// Waits for no more rows of the entity that could still be as before. Returns those that were waiting: taken once more, they
  /// are due.
  mutating func giveUp() -> [ImportedEdit] {
    starts = []
    defer { held = [] }
    return held
  }

  private mutating func release(_ rows: [ImportedEdit]) -> (due: [ImportedEdit], passed: Int) {
    var due: [ImportedEdit] = []
    for row in rows where row.once != last {
      due.append(row)
      last = row.once
    }
    return (due, rows.count - due.count)
  }

  /// Whether a key in a store is that of a row. Earlier versions did not keep which columns it was made of.
  private static func isSame(_ key: String, _ row: String) -> Bool {
    key == row || key.utf8.count < row.utf8.count && row.hasPrefix(key)
  }
}

/// From which imported record a change comes, as the change says.
struct ImportMark {
  private static let pattern = Array("\"\(EditApplier.key)\":\"".utf8)

  let key: String
  /// Whether the record was an entry of a log.
  let isEntry: Bool
  /// What a row of a table said that was so here already: hashes of the values, by field.
  let said: [String: String]

  /// What is left of the values that a row of a table set, where a retention takes these: `RowValue.sums`.
  let sums: Set<Substring>

  /// The member of a change that has the hashes.
  static let known = "known"
  /// The member of a change that has the sums.
  static let values = "sums"

  /// Nil for a change that comes from no import. Cost: a search in its body; where it has such a key, its parsing.
  init?(_ change: Change) {
    // Most changes come from no import; those need no parsing.
    guard change.body.contains(word: Self.pattern),
      let body = try? JSONText(parsing: [UInt8(ascii: "{")] + change.body + [UInt8(ascii: "}")]),
      let key = body[EditApplier.key]?.string
    else { return nil }
    self.key = key
    isEntry = body["log"] != nil
    var said: [String: String] = [:]
    for (field, hash) in body[Self.known]?.members ?? [] { said[field] = hash.string }
    self.said = said
    sums = RowValue.parse(body[Self.values]?.string ?? "")
  }

  /// The keys of those marks that rows of a table have whose keys are made of the same columns as one. Where there are none,
  /// those that do not say of which columns they are made, as of earlier versions.
  static func rows(_ marks: [ImportMark], like key: String) -> [String] {
    let table = key.dropFirst(ImportedEdit.plainKeyLength)
    let rows = marks.map(\.key).filter { $0.count == key.count && $0.hasSuffix(table) }
    guard rows.isEmpty else { return rows }
    return marks.filter { !$0.isEntry && $0.key.count == ImportedEdit.plainKeyLength }.map(\.key)
  }
}
