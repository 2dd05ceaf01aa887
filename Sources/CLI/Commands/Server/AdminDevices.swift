import Agent
import Causality
import Codec
import Server
import Storage

/// Lists devices.
enum AdminDevices {
  private static let all = Option.flag("all", "with revoked devices")

  static let command = Command(
    "admin devices", "List devices: who, when last seen, how far behind, how much unsent",
    details: [
      "'behind' is how many changes the device had not fetched when it was last seen, 'unsent' what it said."
    ],
    operands: [DataFolder.workspace],
    options: [DataFolder.option, all],
    examples: [.init("Who has not synced", "askonce admin devices nord --data /var/lib/askonce")]
  ) { typed in
    let (folder, name, isAll) = (DataFolder.path(typed), typed.operand(0), typed.has(all))
    return { context in
      let path = try folder(context)
      let disk = try DataFolder.disk(path, name, context)
      let devices = try DataFolder.open(path, context).devices(name).devices()
      let activity = ActivityLog.read(disk)
      let (head, failure) = end(disk, of: name)
      if let failure { context.note(failure.description) }
      let code = failure.map { Failure($0).code } ?? .ok
      let shown = devices.filter { isAll || $0.revoked == nil }
      if context.isJSON {
        context.output.json(list: shown.map { json($0, activity[$0.device], head) })
        return code
      }
      var table = Table(
        ["device", "agent", "role", "replica", "last seen", "behind", "unsent", "state"], numbers: [5, 6])
      for device in shown {
        let entry = activity[device.device]
        table.add([
          .init(device.device), .init(device.agent), .init(device.role), .init("\(device.replica)"),
          .init(entry.map { Moment.ago($0.seen, now: context.system.now()) } ?? "never"),
          .init(entry.map { behind($0, head).map(Words.grouped) ?? "?" } ?? ""),
          .init(entry.map { Words.grouped($0.unsent) } ?? ""),
          device.revoked.map { .init("revoked \(Moment.local($0))", .dim) } ?? .init(""),
        ])
      }
      table.write(to: context.output)
      if shown.isEmpty { context.note("no devices; invite people with 'askonce admin invite \(name)'") }
      return code
    }
  }

  /// The end of the log, or why nobody knows it.
  private static func end(_ disk: FolderDisk, of name: String) -> (UInt64?, StorageError?) {
    do throws(StorageError) {
      return (try DataFolder.changes(disk, of: name), nil)
    } catch {
      return (nil, error.of(workspace: name))
    }
  }

  private static func behind(_ entry: ActivityLog.Entry, _ head: UInt64?) -> Int? {
    head.map { $0 > entry.position ? Int($0 - entry.position) : 0 }
  }

  private static func json(_ device: Device, _ entry: ActivityLog.Entry?, _ head: UInt64?) -> JSONText {
    func time(_ milliseconds: UInt64) -> JSONText {
      JSONText(HybridTime(milliseconds: milliseconds).description)
    }
    return JSONText(present: [
      ("device", JSONText(device.device)), ("agent", JSONText(device.agent)), ("role", JSONText(device.role)),
      ("replica", JSONText(device.replica.description)), ("enrolled", time(device.enrolled)),
      ("revoked", device.revoked.map(time)), ("lastSeen", entry.map { time($0.seen) }),
      ("position", entry.map { JSONText(Int($0.position)) }),
      ("behind", entry.flatMap { behind($0, head) }.map { JSONText($0) }),
      ("unsent", entry.map { JSONText($0.unsent) }),
    ])
  }
}
