import Causality
import Foundation
import Import

/// An event log as edits, in the order of their times, parted into shifts.
struct EventLog {
  /// The edits of one shift by each editor who worked in it, editors in the order of their names.
  struct Shift {
    let number: UInt64
    var edits: [(editor: String, edits: [ImportedEdit])]
  }

  private(set) var shifts: [Shift] = []
  private(set) var count = 0
  private(set) var editors: Set<String> = []

  init(_ options: Options) throws {
    guard let csv = FileManager.default.contents(atPath: options.csv),
      let mapping = FileManager.default.contents(atPath: options.mapping)
    else { throw Options.Usage(description: "cannot read \(options.csv) or \(options.mapping)") }
    var importer = Importer(.table(try Mapping(json: Array(mapping))))
    let bytes = Array(csv)
    var edits: [ImportedEdit] = []
    func take(_ items: [ImportItem]) throws {
      for item in items {
        guard case .edit(let edit) = item else {
          throw Options.Usage(description: "a row was not imported: \(item)")
        }
        edits.append(edit)
      }
    }
    try take(try importer.read(bytes.span))
    try take(try importer.finish())
    // A stable sort: what an editor did in one minute stays in the order of the file.
    let ordered = edits.enumerated().sorted {
      ($0.element.at ?? .zero, $0.offset) < ($1.element.at ?? .zero, $1.offset)
    }.map(\.element)
    for edit in options.limit > 0 ? Array(ordered.prefix(options.limit)) : ordered { add(edit, options) }
    for index in shifts.indices { shifts[index].edits.sort { $0.editor < $1.editor } }
  }

  private mutating func add(_ edit: ImportedEdit, _ options: Options) {
    let hours = (edit.at ?? .zero).milliseconds / 3_600_000
    let number = (hours - options.start) / options.shift
    let editor = edit.by ?? "nobody"
    if shifts.last?.number != number { shifts.append(Shift(number: number, edits: [])) }
    let last = shifts.count - 1
    if let index = shifts[last].edits.firstIndex(where: { $0.editor == editor }) {
      shifts[last].edits[index].edits.append(edit)
    } else {
      shifts[last].edits.append((editor, [edit]))
    }
    editors.insert(editor)
    count += 1
  }
}
