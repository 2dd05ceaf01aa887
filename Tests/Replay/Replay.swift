import Agent
import Causality
import Codec
import Foundation
import Import
import Merge
import Storage
import Synchronization
import URLTransport

/// The replay: at the start of a shift everybody who works in it syncs, then works offline, and syncs at its end.
///
/// Who has not seen a ticket yet that a colleague made in the same shift writes on it all the same: people tell
/// each other ticket numbers. At the end everybody syncs once more.
final class Replay {
  private let options: Options
  private let log: EventLog
  private let server: ServerProcess
  private let transport: URLTransport
  private var entities: [EntityKey: EntityID] = [:]
  private var names: [String: String] = [:]
  private var roundTrips = 0
  private var wire = 0
  private var syncs = 0
  private var journal: FileHandle?
  private var held: HeldStates

  init(_ options: Options) throws {
    self.options = options
    log = try EventLog(options)
    held = HeldStates(log, samples: options.samples)
    let data = "\(options.work)/server"
    _ = try Self.askonce(options, ["admin", "workspace", "create", "desk", "--data", data])
    server = try ServerProcess(options.askonce, data: data)
    transport = try URLTransport(server.address)
    if !options.journal.isEmpty {
      _ = FileManager.default.createFile(atPath: options.journal, contents: nil)
      journal = FileHandle(forWritingAtPath: options.journal)
    }
  }

  func run() throws {
    defer { server.stop() }
    let begin = Date()
    for (number, editor) in log.editors.sorted().enumerated() { try enrol(editor, number) }
    print("\(log.count) updates by \(log.editors.count) editors in \(log.shifts.count) shifts")
    for (number, shift) in log.shifts.enumerated() {
      try pull(shift.edits.map(\.editor)) { _, _ in }
      for (editor, edits) in shift.edits {
        let store = try open(editor)
        try work(store, edits)
        try held.note(store, editor, edits)
      }
      for (editor, _) in shift.edits {
        let store = try open(editor)
        try sync(store)
        try note(store, editor)
      }
      if number % 100 == 99 { Self.progress("shift \(number + 1) of \(log.shifts.count), \(syncs) syncs") }
    }
    let worked = Date().timeIntervalSince(begin)
    try finish(worked)
  }

  private static func progress(_ text: String) {
    FileHandle.standardError.write(Data("replay: \(text)\n".utf8))
  }

  private func folder(_ editor: String) -> String { "\(options.work)/stores/\(names[editor] ?? "none")" }

  private func open(_ editor: String) throws -> Store {
    try Store(at: folder(editor), .writing)
  }

  private func enrol(_ editor: String, _ number: Int) throws {
    names[editor] = "editor-\(number)"
    let store = try Store.make(at: folder(editor), agent: editor)
    let code = try Self.askonce(
      options,
      ["admin", "invite", "desk", "--agent", editor, "--data", "\(options.work)/server", "--json"])
    guard let text = try JSONText(parsing: Array(code.utf8))["code"]?.string else {
      throw Options.Usage(description: "no code in \(code)")
    }
    let enrolment = try ServerLink.join(transport, code: text, replica: store.replica, agent: nil)
    try store.bind(
      server: server.address, workspace: enrolment.workspace, agent: enrolment.agent, role: enrolment.role,
      token: enrolment.token)
  }

  private func sync(_ store: Store) throws { add(try SyncClient(store, transport).sync()) }

  private func add(_ report: SyncReport) {
    syncs += 1
    roundTrips += report.roundTrips
    wire += report.bytesSent + report.bytesReceived
  }

  /// Syncs replicas that have nothing to send, on all processors: in which order they come makes no difference.
  ///
  /// - Parameter then: called on another thread with each store and the editor's number, after its sync.
  private func pull(_ editors: [String], then: @escaping @Sendable (Store, Int) throws -> Void) throws {
    struct Outcome {
      var reports: [SyncReport] = []
      var error: (any Error)?
    }
    let outcome = Mutex(Outcome())
    let (folders, transport) = (editors.map(folder), transport)
    DispatchQueue.concurrentPerform(iterations: folders.count) { number in
      do {
        let store = try Store(at: folders[number], .writing)
        let report = try SyncClient(store, transport).sync()
        outcome.withLock { $0.reports.append(report) }
        try then(store, number)
      } catch {
        outcome.withLock { $0.error = error }
      }
    }
    if let error = outcome.withLock({ $0.error }) { throw error }
    for report in outcome.withLock({ $0.reports }) { add(report) }
  }

