import Causality
import Codec
import Storage
import SyncProtocol
import Synchronization

/// The server's data folder: a folder for each workspace.
package final class ServerData: Sendable {
  /// An open workspace with what belongs to it.
  package final class Hosted: Sendable {
    package let workspace: Workspace
    package let devices: DeviceRegistry
    package let activity: ActivityLog

    init(workspace: Workspace, devices: DeviceRegistry, activity: ActivityLog) {
      self.workspace = workspace
      self.devices = devices
      self.activity = activity
    }
  }

  private let root: any Disk
  private let disk: @Sendable (String) -> any Disk
  package let now: @Sendable () -> UInt64
  package let random: @Sendable () -> UInt64
  private let sizes: Sizes
  private let open = Mutex<[String: Hosted]>([:])
  /// Why some workspaces are not served.
  private let unusable = Mutex<[String: StorageError]>([:])

  static let settingsPath = "workspace.json"
  static let formatVersion = 1

  /// - Parameters:
  ///   - root: the data folder.
  ///   - disk: gives the disk of a workspace's folder.
  package init(
    root: any Disk, disk: @escaping @Sendable (String) -> any Disk, now: @escaping @Sendable () -> UInt64,
    random: @escaping @Sendable () -> UInt64, sizes: Sizes = .standard
  ) {
    self.sizes = sizes
    self.root = root
    self.disk = disk
    self.now = now
    self.random = random
  }

  /// A data folder of the file system, with the system's clock and randomness.
  package convenience init(
    folder: String, now: @escaping @Sendable () -> UInt64, random: @escaping @Sendable () -> UInt64
  ) {
    self.init(root: FolderDisk(folder), disk: { FolderDisk("\(folder)/\($0)") }, now: now, random: random)
  }

  /// Whether a name may be a workspace's: 1 to 40 of `a-z 0-9 -`, not at an end a `-`.
  package static func isName(_ name: String) -> Bool {
    1...40 ~= name.utf8.count && name.first != "-" && name.last != "-"
      && name.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-".utf8.contains($0) }
  }

  /// Makes a workspace.
  package func create(_ name: String) throws(StorageError) {
    guard Self.isName(name) else {
      throw .refused("\"\(name)\" is not a workspace name: 1 to 40 of a-z 0-9 -, without a - at an end")
    }
    let disk = disk(name)
    let exists = try onDisk { () throws(DiskError) in
      try root.makeFolder(name)
      return try disk.list("").contains(Self.settingsPath)
    }
    if exists { throw .refused("there is a workspace \"\(name)\" already") }
    try Self.writeSettings(disk, name, created: now())
    try onDisk { () throws(DiskError) in try root.syncFolder("") }
  }

  /// - Parameter created: milliseconds since 1970, for people only.
  static func writeSettings(_ disk: any Disk, _ name: String, created: UInt64) throws(StorageError) {
    let settings = JSONText(object: [
      ("format", JSONText(formatVersion)), ("workspace", JSONText(name)), ("created", JSONText(Int(created))),
    ])
    try onDisk { () throws(DiskError) in
      try disk.replace(settingsPath, with: Array((settings.text + "\n").utf8))
    }
  }

  /// The names of the workspaces, ordered.
  package func names() throws(StorageError) -> [String] {
    let listing = try onDisk { () throws(DiskError) in try root.list("") }
    var names: [String] = []
    for name in listing.sorted() where Self.isName(name) {
      let disk = disk(name)
      if try onDisk({ () throws(DiskError) in try disk.readAll(Self.settingsPath) }) != nil {
        names.append(name)
      }
    }
    return names
  }

  /// The devices of a workspace, without opening its log.
  package func devices(_ name: String) throws(StorageError) -> DeviceRegistry {
    try checkSettings(name)
    do throws(StorageError) {
      return try DeviceRegistry(disk(name), now: now, random: random)
    } catch {
      throw error.of(workspace: name)
    }
  }

  /// The names of folders that hold a workspace's log or runs and no settings, ordered.
  package func namesWithoutSettings() throws(StorageError) -> [String] {
    let listing = try onDisk { () throws(DiskError) in try root.list("") }
    var names: [String] = []
    for name in listing.sorted() where Self.isName(name) {
      let disk = disk(name)
      let isLost = try onDisk { () throws(DiskError) in
        if try disk.list("").contains(Self.settingsPath) { return false }
        return try (disk.list("log") + disk.list(RunName.folder)).contains { $0.hasSuffix(".jsonl.gz") }
      }
      if isLost { names.append(name) }
    }
    return names
  }

  private func checkSettings(_ name: String) throws(StorageError) {
    let disk = disk(name)
    guard Self.isName(name),
      let bytes = try onDisk({ () throws(DiskError) in try disk.readAll(Self.settingsPath) })
    else {
      if try namesWithoutSettings().contains(name) {
        let reason = "the file is missing beside a log"
        throw StorageError.damaged(Damage(file: Self.settingsPath, offset: 0, reason: reason)).of(
          workspace: name)
      }
      throw .refused(
        "there is no workspace \"\(name)\"; make it with 'askonce admin workspace create \(name)'")
    }
    guard let format = (try? JSONText(parsing: bytes))?["format"]?.int else {
      throw StorageError.damaged(
        Damage(file: Self.settingsPath, offset: 0, reason: "expected a format")
      ).of(workspace: name)
    }
    guard format <= Self.formatVersion else {
      throw .laterVersion(file: "\(name)/\(Self.settingsPath)", found: format, known: Self.formatVersion)
    }
  }

  /// An open workspace; opens it at the first call.
  package func hosted(_ name: String) throws(StorageError) -> Hosted {
    if let hosted = open.withLock({ $0[name] }) { return hosted }
    if let error = unusable.withLock({ $0[name] }) { throw error }
    try checkSettings(name)
    let disk = disk(name)
    let opened: Hosted
    do throws(StorageError) {
      opened = Hosted(
        workspace: try Workspace(name: name, disk: disk, now: now, sizes: sizes),
        devices: try DeviceRegistry(disk, now: now, random: random), activity: ActivityLog(disk))
    } catch {
      throw error.of(workspace: name)
    }
    return open.withLock { open in
      // Two first requests may both have opened it: the one that came first counts.
      if let hosted = open[name] { return hosted }
      open[name] = opened
      return opened
    }
  }

  /// Opens all workspaces. Those that are damaged are not served until the server is started again.
  ///
  /// - Returns: why some are not served, by name; empty where all are.
  /// - Throws: `StorageError` where the disk refuses, or where there are damaged workspaces and no other.
  package func openAll() throws(StorageError) -> [StorageError] {
    var failures: [StorageError] = []
    func refuse(_ name: String, _ error: StorageError) {
      unusable.withLock { $0[name] = error }
      failures.append(error)
    }
    for name in try names() + namesWithoutSettings() {
      do throws(StorageError) {
        _ = try hosted(name)
      } catch {
        switch error {
        case .workspaceDamaged, .laterVersion: refuse(name, error)
        default: throw error
        }
      }
    }
    if let first = failures.first, opened.isEmpty { throw first }
    return failures
  }

  /// The workspaces that are open, by name.
  package var opened: [Hosted] {
    open.withLock { $0.values.sorted { $0.workspace.name < $1.workspace.name } }
  }

  /// The open workspace that gave out a one-time code, nil for none.
  package func workspace(ofCode code: String) throws(StorageError) -> Hosted? {
    var failure: StorageError?
    for name in try names() {
      do throws(StorageError) {
        if try devices(name).knows(code: code) { return try hosted(name) }
      } catch {
        guard case .workspaceDamaged = error else { throw error }
        failure = error
      }
    }
    // It may be one of a workspace of which nothing can be read.
    if let failure { throw failure }
    return nil
  }

  /// Takes the lock that keeps a second server from the folder; nil when one runs.
  package func lock() throws(StorageError) -> (any Sendable)? {
    try onDisk { () throws(DiskError) in
      try root.makeFolder("")
      return try root.lock(".lock")
    }
  }
}
