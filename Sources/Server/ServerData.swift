import Causality
import Codec
import Storage
import SyncProtocol
import Synchronization

/// The server's data folder: a folder for each workspace.
package final class ServerData: Sendable {
  private let root: any Disk
  private let disk: @Sendable (String) -> any Disk
  package let now: @Sendable () -> UInt64
  package let random: @Sendable () -> UInt64
  private let sizes: Sizes
  private let open = Mutex<[String: Hosted]>([:])
  /// Held by whoever opens a workspace: a second one would cut off as a torn end what the first is just appending.
  private let opening = Mutex(())

  /// A workspace that is not served.
  private struct Unusable {
    let reason: StorageError
    /// When to try again, by the clock; nil for not before the server is started again.
    let retry: UInt64?
    /// Whether it gave out a one-time code; nil where that cannot be said.
    let knows: @Sendable (_ code: String) -> Bool?
  }

  private let unusable = Mutex<[String: Unusable]>([:])
  /// What was found when workspaces were opened that keeps nobody from serving them, until somebody tells it.
  private let findings = Mutex<[String]>([])
  /// How long a workspace that appeared beside the running server and could not be opened is left alone, in milliseconds:
  /// anybody may ask for it, and whoever made it may just be putting right what is wrong.
  private static let retryInterval: UInt64 = 5000

  package static let lockPath = ".lock"

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

  /// The names of the workspaces, ordered. A folder that cannot be looked into counts as one: whoever opens it is told why.
  package func names() throws(StorageError) -> [String] { try folders().filter(hasSettings) }

  private func hasSettings(_ name: String) -> Bool {
    do {
      return try disk(name).readAll(Self.settingsPath) != nil
    } catch {
      return true
    }
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

  /// The devices of a workspace, which is not opened for that; where it is open, as the server knows them.
  func registry(_ name: String) throws(StorageError) -> DeviceRegistry {
    if let hosted = try known(name) { return hosted.devices }
    return try devices(name)
  }

  /// The names of folders that hold a workspace's log or runs and no settings, ordered.
  package func namesWithoutSettings() throws(StorageError) -> [String] {
    try folders().filter(isWithoutSettings)
  }

  private func isWithoutSettings(_ name: String) -> Bool {
    if hasSettings(name) { return false }
    let disk = disk(name)
    do {
      return try (disk.list("log") + disk.list(RunName.folder)).contains { $0.hasSuffix(".jsonl.gz") }
    } catch {
      return true
    }
  }

  /// The names of folders that may be workspaces', ordered.
  private func folders() throws(StorageError) -> [String] {
    try onDisk { () throws(DiskError) in try root.list("") }.filter(Self.isName).sorted()
  }

  private func checkSettings(_ name: String) throws(StorageError) {
    guard Self.isName(name), let bytes = try settings(of: name) else {
      if Self.isName(name), isWithoutSettings(name) { throw Self.lostSettings(name) }
      throw .refused(
        "there is no workspace \"\(name)\"; make it with 'askonce admin workspace create \(name)'")
    }
    guard let format = (try? JSONText(parsing: bytes))?["format"]?.int else {
      throw StorageError.damaged(
        Damage(file: Self.settingsPath, offset: 0, reason: "expected a format")
      ).of(workspace: name)
    }
    try Self.check(format, of: "\(name)/\(Self.settingsPath)")
  }

  private func settings(of name: String) throws(StorageError) -> [UInt8]? {
    do {
      return try disk(name).readAll(Self.settingsPath)
    } catch {
      throw StorageError(error).of(workspace: name)
    }
  }

  /// Whether a workspace is open, so that `hosted` costs nothing.
  package func isOpen(_ name: String) -> Bool { open.withLock { $0[name] != nil } }

  /// An open workspace; opens it at the first call, for which others wait.
  package func hosted(_ name: String) throws(StorageError) -> Hosted {
    if let hosted = try known(name) { return hosted }
    try checkSettings(name)
    return try opening.withLock { (_) throws(StorageError) in
      if let hosted = try known(name) { return hosted }
      let disk = disk(name)
      do throws(StorageError) {
        let opened = Hosted(
          workspace: try Workspace(name: name, disk: disk, now: now, sizes: sizes),
          devices: try DeviceRegistry(disk, now: now, random: random), activity: ActivityLog(disk))
        let found = try opened.findings()
        findings.withLock { $0 += found }
        open.withLock { $0[name] = opened }
        unusable.withLock { $0[name] = nil }
        return opened
      } catch {
        let reason = error.of(workspace: name)
        refuse(name, reason, retry: now() + Self.retryInterval)
        throw reason
      }
    }
  }

  /// An open workspace; nil where it has to be opened.
  ///
  /// - Throws: `StorageError` where that is known to be of no use.
  private func known(_ name: String) throws(StorageError) -> Hosted? {
    if let hosted = open.withLock({ $0[name] }) { return hosted }
    if let unusable = inForce()[name] { throw unusable.reason }
    return nil
  }

  /// The workspaces that are not served and not tried again now.
  private func inForce() -> [String: Unusable] {
    let all = unusable.withLock { $0 }
    if all.isEmpty { return all }
    let time = now()
    return all.filter { one in
      // One that lies further ahead than any is set stands there because the clock was put back.
      one.value.retry.map { time < $0 && $0 - time <= Self.retryInterval } ?? true
    }
  }

  /// Whether a workspace is not served before the server is started again: its operator was told so when that was found.
  func isGivenUp(_ name: String) -> Bool { unusable.withLock { $0[name].map { $0.retry == nil } ?? false } }

  private func refuse(_ name: String, _ reason: StorageError, retry: UInt64?) {
    let devices = try? devices(name)
    let one = Unusable(reason: reason, retry: retry) { code in try? devices?.knows(code: code) }
    unusable.withLock { $0[name] = one }
  }

  /// Opens all workspaces. Those that are damaged or cannot be read are not served until the server is started again.
  ///
  /// - Returns: why some are not served, by name; empty where all are.
  /// - Throws: `StorageError` where the folder itself cannot be read, the disk is full, or there are no other workspaces.
  package func openAll() throws(StorageError) -> [StorageError] {
    var failures: [StorageError] = []
    for name in try names() + namesWithoutSettings() {
      do throws(StorageError) {
        _ = try hosted(name)
      } catch {
        switch error {
        case .workspaceDamaged, .workspaceUnreadable, .laterVersion:
          refuse(name, error, retry: nil)
          failures.append(error)
        default: throw error
        }
      }
    }
    if let first = failures.first, opened.isEmpty { throw first }
    return failures
  }

  /// Serves a workspace no longer whose folder was moved or removed: what is pushed would go into files that nobody finds.
  ///
  /// - Returns: why, for the operator, the first time; nil where its folder is where it was. Cost: a look at the folder.
  func stopServing(ifMoved hosted: Hosted) -> StorageError? {
    let name = hosted.workspace.name
    guard hosted.isMoved, isOpen(name) else { return nil }
    let reason = StorageError.workspaceUnreadable(
      name, "its folder was moved or removed while the server runs")
    // Its invitations as they were read last: what is in its place now, if anything, may be others.
    let devices = hosted.devices
    unusable.withLock { $0[name] = Unusable(reason: reason, retry: nil) { code in devices.knew(code: code) } }
    return open.withLock { $0.removeValue(forKey: name) } == nil ? nil : reason
  }

  /// What was found when workspaces were opened since the last call, for the operator.
  func takeFindings() -> [String] {
    findings.withLock { findings in
      defer { findings = [] }
      return findings
    }
  }

  /// The workspaces that are open, by name.
  package var opened: [Hosted] {
    open.withLock { $0.values.sorted { $0.workspace.name < $1.workspace.name } }
  }

  /// The open workspace that gave out a one-time code, nil for none.
  ///
  /// Cost: a look at the size of each workspace's list of invitations; anybody may ask.
  /// - Throws: `StorageError`, also where the code is unknown and may be one of a workspace of which nothing can be read.
  package func workspace(ofCode code: String) throws(StorageError) -> Hosted? {
    var failure: StorageError?
    for hosted in opened {
      do throws(StorageError) {
        if try hosted.devices.knows(code: code) { return hosted }
      } catch {
        failure = error.of(workspace: hosted.workspace.name)
      }
    }
    let unusable = inForce()
    for one in unusable.values {
      guard let isKnown = one.knows(code) else {
        failure = one.reason
        continue
      }
      if isKnown { throw one.reason }
    }
    // Those that appeared beside a running server.
    for name in try folders() where unusable[name] == nil && !isOpen(name) {
      do throws(StorageError) {
        let hosted = try hosted(name)
        if try hosted.devices.knows(code: code) { return hosted }
      } catch {
        let error = error.of(workspace: name)
        switch error {
        case .refused: continue
        case .workspaceDamaged, .workspaceUnreadable, .laterVersion: failure = error
        default: throw error
        }
      }
    }
    if let failure { throw failure }
    return nil
  }

  /// Takes the lock that keeps a second server from the folder; nil when one runs.
  package func lock() throws(StorageError) -> (any Sendable)? {
    try onDisk { () throws(DiskError) in
      try root.makeFolder("")
      return try root.lock(Self.lockPath)
    }
  }
}