  /// Makes an editor's edits of one shift, as the import makes them.
  private func work(_ store: Store, _ edits: [ImportedEdit]) throws {
    for imported in edits {
      var draft = imported.draft
      for (field, key) in imported.links.sorted(by: { $0.key < $1.key }) {
        draft.set[field] = JSONText(try entity(key, store, imported).description)
      }
      draft.extra.append(("imp", JSONText(imported.once)))
      if let known = entities[imported.key] {
        try store.commit(Edit(.entity(known), draft, at: imported.at, by: imported.by))
      } else {
        draft.set["ref"] = JSONText(imported.key.ref.text)
        let change = try store.commit(
          Edit(.new(type: imported.key.type), draft, at: imported.at, by: imported.by))
        entities[imported.key] = change?.on
      }
    }
  }

  private func entity(_ key: EntityKey, _ store: Store, _ imported: ImportedEdit) throws -> EntityID {
    if let known = entities[key] { return known }
    let draft = Draft(set: ["ref": key.ref.text])
    guard let made = try store.commit(Edit(.new(type: key.type), draft, at: imported.at, by: imported.by))
    else {
      throw Options.Usage(description: "\(key) was not made")
    }
    entities[key] = made.on
    return made.on
  }

  /// Notes what a store held at the end of a shift.
  private func note(_ store: Store, _ editor: String) throws {
    guard let journal else { return }
    let line = JSONText(object: [
      ("editor", JSONText(editor)), ("position", JSONText(Int(store.position))),
      ("digest", JSONText(try store.digest())),
    ])
    journal.write(Data((line.text + "\n").utf8))
  }

  private func finish(_ worked: TimeInterval) throws {
    struct Ends {
      var positions: Set<UInt64> = []
      var digests: Set<String> = []
      var checked = 0
    }
    let ends = Mutex(Ends())
    let editors = log.editors.sorted()
    let count = options.digests == 0 ? editors.count : options.digests
    try pull(editors) { store, number in
      let digest = number < count ? try store.digest() : nil
      let checked = ends.withLock { ends in
        ends.positions.insert(store.position)
        if let digest { ends.digests.insert(digest) }
        ends.checked += 1
        return ends.checked
      }
      if checked % 100 == 0 { Self.progress("\(checked) of \(editors.count) checked") }
    }
    let (cursors, digests) = ends.withLock { ($0.positions, $0.digests) }
    let editor = editors[0]
    print(try held.check(by: open(editor)))
    print(
      "shifts replayed in \(Int(worked)) s; \(syncs) syncs, \(roundTrips) round trips, \(wire) bytes of bodies"
    )
    print("positions at the end: \(cursors.sorted()); digests: \(digests.sorted())")
    print(
      String(
        format: "server: peak memory %.1f MiB, disk %d bytes", server.peakMemory,
        size(of: "\(options.work)/server")))
    print("one agent's store: \(size(of: folder(editor))) bytes; \(try memory(editor))")
    try store(editor, to: "\(options.work)/changes.jsonl")
    guard cursors.count == 1, digests.count == 1 else {
      throw Options.Usage(description: "the replicas differ")
    }
  }

  /// Writes all changes of a replica as canonical lines, for the independent count.
  private func store(_ editor: String, to path: String) throws {
    _ = try Self.askonce(options, ["export", "changes", "--output", path, "--store", folder(editor)])
  }

  /// The peak memory of a process that syncs, and of one that lists tickets.
  private func memory(_ editor: String) throws -> String {
    var lines: [String] = []
    for arguments in [["sync"], ["ticket", "list"]] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: options.askonce)
      process.arguments = arguments + ["--store", folder(editor)]
      process.standardOutput = FileHandle(forWritingAtPath: "/dev/null")
      try process.run()
      // It only grows, but for the moment before the program is loaded; so the last look counts.
      var peak = 0.0
      while process.isRunning {
        peak = process.peakMemory ?? peak
        usleep(200)
      }
      guard process.terminationStatus == 0 else {
        throw Options.Usage(
          description: "'\(arguments.joined(separator: " "))' ended with \(process.terminationStatus)")
      }
      lines.append(String(format: "'%@' %.0f MiB", arguments.joined(separator: " "), peak))
    }
    return "peak memory of \(lines.joined(separator: ", of "))"
  }

  private static func askonce(_ options: Options, _ arguments: [String]) throws -> String {
    try AskOnceProcess.run(options.askonce, arguments)
  }
}
