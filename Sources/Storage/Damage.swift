/// A place in a file that is not as it was written.
public struct Damage: Hashable, Sendable, CustomStringConvertible {
  /// The file, relative to the store.
  public let file: String
  /// The byte offset at which the damage starts.
  public let offset: Int
  /// What is wrong, as a person reads it.
  public let reason: String

  package init(file: String, offset: Int, reason: String) {
    self.file = file
    self.offset = offset
    self.reason = reason
  }

  /// File, byte and reason, in words for people.
  public var description: String { "\(file) at byte \(offset): \(reason)" }
}

/// Why a store or a server's data cannot be used as asked.
public enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The system refused; its words.
  case disk(String)
  /// Another process is writing to the store.
  case locked(String)
  /// The store was opened for reading, and what was asked for writes to it; its path.
  case readOnly(String)
  /// There is no store here.
  case noStore(String)
  /// There is a store here already.
  case storeExists(String)
  /// A file was made by a later version of this program.
  case laterVersion(file: String, found: Int, known: Int)
  /// A file that is needed is damaged.
  case damaged(Damage)
  /// A file of a server's workspace, relative to its data folder, is damaged.
  case workspaceDamaged(String, Damage)
  /// The system refused to read or write files of a server's workspace; its words.
  case workspaceUnreadable(String, String)
  /// The disk is full: what was asked for did not happen.
  case full(String)
  /// A store of one workspace was to join another one.
  case otherWorkspace(String, asked: String)
  /// A change was refused.
  case refused(String)

  /// File, byte and reason, in words for people.
  public var description: String {
    switch self {
    case .disk(let reason): reason
    case .locked(let path):
      "\(path) is in use by another process; try again when it has finished"
    case .readOnly(let path):
      "the store at \(path) was opened for reading only, so nothing was sent or written; open it for writing"
    case .noStore(let path):
      "there is no store at \(path); make one with 'askonce init' or 'askonce join'"
    case .storeExists(let path): "there is a store at \(path) already"
    case .laterVersion(let file, let found, let known):
      "\(file) has format \(found) and this program knows up to \(known); use a newer askonce"
    case .damaged(let damage): "\(damage); run 'askonce verify'"
    case .workspaceDamaged(let workspace, let damage):
      "workspace \(workspace) is damaged: \(damage); stop the server and run 'askonce admin verify \(workspace) --repair', "
        + "or restore a backup"
    case .workspaceUnreadable(let workspace, let reason):
      "workspace \(workspace) cannot be used: \(reason); put that right, and start the server again if it runs"
    case .full(let path): "the disk is full, so nothing was written to \(path); free some space and try again"
    case .otherWorkspace(let own, let asked):
      "this store is of workspace \(own) and the code of workspace \(asked), which must not see what is in it: nothing was sent "
        + "and nothing changed. Ask your operator for a new code and join with it in a new folder, with --store"
    case .refused(let reason): reason
    }
  }

  /// What was found damaged or could not be read in a workspace's folder, with the workspace's name.
  package func of(workspace: String) -> StorageError {
    switch self {
    case .damaged(let damage):
      .workspaceDamaged(
        workspace, Damage(file: "\(workspace)/\(damage.file)", offset: damage.offset, reason: damage.reason))
    case .disk(let reason): .workspaceUnreadable(workspace, reason)
    default: self
    }
  }

  package init(_ error: DiskError) {
    self = error.isFull ? .full(error.path) : .disk(error.description)
  }
}

/// Runs what only the disk can refuse, and tells a refusal as a `StorageError`.
package func onDisk<Result>(_ body: () throws(DiskError) -> Result) throws(StorageError) -> Result {
  do {
    return try body()
  } catch {
    throw StorageError(error)
  }
}
