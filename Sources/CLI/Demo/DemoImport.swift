import Agent
import Import
import ServiceDesk

/// Imports dialogues as `askonce import` does, without its output.
enum DemoImport {
  static func run(_ path: String, into store: Store) throws -> (customers: Int, tickets: Int) {
    let file = try InputFile(path)
    var importer = Importer(.star)
    var items: [ImportItem] = []
    var piece = try file.read()
    while !piece.isEmpty {
      items += try importer.read(piece.span)
      piece = try file.read()
    }
    items += try importer.finish()
    var edits: [ImportedEdit] = []
    for case .edit(let edit) in items { edits.append(edit) }
    var applier = EditApplier(Desk(store))
    var refused: [String] = []
    try applier.apply(edits) { edit, reason in refused.append("line \(edit.line): \(reason)") }
    guard refused.isEmpty, edits.count == items.count else {
      throw Failure(.failed, "\(path) was not imported as a whole; \(refused.first ?? "it has bad lines")")
    }
    let keys = Set(edits.map(\.key)).union(edits.flatMap(\.links.values))
    return (
      keys.filter { $0.type == Vocabulary.customer }.count, keys.filter { $0.type == Vocabulary.ticket }.count
    )
  }
}
