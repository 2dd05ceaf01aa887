import Codec
import Import
import Merge

/// From which imported record a change comes, as the change says.
struct ImportMark {
  private static let pattern = Array("\"\(EditApplier.key)\":\"".utf8)

  let key: String
  /// Whether the record was an entry of a log.
  let isEntry: Bool

  /// Nil for a change that comes from no import. Cost: a search in its body; where it has such a key, its parsing.
  init?(_ change: Change) {
    // Most changes come from no import; those need no parsing.
    guard change.body.contains(word: Self.pattern),
      let body = try? JSONText(parsing: [UInt8(ascii: "{")] + change.body + [UInt8(ascii: "}")]),
      let key = body[EditApplier.key]?.string
    else { return nil }
    self.key = key
    isEntry = body["log"] != nil
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
