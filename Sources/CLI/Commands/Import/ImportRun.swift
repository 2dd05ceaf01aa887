import Agent
import Causality
import Codec
import Import
import Merge
import ServiceDesk
import Storage

/// One import: reads a file in pieces and applies it in batches.
struct ImportRun {
  let context: Context
  let file: InputFile
  let rejects: RejectsFile

  /// So many records are made durable together, and those of the same line.
  private static let batch = 1000
  /// A store without a server is compacted after so many edits, so that memory does not grow with the file.
  private static let compaction = 100_000

  /// What an import did.
  struct Summary {
    var imported: Int
    var unchanged: Int
  }

  /// Imports a foreign format.
  ///
  /// - Parameters:
  ///   - start: the first piece of the file, which was looked at to find out what it is.
  func run(_ format: Importer.Format, _ desk: Desk, start: [UInt8]) throws -> Summary {
    let secrets = try desk.settings().secrets
    var importer = Importer(format) { key, field, value in
      // What people said stays as they said it.
      [Vocabulary.timeline, Vocabulary.questions].contains(field)
        ? nil : secrets.reason(type: key.type, field: field, value: value)
    }
    var applier = EditApplier(desk)
    var waiting: [ImportedEdit] = []
    let progress = Progress(context.errors)
    defer { progress.end() }
    func apply() throws {
      guard !waiting.isEmpty else { return }
      try applier.apply(waiting) { edit, reason in
        rejects.add(Reject(line: edit.line, reason: reason, raw: edit.raw), header: importer.rejectsHeader)
      }
      waiting.removeAll(keepingCapacity: true)
      if desk.store.configuration.server == nil, desk.store.unsent.count >= Self.compaction {
        try desk.store.compact()
      }
      progress.update(self.progress(applier.imported, applier.unchanged))
    }
    func take(_ items: [ImportItem]) throws {
      for item in items {
        switch item {
        case .edit(let edit):
          // What a line says becomes durable together: mail with the word that it was sent.
          if waiting.count >= Self.batch, waiting.last?.line != edit.line { try apply() }
          waiting.append(edit)
        case .reject(let reject): rejects.add(reject, header: importer.rejectsHeader)
        case .refused(let value): rejects.add(value)
        }
      }
    }
    var piece = start
    while !piece.isEmpty {
      try take(try importer.read(piece.span))
      piece = try file.read()
    }
    try take(try importer.finish())
    try apply()
    try take(applier.rest().map { .edit($0) })
    try apply()
    return Summary(imported: applier.imported, unchanged: applier.unchanged)
  }

  /// Imports changes as JSON lines.
  ///
  /// A change that sets a secret is rejected as a whole.
  func runChanges(_ desk: Desk, start: [UInt8]) throws -> Summary {
    let secrets = try desk.settings().secrets
    var lines = LineReader(limit: Change.maximumSize)
    var replay = try ChangeReplay(desk)
    var waiting: [(line: Int, change: Change)] = []
    var raw: [Int: [UInt8]] = [:]
    let progress = Progress(context.errors)
    defer { progress.end() }
    func apply() throws {
      try replay.apply(waiting) { line, reason in
        rejects.add(Reject(line: line, reason: reason, raw: raw[line] ?? []), header: [])
      }
      waiting.removeAll(keepingCapacity: true)
      raw.removeAll(keepingCapacity: true)
      progress.update(self.progress(replay.imported, replay.unchanged))
    }
    func drain() throws {
      while let item = lines.nextItem() {
        switch item {
        case .reject(let reject): rejects.add(reject, header: [])
        case .line(let number, let bytes):
          do throws(JSONError) {
            let change = try ChangeLine.parse(bytes.span)
            if let reason = Self.secret(in: change, secrets) {
              rejects.add(Reject(line: number, reason: reason, raw: bytes), header: [])
            } else {
              waiting.append((number, change))
              raw[number] = bytes
            }
          } catch {
            rejects.add(Reject(line: number, reason: "no change: \(error)", raw: bytes), header: [])
          }
          if waiting.count >= Self.batch { try apply() }
        }
      }
    }
    var piece = start
    while !piece.isEmpty {
      lines.append(piece.span)
      try drain()
      piece = try file.read()
    }
    lines.finish()
    try drain()
    try apply()
    try replay.finish { line, reason in
      rejects.add(Reject(line: line, reason: reason, raw: []), header: [])
    }
    if replay.several > 0 {
      context.note(
        "\(Words.count(replay.several, "imported entity", "imported entities")) had edits of several devices; what each knew of "
          + "the other is not carried over, so conflicts that were open there need not show in 'askonce conflicts' here"
      )
    }
    return Summary(imported: replay.imported, unchanged: replay.unchanged)
  }

  /// Why a change must not be kept; nil where it may.
  private static func secret(in change: Change, _ secrets: Secrets) -> String? {
    var found: String?
    try? ChangeBody.operations(of: change.body) { operation in
      guard found == nil, case .set(let field, let value) = operation else { return }
      found = secrets.reason(type: change.on.type, field: field, value: value).map { "\(field): \($0)" }
    }
    return found
  }

  private func progress(_ imported: Int, _ unchanged: Int) -> String {
    let share = file.size.map { $0 > 0 ? ", \(file.offset * 100 / $0) % of the file" : "" } ?? ""
    return "importing: \(Words.grouped(imported)) imported, \(Words.grouped(unchanged)) known\(share)"
  }
}
