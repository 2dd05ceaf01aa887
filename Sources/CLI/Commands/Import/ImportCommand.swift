import Agent
import Codec
import Import
import ServiceDesk

/// Imports files.
enum ImportCommand {
  private static let formats = ["changes", "entities", "customers", "tickets", "events", "star"]
  private static let format = Option.value(
    "format", short: "f", "FORMAT", "what the file holds (default: what the mapping or the file itself says)",
    choices: formats)
  private static let mapping = Option.value(
    "mapping", short: "m", "FILE", "how a CSV file's columns become fields")
  private static let rejects = Option.value(
    "rejects", "FILE",
    "where records go that cannot be imported, in place of what is there (default: the file's name with .rejects)"
  )

  static let command = Command(
    "import", "Import customers, tickets, event logs, dialogues or edits",
    details: [
      "Formats: 'changes' and 'entities' are JSON lines as 'askonce export' writes them; 'customers' and 'tickets' are "
        + "CSV; 'events' is CSV where a row is a ticket after one update; 'star' are STAR dialogues. CSV needs a mapping "
        + "unless its columns are named as in an export; 'events' always does.",
      "A record that cannot be imported is told with its line number and goes to the rejects file; the others are "
        + "imported. A rejects file that is there and holds something else is kept, for somebody may be mending it: the "
        + "next free name is taken, with .2 behind it. "
        + "Running an import again imports nothing twice, also when it was killed in the middle; nor does "
        + "importing an export where it came from. Of a row of customers or tickets that changed since, the cells count that did: "
        + "what people made of the others here stays. Gzip files are inflated. Exit code 11 when records were rejected.",
      "Edits and entries keep their times and authors; what 'entities' and CSV say else is dated by the import. Edits of other "
        + "devices become edits of this one, so who knew of whose edit is not carried over: a field keeps all the values it had, "
        + "but conflicts that were open there need not show in 'askonce conflicts' here, which is then said. What came as 'changes' is "
        + "known when it comes as 'entities'; the other way round it is in part there twice, so keep to one of them. A second device of "
        + "the same workspace is no import: 'askonce join' brings everything.",
    ],
    operands: [Operand("FILE", "the file; - reads standard input")],
    options: [format, mapping, rejects],
    examples: [
      .init("Customers of the old system", "askonce import customers.csv --mapping northwind-customers.json"),
      .init("An event log", "askonce import incidents.csv.gz --mapping uci.json"),
      .init(
        "Another workspace's edits", "askonce export changes --store old | askonce import - --format changes"),
    ]
  ) { typed in
    let (path, format, mappingPath) = (typed.operand(0), typed[format], typed[mapping])
    let givenPath = typed[rejects]
    if let format, mappingPath != nil, ["changes", "entities", "star"].contains(format) {
      throw Failure.usage("--mapping is for CSV, not for --format \(format)")
    }
    return { context in
      let mapping = try mappingPath.map { try readMapping($0, format) }
      let file = try InputFile(path)
      if let givenPath, file.isSame(as: givenPath) {
        throw Failure.usage("--rejects \(givenPath) is the file to import; give another one")
      }
      let rejects = RejectsFile(
        givenPath ?? (path == "-" ? nil : path + ".rejects"), isKeeping: givenPath == nil, context)
      let start = try file.read()
      let kind = try mapping?.kind.rawValue ?? format ?? guess(start)
      let run = ImportRun(context: context, file: file, rejects: rejects)
      let desk = Desk(try context.open(.writing))
      let summary: ImportRun.Summary
      do {
        summary = try perform(run, kind, mapping, desk, start)
      } catch {
        rejects.close()
        try? rejects.finish()
        throw error
      }
      rejects.close()
      try desk.store.compact()
      // What was imported is told first: that the rejects could not be written takes nothing of it back.
      write(summary, rejects, context)
      try rejects.finish()
      return rejects.count + rejects.refused == 0 ? .ok : .partial
    }
  }

  private static func perform(
    _ run: ImportRun, _ kind: String, _ mapping: Mapping?, _ desk: Desk, _ start: [UInt8]
  ) throws -> ImportRun.Summary {
    switch kind {
    case "changes": return try run.runChanges(desk, start: start)
    case "entities": return try run.run(.entities, desk, start: start)
    case "star": return try run.run(.star, desk, start: start)
    default:
      guard let kind = Mapping.Kind(rawValue: kind) else { throw Failure.usage("unknown format '\(kind)'") }
      guard let mapping else {
        guard kind != .events else { throw Failure.usage("--format events needs --mapping FILE") }
        let columns = try Importer.columns(start)
        let mapping = try DefaultMapping.make(kind, columns: columns)
        let local = DefaultMapping.local(kind, columns: columns)
        if !local.isEmpty {
          run.context.note(
            "passed over, since ids of another workspace mean nothing here: \(local.joined(separator: ", ")); 'entities' and "
              + "'changes' bring in what they say")
        }
        let taken = DefaultMapping.taken(columns)
        if !taken.isEmpty {
          run.context.note(
            "passed over, since an export counts or dates entities under such names: \(taken.joined(separator: ", ")); a --mapping "
              + "brings them in as fields of other names")
        }
        return try run.run(.table(mapping), desk, start: start)
      }
      return try run.run(.table(mapping), desk, start: start)
    }
  }

  private static func readMapping(_ path: String, _ format: String?) throws -> Mapping {
    let bytes = try InputFile(path).readAll(limit: 1 << 20)
    let mapping: Mapping
    do {
      mapping = try Mapping(json: bytes)
    } catch {
      throw Failure(.failed, "\(path): \(error)")
    }
    guard format == nil || format == mapping.kind.rawValue else {
      throw Failure.usage("\(path) is a mapping of \(mapping.kind.rawValue), not of \(format ?? "")")
    }
    return mapping
  }

  /// What a file says of itself: JSON lines do by their first member.
  private static func guess(_ start: [UInt8]) throws(Failure) -> String {
    var lines = LineReader(limit: start.count)
    lines.append(start.span)
    lines.finish()
    if case .line(_, let line) = lines.nextItem(), let value = try? JSONText(parsing: line),
      value.members != nil
    {
      if value["id"] != nil, value["on"] != nil, value["at"] != nil { return "changes" }
      if value["type"] != nil, value["ref"] != nil { return "entities" }
      if value["DialogueID"] != nil { return "star" }
    }
    throw .usage(
      "what does the file hold? Give --format, one of \(formats.joined(separator: ", ")), or --mapping")
  }

  private static func write(_ summary: ImportRun.Summary, _ rejects: RejectsFile, _ context: Context) {
    if context.isJSON {
      context.output.json([
        ("imported", JSONText(summary.imported)), ("unchanged", JSONText(summary.unchanged)),
        ("rejected", JSONText(rejects.count)), ("refused", JSONText(rejects.refused)),
        ("rejects", rejects.path.map { JSONText($0) }),
      ])
      return
    }
    var text = "\(Words.grouped(summary.imported)) imported, \(Words.grouped(summary.unchanged)) unchanged, "
    text += "\(Words.grouped(rejects.count)) rejected"
    if rejects.refused > 0 { text += ", \(Words.count(rejects.refused, "value")) left out" }
    context.output.line(text)
  }
}
