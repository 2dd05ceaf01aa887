import Codec
import Server
import Storage

/// Makes and lists workspaces.
enum AdminWorkspace {
  static let create = Command(
    "admin workspace create", "Make a workspace",
    operands: [Operand("WORKSPACE", "its name: 1 to 40 of a-z 0-9 -")],
    options: [DataFolder.option],
    examples: [
      .init("One for the desk in the north", "askonce admin workspace create nord --data /var/lib/askonce")
    ]
  ) { typed in
    let (folder, name) = (DataFolder.path(typed), typed.operand(0))
    return { context in
      let data = DataFolder.open(try folder(context), context)
      if try data.names().contains(name) {
        throw Failure(.conflict, "there is a workspace '\(name)' already")
      }
      try data.create(name)
      if context.isJSON {
        context.output.json([("workspace", JSONText(name))])
      } else {
        context.output.line("made workspace \(name); invite people with 'askonce admin invite \(name)'")
      }
      return .ok
    }
  }

  static let list = Command(
    "admin workspace list", "List workspaces",
    options: [DataFolder.option],
    examples: [.init("With their sizes", "askonce admin workspace list --data /var/lib/askonce")]
  ) { typed in
    let folder = DataFolder.path(typed)
    return { context in
      let path = try folder(context)
      var table = Table(["workspace", "changes", "size", "devices"], numbers: [1, 2, 3])
      var list: [JSONText] = []
      let data = DataFolder.open(path, context)
      var failure: StorageError?
      for name in try (data.names() + data.namesWithoutSettings()).sorted() {
        let log = try ServerLog(FolderDisk("\(path)/\(name)"), repairing: false)
        var devices: Int?
        do throws(StorageError) {
          devices = try data.devices(name).devices().count { $0.revoked == nil }
        } catch {
          guard case .workspaceDamaged = error else { throw error }
          context.note(error.description)
          failure = error
        }
        let size = FolderSize.bytes("\(path)/\(name)")
        table.add([
          .init(name), .init(Words.grouped(Int(log.last))), .init(Words.bytes(size)),
          .init(devices.map { String($0) } ?? "?"),
        ])
        list.append(
          JSONText(present: [
            ("workspace", JSONText(name)), ("changes", JSONText(Int(log.last))), ("bytes", JSONText(size)),
            ("devices", devices.map { JSONText($0) }),
          ]))
      }
      if context.isJSON { context.output.json(list: list) } else { table.write(to: context.output) }
      return failure == nil ? .ok : .damaged
    }
  }
}
