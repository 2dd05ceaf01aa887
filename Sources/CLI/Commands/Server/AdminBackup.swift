import Codec
import Glibc
import Server
import Storage

/// Copies a server's data.
enum AdminBackup {
  static let command = Command(
    "admin backup", "Copy a server's data to a new folder, also while it runs",
    details: [
      "Each workspace's copy is that workspace as it was at one moment, read back before this ends. To restore, stop the "
        + "server and put the copy in the data folder's place: devices give back what the copy lacks when they sync.",
      "A copy knows no more of devices and codes than when it was made: after a restore look at 'askonce admin devices' and "
        + "revoke again what was revoked since; devices that joined since join again with a new code.",
      "A workspace that is damaged, or lost the end of its log, is copied as far as it can be read and named; all others are "
        + "backed up. Such a copy is none to put in the place of an older one.",
    ],
    operands: [Operand("DEST", "a folder that is empty or not there yet")],
    options: [DataFolder.option],
    examples: [
      .init("Every night", "askonce admin backup /backup/askonce-$(date +%F) --data /var/lib/askonce")
    ]
  ) { typed in
    let (folder, target) = (DataFolder.path(typed), typed.operand(0))
    if target.isEmpty { throw Failure.usage("DEST is empty; name the folder that the copy is to be in") }
    return { context in
      let path = try folder(context)
      _ = try DataFolder.workspaces(path, context)
      if isInside(target, path) {
        throw Failure.usage("\(target) lies in the data folder; back up to a folder outside of it")
      }
      let outcome = try Backup.run(DataFolder.open(path, context), from: path, to: target)
      write(outcome.copied, context)
      guard let first = outcome.failed.first else { return .ok }
      for failure in outcome.failed { context.note(failure.reason.description) }
      let names = outcome.failed.map(\.workspace).joined(separator: ", ")
      let rest = outcome.copied.isEmpty ? "" : "; all others are in \(target)"
      throw Failure(Failure(first.reason).code, "the copy of \(names) is not whole\(rest)")
    }
  }

  private static func write(_ copied: [Backup.Copied], _ context: Context) {
    if context.isJSON {
      context.output.json(
        list: copied.map {
          JSONText(object: [
            ("workspace", JSONText($0.workspace)), ("position", JSONText(Int($0.position))),
            ("bytes", JSONText($0.bytes)),
          ])
        })
      return
    }
    for copy in copied {
      context.output.line(
        "\(copy.workspace): \(Words.count(Int(copy.position), "change")), \(Words.bytes(copy.bytes))")
    }
  }

  /// Whether a folder, which need not be there yet, lies in another or is it.
  private static func isInside(_ target: String, _ folder: String) -> Bool {
    guard let whole = resolved(folder) else { return false }
    var parts = target.split(separator: "/", omittingEmptySubsequences: false)
    while !parts.isEmpty {
      if let found = resolved(parts == [""] ? "/" : parts.joined(separator: "/")) {
        return found == whole || found.hasPrefix(whole + "/")
      }
      parts.removeLast()
    }
    return resolved(".").map { $0 == whole || $0.hasPrefix(whole + "/") } ?? false
  }

  /// A path without links; nil where there is nothing.
  private static func resolved(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }
}
