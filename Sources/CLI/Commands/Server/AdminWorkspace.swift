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
      try DataFolder.requirePresent(path)
      var table = Table(["workspace", "changes", "size", "devices"], numbers: [1, 2, 3])
      var list: [JSONText] = []
      let data = DataFolder.open(path, context)
      var failure: StorageError?
      for name in try (data.names() + data.namesWithoutSettings()).sorted() {
        let counts = counts(of: name, data, FolderDisk("\(path)/\(name)"))
        if let found = counts.failure {
          context.note(found.description)
          failure = failure ?? found
        }
        let size = FolderSize.bytes("\(path)/\(name)")
        table.add([
          .init(name), .init(counts.changes.map(Words.grouped) ?? "?"), .init(Words.bytes(size)),
          .init(counts.devices.map { String($0) } ?? "?"),
        ])
        list.append(
          JSONText(present: [
            ("workspace", JSONText(name)), ("changes", counts.changes.map { JSONText($0) }),
            ("bytes", JSONText(size)), ("devices", counts.devices.map { JSONText($0) }),
          ]))
      }
      if context.isJSON { context.output.json(list: list) } else { table.write(to: context.output) }
      if list.isEmpty {
        context.note("there is no workspace in \(path); make one with 'askonce admin workspace create'")
      }
      return failure.map { Failure($0).code } ?? .ok
    }
  }

  /// How many changes and devices a workspace has, as far as they can be read, and why some cannot.
  private static func counts(
    of name: String, _ data: ServerData, _ disk: FolderDisk
  ) -> (changes: Int?, devices: Int?, failure: StorageError?) {
    var (changes, devices, failure): (Int?, Int?, StorageError?)
    do throws(StorageError) {
      let registry = try data.devices(name)
      devices = try registry.devices().count { $0.revoked == nil }
    } catch {
      failure = error.of(workspace: name)
    }
    // Of a log of a later format nothing is known.
    if case .laterVersion = failure { return (nil, nil, failure) }
    do throws(StorageError) {
      changes = Int(try DataFolder.changes(disk, of: name))
    } catch {
      failure = failure ?? error.of(workspace: name)
    }
    return (changes, devices, failure)
  }
}
