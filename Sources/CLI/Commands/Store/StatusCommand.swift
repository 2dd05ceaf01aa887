import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Says how the store stands.
enum StatusCommand {
  static let command = Command(
    "status", "Show what is unsent, how new the store is, its size and conflicts",
    details: ["It does not ask the server: what it says of the server is as of the last sync."],
    examples: [
      .init("Before going home", "askonce status"),
      .init("For a script", "askonce status --json | jq .unsent.changes"),
    ]
  ) { _ in
    { context in
      try context.withDesk(.reading) { desk in
        let status = try Status(context, desk)
        if context.isJSON { context.output.json(status.json) } else { status.write(to: context.output) }
      }
    }
  }
}

private struct Status {
  let folder: String
  let configuration: StoreConfiguration
  let size: Int
  let unsent: Int
  let oldest: HybridTime?
  let position: UInt64
  let lastSync: SyncNote?
  /// Open conflicts and situations.
  let conflicts: Int
  let now: UInt64

  init(_ context: Context, _ desk: Desk) throws {
    let store = desk.store
    folder = context.store
    configuration = store.configuration
    size = FolderSize.bytes(context.store)
    unsent = store.unsent.count
    oldest = store.unsent.map(\.at).min()
    position = store.position
    lastSync = store.lastSync
    conflicts = try desk.openConflictCount()
    now = context.system.now()
  }

  var json: JSONText {
    JSONText(present: [
      ("store", JSONText(folder)), ("bytes", JSONText(size)), ("agent", JSONText(configuration.agent)),
      ("replica", JSONText(configuration.replica.description)),
      ("server", configuration.server.map { JSONText($0) }),
      ("workspace", configuration.workspace.map { JSONText($0) }),
      ("role", configuration.role.map { JSONText($0) }),
      (
        "unsent",
        JSONText(present: [
          ("changes", JSONText(unsent)), ("oldest", oldest.map { JSONText($0.description) }),
        ])
      ),
      ("position", JSONText(Int(position))), ("head", lastSync.map { JSONText(Int($0.head)) }),
      ("lastSync", lastSync.map { JSONText(HybridTime(milliseconds: $0.at).description) }),
      ("conflicts", JSONText(conflicts)),
    ])
  }

  func write(to output: Output) {
    var sheet = Sheet()
    sheet.add("store", "\(folder), \(Words.bytes(size))")
    sheet.add("agent", "\(configuration.agent), replica \(configuration.replica)")
    if let server = configuration.server {
      sheet.add(
        "server", "\(server), workspace \(configuration.workspace ?? "?"), role \(configuration.role ?? "?")")
    } else {
      sheet.add("server", "none; join one with 'askonce join URL --code CODE'")
      sheet.add("edits", "\(Words.grouped(Int(position) + unsent)), on this device only")
    }
    if configuration.server != nil {
      let age = oldest.map { ", the oldest made \(Moment.ago($0.milliseconds, now: now))" } ?? ""
      sheet.add("unsent", Words.count(unsent, "change") + age, unsent > 0 ? .yellow : nil)
    }
    if let lastSync {
      let behind = lastSync.head > position ? " of \(Words.grouped(Int(lastSync.head)))" : ""
      sheet.add("position", "\(Words.grouped(Int(position)))\(behind)")
      sheet.add("last sync", "\(Moment.ago(lastSync.at, now: now)), \(Moment.local(lastSync.at))")
    } else if configuration.server != nil {
      sheet.add("last sync", "never; run 'askonce sync'", .yellow)
    }
    sheet.add(
      "conflicts",
      conflicts == 0 ? "none" : "\(Words.grouped(conflicts)) open; 'askonce conflicts' lists them",
      conflicts > 0 ? .yellow : nil)
    sheet.write(to: output)
  }
}
