import Causality
import Merge
import Storage
import SyncProtocol
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The devices of one workspace: `devices.jsonl` and `invites.jsonl`, which are only ever appended to, by the
/// server and by `askonce admin` beside it.
package final class DeviceRegistry: Sendable {
  private struct State {
    var devices = RecordList<Device>(of: DeviceRegistry.devicesPath) { $0.device }
    /// How many readers of the devices began, and which of them brought those.
    var readers = 0
    var reader = 0
    var checked: UInt64 = 0
    /// Why the file could not be read when it was looked at last.
    var failure: StorageError?
    /// Secrets that were verified, so that the hash is computed once a device.
    var verified: [String: String] = [:]
    var invites = RecordList<Invite>(of: DeviceRegistry.invitesPath) { $0.invite }
  }

  static let devicesPath = "devices.jsonl"
  static let invitesPath = "invites.jsonl"
  /// How often the file is looked at for what another process appended, in milliseconds.
  private static let refreshInterval: UInt64 = 500

  private let disk: any Disk
  private let now: @Sendable () -> UInt64
  private let random: @Sendable () -> UInt64
  private let state = Mutex(State())
  /// Held while a device is enrolled, so that one code makes one device, whoever else sends it at the same moment.
  private let enrolling = Mutex(())

  package init(
    _ disk: any Disk, now: @escaping @Sendable () -> UInt64, random: @escaping @Sendable () -> UInt64
  ) throws(StorageError) {
    self.disk = disk
    self.now = now
    self.random = random
    _ = try devices()
    // Known also where the folder goes later; damage in them is told when somebody joins.
    _ = try? invites()
  }

  /// All devices, revoked ones too, by agent.
  package func devices() throws(StorageError) -> [Device] {
    let found = try update { (known) throws(StorageError) in
      try known.anew(from: try onDisk { () throws(DiskError) in try disk.readAll(Self.devicesPath) } ?? [])
    }
    return found.records.values.sorted {
      ($0.agent, $0.enrolled, $0.device) < ($1.agent, $1.enrolled, $1.device)
    }
  }

  /// Reads the list of devices. One who began before somebody who is done already may have read an older one, and keeps it to
  /// himself.
  @discardableResult
  private func update(
    _ read: (RecordList<Device>) throws(StorageError) -> RecordList<Device>
  ) throws(StorageError) -> RecordList<Device> {
    let (known, reader) = state.withLock { state in
      state.readers += 1
      return (state.devices, state.readers)
    }
    let found = try read(known)
    state.withLock { state in
      if reader > state.reader { (state.devices, state.reader) = (found, reader) }
    }
    return found
  }

  /// The device that a token belongs to. Cost: twice a second a look at the list's size, and what was appended to it.
  ///
  /// - Throws: `Refusal`, `.unauthorized` for an unknown token, `.revoked` for a revoked device, and `.unavailable` where
  ///   nobody can say which it is; `failure` says why.
  package func device(token: String?) throws(Refusal) -> Device {
    guard let token, let dot = token.firstIndex(of: ".") else {
      throw Refusal(.unauthorized, "the request has no token of this server")
    }
    do throws(StorageError) {
      try refresh()
    } catch {
      // What a stranger must not know: which file, and where.
      throw Refusal(.unavailable, "the server cannot look at its list of devices")
    }
    let id = String(token[..<dot])
    let secret = String(token[token.index(after: dot)...])
    let (device, verified) = state.withLock { ($0.devices.records[id], $0.verified[id]) }
    guard let device else { throw Refusal(.unauthorized, "the token is not known to this workspace") }
    let isRight = verified.map { Secrets.equal($0, secret) } ?? Secrets.matches(secret, device.token)
    guard isRight else { throw Refusal(.unauthorized, "the token is not known to this workspace") }
    if verified == nil { state.withLock { $0.verified[id] = secret } }
    if device.revoked != nil { throw Refusal(.revoked, "this device was revoked") }
    return device
  }

  /// Whether it is known that a device may still sync. Cost: none, but for a look at the file's size twice a second.
  func isEnrolled(_ device: String) -> Bool {
    guard (try? refresh()) != nil else { return false }
    return state.withLock { state in state.devices.records[device].map { $0.revoked == nil } ?? false }
  }

  /// Why the list of devices could not be read when it was looked at last; nil where it could.
  var failure: StorageError? { state.withLock { $0.failure } }

  /// Looks for what another process appended, where that was not done just now.
  ///
  /// - Throws: `StorageError` where the list cannot be looked at: a line in it may revoke the device that asks.
  private func refresh() throws(StorageError) {
    let time = now()
    let (isDue, failure) = state.withLock { state in
      (time >= state.checked + Self.refreshInterval || time < state.checked, state.failure)
    }
    guard isDue else {
      if let failure { throw failure }
      return
    }
    // Whoever comes meanwhile looks too, and so nobody passes unseen.
    do throws(StorageError) {
      try reread()
      state.withLock { ($0.checked, $0.failure) = (time, nil) }
    } catch {
      state.withLock { ($0.checked, $0.failure) = (time, error) }
      throw error
    }
  }

  private func reread() throws(StorageError) {
    let isEmpty = state.withLock { $0.devices.records.isEmpty }
    let file: any DiskFile
    do throws(DiskError) {
      file = try disk.open(Self.devicesPath, .read)
    } catch {
      // No list where nobody has joined yet. One that is gone says nothing of those that were on it.
      if error.isMissing, isEmpty { return }
      throw StorageError(error)
    }
    try update { (known) throws(StorageError) in try known.updated(from: file) }
  }

  /// Makes a one-time code. Returns its text; only its hash is kept.
  package func invite(agent: String?, role: String, expires: UInt64) throws(StorageError) -> String {
    if let agent, !Change.isAuthor(agent) { throw .refused(Change.authorRule) }
    // Of a damaged list no code would be found, so none is given out.
    _ = try invites()
    let id = Secrets.random(6, random)
    let secret = Secrets.random(16, random)
    guard let hash = Secrets.hash(secret, salt: Secrets.random(16, random)) else {
      throw .refused("the C library's crypt offers no SHA-256 hash")
    }
    try append(Invite(invite: id, code: hash, agent: agent, role: role, expires: expires), Self.invitesPath)
    let groups = stride(from: 0, to: 16, by: 4).map { start in String(secret.dropFirst(start).prefix(4)) }
    return ([id] + groups).joined(separator: "-")
  }

  /// Whether a code was given out by this workspace. Cost: a look at the file's size, where nothing was appended.
  package func knows(code: String) throws(StorageError) -> Bool {
    try invites()[Self.id(ofCode: code)] != nil
  }

  /// The same, by the invitations as they were read last; nil where they never were.
  func knew(code: String) -> Bool? {
    state.withLock { $0.invites.size < 0 ? nil : $0.invites.records[Self.id(ofCode: code)] != nil }
  }

  private static func id(ofCode code: String) -> String { String(code.prefix { $0 != "-" }) }

  /// The invitations, used ones too, by id.
  private func invites() throws(StorageError) -> [String: Invite] {
    let known = state.withLock { $0.invites }
    let file: (any DiskFile)?
    do throws(DiskError) {
      file = try disk.open(Self.invitesPath, .read)
    } catch {
      guard error.isMissing else { throw StorageError(error) }
      file = nil
    }
    let found = if let file { try known.updated(from: file) } else { try known.anew(from: []) }
    state.withLock { $0.invites = found }
    return found.records
  }

  /// Trades a code for a token. The code is used up before the token is given out.
  ///
  /// - Parameter tell: takes what is the matter with the files, of which the refusal says nothing.
  /// - Throws: `Refusal`, `.unauthorized` for a code that is not valid any more and `.forbidden` where the code or the
  ///   replica is another agent's.
  package func join(
    code: String, replica: ReplicaID, agent: String?, tell: Workspace.Tell = { _ in }
  ) throws(Refusal) -> (Device, token: String) {
    try enrolling.withLock { (_) throws(Refusal) in
      let invite = try take(code, for: replica, agent, tell)
      return try add(agent: invite.agent, role: invite.role, replica: replica, tell)
    }
  }

  /// Uses up a code that may be used by an agent for a replica. Returns who it is for.
  private func take(
    _ code: String, for replica: ReplicaID, _ agent: String?, _ tell: Workspace.Tell
  ) throws(Refusal) -> (agent: String, role: String) {
    let parts = code.split(separator: "-")
    let refusal = Refusal(.unauthorized, "the code is not valid: it may be mistyped, used or expired")
    let invites: [String: Invite]
    do throws(StorageError) {
      invites = try self.invites()
    } catch {
      tell(error)
      throw Refusal(.unavailable, "the server cannot read its invitations")
    }
    guard parts.count > 1,
      var invite = invites[String(parts[0])], Secrets.matches(parts[1...].joined(), invite.code)
    else { throw refusal }
    guard invite.used == nil else {
      throw Refusal(.unauthorized, "the code was used before; ask for a new one")
    }
    guard now() < invite.expires else {
      throw Refusal(.unauthorized, "the code has expired; ask for a new one")
    }
    guard let name = invite.agent ?? agent, !name.isEmpty else {
      throw Refusal(.malformed, "the code is for nobody in particular: say who you are with --agent NAME")
    }
    guard Change.isAuthor(name) else { throw Refusal(.malformed, Change.authorRule) }
    if let wanted = agent, let fixed = invite.agent, wanted != fixed {
      throw Refusal(.forbidden, "the code is for \(fixed), not for \(wanted)")
    }
    try check(replica, isOf: name, tell)
    invite.used = now()
    try store(tell) { () throws(StorageError) in try append(invite, Self.invitesPath) }
    return (name, invite.role)
  }

  /// Enrols a device for a replica that is no other agent's.
  ///
  /// An agent may have several devices of one replica: one that joined again, and copies of one store, which may go on
  /// under one id as far as they agree.
  /// - Parameter parent: the device that asks for it with its own token, in a fork.
  package func enrol(
    agent: String, role: String, replica: ReplicaID, from parent: Device? = nil,
    tell: Workspace.Tell = { _ in }
  ) throws(Refusal) -> (Device, token: String) {
    try enrolling.withLock { (_) throws(Refusal) in
      try check(replica, isOf: agent, tell)
      let added = try add(agent: agent, role: role, replica: replica, from: parent?.device, tell)
      // Whoever revoked the parent in this moment saw nothing of its new fork yet.
      if let parent, state.withLock({ $0.devices.records[parent.device]?.revoked }) != nil {
        try store(tell) { () throws(StorageError) in try revoke(added.0) }
        throw Refusal(.revoked, "this device was revoked")
      }
      return added
    }
  }

  /// Keeps an agent from writing in the name of another one's replica.
  private func check(
    _ replica: ReplicaID, isOf agent: String, _ tell: Workspace.Tell
  ) throws(Refusal) {
    let devices: [Device]
    do throws(StorageError) {
      devices = try self.devices()
    } catch {
      tell(error)
      throw Refusal(.failed, "the server cannot read its list of devices")
    }
    guard devices.allSatisfy({ $0.replica != replica || $0.agent == agent }) else {
      throw Refusal(
        .forbidden, "replica \(replica) is in use by another agent; join with a store of your own")
    }
  }

  private func add(
    agent: String, role: String, replica: ReplicaID, from parent: String? = nil, _ tell: Workspace.Tell
  ) throws(Refusal) -> (Device, token: String) {
    let id = Secrets.random(10, random)
    let secret = Secrets.random(52, random)
    guard let hash = Secrets.hash(secret, salt: Secrets.random(16, random)) else {
      throw Refusal(.failed, "the C library's crypt offers no SHA-256 hash")
    }
    let device = Device(
      device: id, agent: agent, role: role, replica: replica, token: hash, enrolled: now(), from: parent)
    try store(tell) { () throws(StorageError) in
      try append(device, Self.devicesPath)
      _ = try devices()
    }
    return (device, "\(id).\(secret)")
  }

  private func store(_ tell: Workspace.Tell, _ body: () throws(StorageError) -> Void) throws(Refusal) {
    do throws(StorageError) {
      try body()
    } catch {
      tell(error)
      throw Refusal(.unavailable, "the server cannot store the enrolment\(Workspace.reason(error))")
    }
  }

  /// Forbids a device to sync from now on, and those that were forked from it: who has its token may have made them.
  ///
  /// - Returns: which were revoked that were not yet, the device itself first.
  @discardableResult
  package func revoke(_ device: Device) throws(StorageError) -> [Device] {
    var revoked: [Device] = []
    var next = [device]
    while !next.isEmpty {
      for var one in next {
        one.revoked = now()
        try append(one, Self.devicesPath)
        revoked.append(one)
      }
      // Looked for behind that, because one that could still sync may have forked until now.
      let done = Set(revoked.map(\.device))
      next = Device.forks(of: device.device, in: try devices()).filter {
        $0.revoked == nil && !done.contains($0.device)
      }
    }
    return revoked
  }

  private func append(_ record: some Encodable, _ path: String) throws(StorageError) {
    try RecordLines.append(record, to: path, on: disk)
  }
}
