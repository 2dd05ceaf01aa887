import Codec
import Server

/// Copies a server's data.
enum AdminBackup {
  static let command = Command(
    "admin backup", "Copy a server's data to a new folder, also while it runs",
    details: [
      "Each workspace's copy is that workspace as it was at one moment, read back before this ends. To restore, stop the "
        + "server and put the copy in the data folder's place: devices give back what the copy lacks when they sync."
    ],
    operands: [Operand("DEST", "a folder that is empty or not there yet")],
    options: [DataFolder.option],
    examples: [
      .init("Every night", "askonce admin backup /backup/askonce-$(date +%F) --data /var/lib/askonce")
    ]
  ) { typed in
    let (folder, target) = (DataFolder.path(typed), typed.operand(0))
    return { context in
      let path = try folder(context)
      let copied = try Backup.run(DataFolder.open(path, context), from: path, to: target)
      if context.isJSON {
        context.output.json(
          list: copied.map {
            JSONText(object: [
              ("workspace", JSONText($0.workspace)), ("position", JSONText(Int($0.position))),
              ("bytes", JSONText($0.bytes)),
            ])
          })
        return .ok
      }
      for copy in copied {
        context.output.line(
          "\(copy.workspace): \(Words.count(Int(copy.position), "change")), \(Words.bytes(copy.bytes))")
      }
      if copied.isEmpty { context.note("there is no workspace in \(path)") }
      return .ok
    }
  }
}
