import Agent
import Glibc
import Server
import Storage

/// The server's data folder, as `serve` and `admin` take it.
enum DataFolder {
  static let option = Option.value("data", "DIR", "the server's data folder (default: $ASKONCE_DATA)")
  static let workspace = Operand("WORKSPACE", "the workspace's name")

  /// What `--data` and the environment say, once it is known that something does.
  static func path(_ typed: TypedArguments) -> (Context) throws(Failure) -> String {
    let given = typed[option]
    return { (context) throws(Failure) in
      guard let path = given ?? context.variables["ASKONCE_DATA"], !path.isEmpty else {
        throw .usage("where is the server's data? Give --data DIR or set ASKONCE_DATA")
      }
      return path
    }
  }

  /// The data of a server, whose logs may have more files than a process may have open by default.
  static func open(_ path: String, _ context: Context) -> ServerData {
    Serving.makeRoomForFiles()
    return ServerData(folder: path, now: context.system.now, random: context.system.random)
  }

  /// The names of a data folder's workspaces, with those whose settings are missing.
  ///
  /// - Throws: `Failure`, `.notFound` where there are none.
  static func workspaces(_ path: String, _ context: Context) throws -> [String] {
    let data = open(path, context)
    let names = try (data.names() + data.namesWithoutSettings()).sorted()
    if names.isEmpty { throw isEmpty(path) }
    return names
  }

  /// Refuses a data folder that is not there: under a mistyped path an empty server would answer that it knows nobody.
  static func requirePresent(_ path: String) throws(Failure) {
    guard access(path, F_OK) != 0, [ENOENT, ENOTDIR].contains(errno) else { return }
    throw Failure(
      .notFound,
      "there is no folder \(path): is that the server's data folder? 'askonce admin workspace create' makes one"
    )
  }

  private static func isEmpty(_ path: String) -> Failure {
    Failure(
      .notFound,
      "there is no workspace in \(path): is that the server's data folder? 'askonce admin workspace create' makes one"
    )
  }

  /// How many changes a workspace's log has.
  ///
  /// - Throws: `StorageError`, also where the log is damaged: nobody knows how many there were.
  static func changes(_ disk: FolderDisk, of name: String) throws(StorageError) -> UInt64 {
    let log = try ServerLog(disk, repairing: false)
    if let damage = log.damage.first { throw StorageError.damaged(damage).of(workspace: name) }
    return log.last
  }

  /// The disk of a workspace's folder.
  ///
  /// - Throws: `Failure`, `.notFound` where there is no such workspace.
  static func disk(_ path: String, _ name: String, _ context: Context) throws -> FolderDisk {
    let data = open(path, context)
    let names = try data.names() + data.namesWithoutSettings()
    guard names.contains(name) else {
      let near = Suggestion.nearest(to: name, among: names).map { "; did you mean '\($0)'?" }
      let hint = near ?? "; 'askonce admin workspace list' shows those that there are"
      throw Failure(.notFound, "there is no workspace '\(name)' in \(path)\(hint)")
    }
    return FolderDisk("\(path)/\(name)")
  }
}
