import Agent
import Server
import Storage
import SyncProtocol
import TestSupport

/// The server's machine: the real server without sockets, on a disk in memory.
final class SimServer {
  static let workspace = "nord"

  private(set) var disk: MemoryDisk
  let clock: NodeClock
  private let sizes: Sizes
  private let environment: Environment
  private var generator: SeededGenerator
  /// nil while the process does not run.
  private var endpoints: Endpoints?
  /// Older copies of the disk, oldest first.
  private var backups: [MemoryDisk] = []

  init(_ generator: SeededGenerator, _ clock: NodeClock, _ sizes: Sizes) throws {
    self.generator = generator
    self.clock = clock
    self.sizes = sizes
    environment = clock.environment(self.generator.split())
    disk = MemoryDisk(self.generator.split())
    try data().create(Self.workspace)
    start()
  }

  private func data() -> ServerData {
    let disk = self.disk
    return ServerData(
      root: disk, disk: { FolderOfDisk(disk: disk, folder: $0) }, now: environment.now,
      random: environment.random,
      sizes: sizes)
  }

  /// The workspace's folder.
  var folder: FolderOfDisk { FolderOfDisk(disk: disk, folder: Self.workspace) }
  var isUp: Bool { endpoints != nil && !disk.isDown }

  /// The open workspace.
  ///
  /// - Throws: where its files are damaged or the disk refuses.
  func hosted() throws(StorageError) -> ServerData.Hosted? { try endpoints?.data.hosted(Self.workspace) }

  func start() {
    endpoints = Endpoints(data())
  }

  func stop() {
    endpoints = nil
  }

  /// Starts the machine again after a crash, or the process after `kill -9`.
  func restart(losingPower: Bool) {
    stop()
    disk.restart(losingPower: losingPower)
    start()
  }

  /// Answers a call as HTTP would. nil when no answer comes because the server is or goes down.
  func exchange(_ call: Call) -> Reply? {
    guard isUp, let endpoints else { return nil }
    guard let reply = endpoints.reply(to: call) else { return nil }
    if disk.isDown {
      stop()
      return nil
    }
    return reply
  }

  /// One step of what a server does behind: runs, joined members.
  func maintain() {
    guard isUp else { return }
    _ = try? hosted()?.workspace.maintain()
    if disk.isDown { stop() }
  }

  /// Lets the server do behind what it has to until all erasures are carried out.
  ///
  /// - Throws: where its files are damaged or the disk refuses, or it does not come to an end.
  func settle() throws(StorageError) {
    guard let workspace = try hosted()?.workspace else { return }
    var steps = 0
    while workspace.erasedPosition < workspace.head.position {
      _ = try workspace.maintain()
      steps += 1
      if steps > 10_000 { throw .refused("the erasures are not carried out after \(steps) steps") }
    }
  }

  func backUp() {
    guard isUp else { return }
    backups.append(disk.copy(generator.split()))
  }

  /// Whether every byte of the log is right.
  var isIntact: Bool { damage.isEmpty }

  /// What is wrong in the workspace's files.
  var damage: String {
    do {
      return try Backup.verify(folder).damage.map(\.description).joined(separator: ", ")
    } catch {
      return "\(error)"
    }
  }

  /// Whether it can read who may sync; it refuses everybody until an operator repairs that. A crash in the midst of an
  /// enrolment may leave anything at the end of the list.
  var knowsDevices: Bool {
    guard let damage = try? Backup.verifySettings(folder, of: Self.workspace) else { return false }
    return !damage.contains { ["devices.jsonl", "invites.jsonl"].contains($0.file) }
  }

  /// Goes back to a backup that is intact, or starts anew where there is none.
  ///
  /// - Parameter newest: takes the last of them, not any.
  func restore(newest: Bool) {
    stop()
    while !backups.isEmpty {
      let index = newest ? backups.count - 1 : generator.int(0...backups.count - 1)
      disk = backups[index].copy(generator.split())
      if isIntact, knowsDevices { return start() }
      backups.remove(at: index)
    }
    disk = MemoryDisk(generator.split())
    try? data().create(Self.workspace)
    start()
  }

  /// Cuts the log where it is damaged, as `askonce admin verify` does when asked to.
  func repair() {
    stop()
    _ = try? Repair.run(folder)
    _ = try? Repair.settings(folder, of: Self.workspace)
    start()
  }

  /// A one-time code, as the operator makes it beside the server.
  func invite(_ agent: String, isSupervisor: Bool = true) -> String? {
    try? data().devices(Self.workspace).invite(
      agent: agent, role: isSupervisor ? "supervisor" : "agent", expires: .max)
  }

  /// Revokes all of an agent's devices.
  func revoke(_ agent: String) throws(StorageError) {
    let registry = try data().devices(Self.workspace)
    for device in try registry.devices() where device.agent == agent && device.revoked == nil {
      try registry.revoke(device)
    }
  }

  /// Flips a bit of the log, the runs or an index.
  func rot() -> (path: String, offset: Int)? {
    disk.flipBit { $0.hasPrefix("\(Self.workspace)/log/") || $0.hasPrefix("\(Self.workspace)/runs/") }
  }
}
