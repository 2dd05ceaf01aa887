import Codec
import Server
import Storage

/// Checks a server's data.
enum AdminVerify {
  private static let repair = Option.flag(
    "repair", "end a damaged log before the damage, set aside what lies behind, and mend the other files")

  static let command = Command(
    "admin verify", "Check every byte of a server's data, or of a backup",
    details: [
      "Changes nothing, unless --repair is given.",
      """
      A log that ends in front of what was stored for good is damaged, too: so say its indexes, and the runs that were \
      made of it.
      """,
      """
      A damaged workspace is restored from a backup, or cut back to the last change before the damage with --repair \
      while the server is stopped. Either way devices give back what it lacks when they sync: their own changes, \
      and what they hold of others.
      """,
      """
      A flipped bit in the lists of devices and invitations is put right whenever they are read. Where more is damaged \
      nobody can sync, because a line that is lost may be the one that revokes a device: --repair goes on without it.
      """,
    ],
    operands: [Operand("WORKSPACE", .optional, "only this workspace")],
    options: [repair, DataFolder.option],
    examples: [
      .init("After a disk failed", "askonce admin verify nord --repair --data /var/lib/askonce"),
      .init("A backup", "askonce admin verify --data /backup/askonce-2026-11-21"),
      .init("One workspace of a running server", "askonce admin verify nord --data /var/lib/askonce"),
    ]
  ) { typed in
    let (folder, name, isRepairing) = (DataFolder.path(typed), typed.optional(0), typed.has(repair))
    return { context in
      let path = try folder(context)
      if let name { _ = try DataFolder.disk(path, name, context) }
      let names = try name.map { [$0] } ?? DataFolder.workspaces(path, context)
      // Held to the end, so that no server starts meanwhile.
      let lock = isRepairing ? try DataFolder.open(path, context).lock() : nil
      if isRepairing, lock == nil { throw Failure(.locked, "a server is running on \(path); stop it first") }
      defer { withExtendedLifetime(lock) {} }
      var isIntact = true
      var failure: StorageError?
      var list: [JSONText] = []
      for name in names {
        do throws(StorageError) {
          let disk = FolderDisk("\(path)/\(name)")
          let (damage, changes) = try Backup.check(disk, of: name) {
            guard !isRepairing, isServed(path) else { return false }
            context.pause(pause)
            return true
          }
          if isRepairing, !damage.isEmpty {
            try repair(name, disk, context)
          } else {
            isIntact = isIntact && damage.isEmpty
          }
          list.append(json(name, damage, changes))
          if !context.isJSON { write(name, damage, changes, context.output) }
        } catch {
          // What keeps one from being checked keeps nobody from checking the others.
          let found = error.of(workspace: name)
          context.note(found.description)
          list.append(
            JSONText(object: [("workspace", JSONText(name)), ("error", JSONText(found.description))]))
          failure = failure ?? found
        }
      }
      if context.isJSON { context.output.json(list: list) }
      guard isIntact else { return .damaged }
      return failure.map { Failure($0).code } ?? .ok
    }
  }

  /// How long a server has to finish what it is writing, in milliseconds.
  private static let pause = 200

  /// Whether a server runs on a data folder. Makes no lock where there never was one, as in a backup.
  private static func isServed(_ path: String) -> Bool {
    let disk = FolderDisk(path)
    guard (try? disk.list(""))?.contains(ServerData.lockPath) == true else { return false }
    do {
      return try disk.lock(ServerData.lockPath) == nil
    } catch {
      return false
    }
  }

  private static func repair(_ name: String, _ disk: FolderDisk, _ context: Context) throws(StorageError) {
    for file in try Repair.settings(disk, of: name) {
      let advice =
        file == "invites.jsonl"
        ? "codes of which nobody knows any more are refused, so give out new ones with 'askonce admin invite \(name)'"
        : "look at 'askonce admin devices \(name) --all', whether all that were revoked are"
      context.note(
        "\(name): lines of \(file) are lost; \(advice). The file as it was is in \(Repair.folder)/")
    }
    switch try Repair.run(disk) {
    case .logEnds(let last):
      context.note(
        "\(name): the log ends at position \(last) now; what lay behind is in \(Repair.folder)/, "
          + "runs that reached behind it too")
    case .runsRemoved:
      context.note(
        "\(name): the log is whole; damaged runs were removed, and the server makes them again from it")
    case .indexesRemoved:
      context.note(
        "\(name): log and runs are whole; damaged indexes were removed, and the server makes them again")
    case nil: break
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
