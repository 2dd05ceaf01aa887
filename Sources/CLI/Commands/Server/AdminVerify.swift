import Codec
import Server
import Storage

/// Checks a server's data.
enum AdminVerify {
  static let command = Command(
    "admin verify", "Check every byte of a server's data, or of a backup",
    details: [
      "Changes nothing. A damaged workspace is restored from a backup: devices give back what it lacks when they sync."
    ],
    operands: [Operand("WORKSPACE", .optional, "only this workspace")],
    options: [DataFolder.option],
    examples: [
      .init("A backup", "askonce admin verify --data /backup/askonce-2026-11-21"),
      .init("One workspace of a running server", "askonce admin verify nord --data /var/lib/askonce"),
    ]
  ) { typed in
    let (folder, name) = (DataFolder.path(typed), typed.optional(0))
    return { context in
      let path = try folder(context)
      if let name { _ = try DataFolder.disk(path, name, context) }
      let names = try name.map { [$0] } ?? DataFolder.open(path, context).names()
      var isIntact = true
      var list: [JSONText] = []
      for name in names {
        let (damage, changes) = try Backup.verify(FolderDisk("\(path)/\(name)"))
        isIntact = isIntact && damage.isEmpty
        list.append(json(name, damage, changes))
        if !context.isJSON { write(name, damage, changes, context.output) }
      }
      if context.isJSON { context.output.json(list: list) }
      return isIntact ? .ok : .damaged
    }
  }

  private static func write(_ name: String, _ damage: [Damage], _ changes: UInt64, _ output: Output) {
    output.line("\(name): \(Words.count(Int(changes), "change")), \(damage.isEmpty ? "intact" : "damaged")")
    for place in damage { output.line("  " + output.styled("\(place)", .red)) }
  }

  private static func json(_ name: String, _ damage: [Damage], _ changes: UInt64) -> JSONText {
    JSONText(object: [
      ("workspace", JSONText(name)), ("changes", JSONText(Int(changes))),
      ("damage", JSONText(array: damage.map { $0.json })),
    ])
  }
}

extension Damage {
  var json: JSONText {
    JSONText(object: [("file", JSONText(file)), ("offset", JSONText(offset)), ("reason", JSONText(reason))])
  }
}
