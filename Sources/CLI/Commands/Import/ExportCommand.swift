import Agent
import Causality
import Codec
import Import
import Merge
import ServiceDesk
import Storage

/// Exports customers, tickets, entities or changes.
enum ExportCommand {
  private static let type = Option.value("type", "TYPE", "only entities of this type")
  private static let fields = Option.value(
    "fields", "NAMES", "only these fields, parted by commas, in this order")
  private static let noLogs = Option.flag("no-logs", "without timelines and other logs, of entities")
  private static let safe = Option.flag(
    "spreadsheet",
    "put an apostrophe before cells that a spreadsheet could take for a formula, in CSV; import takes it off")
  private static let output = Option.value(
    "output", short: "o", "FILE", "write to a file instead of standard output")

  static let command = Command(
    "export", "Export customers, tickets, entities or edits",
    details: [
      "'customers' and 'tickets' are CSV with the values that are shown; 'entities' are JSON lines with the values of "
        + "conflicts too; 'changes' are the edits themselves, one JSON line each, in the workspace's order, unsent ones "
        + "last. 'askonce import' reads all of them.",
      "A CSV column is called after its field where that holds text. 'fact.shoe:=' holds JSON, for a fact has a channel and a "
        + "purpose beside its value; 'followers+=' holds the elements of a set, parted by semicolons; '#visits' is what a counter "
        + "comes to, and import passes over it, as over 'created' and 'updated': what is imported from CSV is dated by the "
        + "import. Timelines are not in CSV. Nor is what names others by their ids, unless --fields asks for it: links, what was split "
        + "from which ticket, and which profiles are one person; 'entities' and 'changes' have it.",
      "'entities' say with null that a field was cleared, and importing them clears it. They do not say that "
        + "an element was taken out of a set, that what was merged or linked is apart again, or that somebody was erased; tables "
        + "do not say either that a field was cleared. 'changes' say all of it.",
      "Facts that hold no longer, or whose purpose a customer did not consent to, are left out, and so are redacted words; but "
        + "not of 'changes', which is there to move a whole workspace.",
    ],
    operands: [Operand("WHAT", "customers, tickets, entities or changes")],
    options: [type, fields, noLogs, safe, output],
    examples: [
      .init("A table for a spreadsheet", "askonce export tickets --spreadsheet --output tickets.csv"),
      .init("Three columns", "askonce export customers --fields ref,name,phones"),
      .init("Everything, to be imported elsewhere", "askonce export changes | gzip > all.jsonl.gz"),
    ]
  ) { typed in
    let what = typed.operand(0)
    guard let kind = Kind(rawValue: what) else {
      let near = Suggestion.nearest(to: what, among: Kind.allCases.map(\.rawValue)).map {
        "; did you mean '\($0)'?"
      }
      throw Failure.usage("WHAT is customers, tickets, entities or changes, not '\(what)'\(near ?? "")")
    }
    var names: [ExactString]?
    if let text = typed[fields] {
      let given = text.split(separator: ",").map { DefaultMapping.trimmed(String($0)) }.filter { !$0.isEmpty }
      guard !given.isEmpty else { throw Failure.usage("--fields names no field") }
      names = try given.map { try FieldName.parse($0) }
    }
    if typed.has(type), kind.type != nil { throw Failure.usage("--type is for entities and changes") }
    if typed.has(Common.json), let type = kind.type {
      throw Failure.usage("\(what) are CSV; for JSON lines write 'export entities --type \(type)'")
    }
    if names != nil, kind == .changes { throw Failure.usage("--fields is not for changes") }
    if typed.has(noLogs), kind != .entities {
      throw Failure.usage(
        kind == .changes
          ? "--no-logs is for entities: 'changes' are there to move a whole workspace"
          : "--no-logs is for entities; \(what) are CSV, which has no logs")
    }
    if typed.has(safe), kind.type == nil {
      throw Failure.usage("--spreadsheet is for customers and tickets, which are CSV")
    }
    let options = ExportRun.Options(
      kind: kind, type: kind.type ?? typed[type], fields: names, hasLogs: !typed.has(noLogs),
      isSafe: typed.has(safe))
    let path = typed[output]
    return { context in
      let file = path.map { OutputFile($0) }
      return try context.withDesk(.reading) { desk in
        let run = ExportRun(
          context: context, store: desk.store, settings: try desk.settings(), options: options
        ) { bytes throws(Failure) in
          if let file { try file.write(bytes) } else { context.output.write(bytes) }
          return !context.output.isGone
        }
        try run.run()
        try file?.write([])
      }
    }
  }

  enum Kind: String, CaseIterable {
    case customers, tickets, entities, changes

    /// The type that it is about; nil for any.
    var type: String? {
      switch self {
      case .customers: Vocabulary.customer
      case .tickets: Vocabulary.ticket
      default: nil
      }
    }
  }
}
