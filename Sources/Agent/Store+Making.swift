import Causality
import Merge
import Storage

extension Store {
  /// Makes a store without a server: everything but sync works in it.
  ///
  /// Of several that make one at the same time, processes or threads, one gets it.
  /// - Parameter agent: who works with the store: 1 to 100 bytes without control characters.
  /// - Throws: `StorageError.storeExists` where there is one, `.locked` where another one is making it, `.damaged` where one lost
  ///   its settings, `.refused` for another name.
  public static func make(
    at root: String, agent: String, environment: Environment = .system
  ) throws(StorageError) -> Store {
    try make(disk: FolderDisk(root), root: root, agent: agent, environment: environment)
  }

  package static func make(
    disk: any Disk, root: String, agent: String, environment: Environment
  ) throws(StorageError) -> Store {
    // A server refuses such names when the agent joins, which may be much later.
    guard Change.isAuthor(agent) else { throw .refused(Change.authorRule) }
    try onDisk { () throws(DiskError) in try disk.makeFolder("") }
    // Before the lock, for which nobody should wait where there is nothing to make.
    try requireNone(disk, root)
    guard let lock = try takeLock(disk) else { throw .locked(root) }
    // Whoever had the lock until now may have made one, and edits in it.
    try requireNone(disk, root)
    let replica = ReplicaID(bits: environment.random())
    try StoreConfiguration(replica: replica, agent: agent).write(disk)
    return try Store(disk: disk, root: root, .writing, environment: environment, holding: lock)
  }

  /// Refuses a folder in which there is a store, or what is left of one.
  private static func requireNone(_ disk: any Disk, _ root: String) throws(StorageError) {
    let names = try onDisk { () throws(DiskError) in try disk.list("") }
    if names.contains(StoreConfiguration.path) { throw .storeExists(root) }
    if case .damaged(let damage) = try StoreConfiguration.missing(disk, root: root) { throw .damaged(damage) }
  }

  /// Binds the store to a server's workspace.
  ///
  /// A store that was used without a server keeps its own changes as unsent ones: the workspace's order starts
  /// anew with what the server has. One that had a server keeps what it mirrors; where the server has another history by now, the
  /// next sync finds that.
  /// - Throws: `StorageError`, `.otherWorkspace` for a store of another workspace among them.
  package func bind(
    server: String, workspace: String, agent: String, role: String, token: String
  ) throws(StorageError) {
    try check(workspace: workspace)
    let isFirst = configuration.server == nil
    var configuration = self.configuration
    configuration.server = server
    configuration.workspace = workspace
    configuration.agent = agent
    configuration.role = role
    configuration.token = token
    try settle(configuration)
    if isFirst, mirror.last > 0 { try rewind(to: 0) }
  }
}
