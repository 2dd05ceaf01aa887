import Agent
import Causality
import Foundation
import Storage
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// Appending to the lists of devices and invitations: what is said to be done is on disk, whoever else appends.
@Suite struct ListAppendTests {
  private static let torn = Array("{\"agent\":\"half".utf8)

  private static func registry(_ disk: any Disk) throws -> DeviceRegistry {
    let clock = Ticks()
    return try DeviceRegistry(disk, now: { clock.next() }, random: Environment.system.random)
  }

  /// Commands that run beside each other and a server: each opens the list for itself, finds the torn end, and cuts it off.
  @Test func besideATornEndNothingIsLost() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("askonce-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let disk = FolderDisk(folder)
    try disk.makeFolder("")
    let server = try Self.registry(disk)
    for bits in 1...96 as ClosedRange<UInt64> {
      _ = try server.enrol(agent: "z\(bits)", role: "agent", replica: ReplicaID(bits: bits))
    }
    let devices = try server.devices()
    let failures = Mutex<[String]>([])
    for start in stride(from: 0, to: devices.count, by: 4) {
      try disk.open("devices.jsonl", .append).append(Self.torn.span)
      let done = DispatchGroup()
      for device in devices[start..<start + 4] {
        done.enter()
        Thread.detachNewThread {
          do {
            try Self.registry(disk).revoke(device)
          } catch {
            failures.withLock { $0.append("\(error)") }
          }
          done.leave()
        }
      }
      done.wait()
    }
    #expect(failures.withLock { $0 }.isEmpty)
    let lost = try Self.registry(disk).devices().filter { $0.revoked == nil }
    #expect(lost.isEmpty, "\(lost.count) revocations are lost")
    #expect(try DeviceRegistry.verify(disk).isEmpty)
  }

  /// Half a line would be damage, and keep the next who appends busy.
  @Test func afterAFullDiskTheListsAreAsTheyWere() throws {
    for seed in 0..<20 as Range<UInt64> {
      let disk = MemoryDisk(seed: seed)
      let registry = try Self.registry(disk)
      _ = try registry.enrol(agent: "anna", role: "agent", replica: ReplicaID(bits: 1))
      _ = try registry.invite(agent: nil, role: "agent", expires: .max)
      let before = ["devices.jsonl", "invites.jsonl"].map { disk.bytes($0) }
      disk.faults.isFull = true
      #expect(throws: StorageError.self) { try registry.revoke(try #require(registry.devices().first)) }
      #expect(throws: StorageError.self) { try registry.invite(agent: nil, role: "agent", expires: .max) }
      #expect(["devices.jsonl", "invites.jsonl"].map { disk.bytes($0) } == before, "\(seed)")
      disk.faults.isFull = false
      _ = try registry.invite(agent: nil, role: "agent", expires: .max)
      #expect(try DeviceRegistry.verify(disk).isEmpty)
    }
  }

  /// The size alone says nothing then.
  @Test func aLineAsLongAsTheTornEndInItsPlaceIsSeen() throws {
    let disk = MemoryDisk()
    let clock = Ticks()
    let server = try DeviceRegistry(disk, now: { clock.next() }, random: Environment.system.random)
    let token = try server.enrol(agent: "anna", role: "agent", replica: ReplicaID(bits: 1)).token
    let whole = try #require(disk.bytes("devices.jsonl"))
    let admin = try DeviceRegistry(disk, now: { 5 }, random: Environment.system.random)
    try admin.revoke(try #require(admin.devices().first))
    let revoked = try #require(disk.bytes("devices.jsonl"))
    disk.put(
      "devices.jsonl", whole + [UInt8](repeating: UInt8(ascii: "x"), count: revoked.count - whole.count))
    clock.advance(1000)
    _ = try server.device(token: token)
    disk.put("devices.jsonl", revoked)
    clock.advance(1000)
    #expect(throws: Refusal.self) { try server.device(token: token) }
  }

  /// One that stands still must not keep a server from everything.
  @Test func whoHoldsTheLockIsNamed() throws {
    let disk = MemoryDisk()
    let registry = try Self.registry(disk)
    let lock = try disk.lock(RecordLines.lockPath)
    let error = #expect(throws: StorageError.self) {
      try registry.invite(agent: nil, role: "agent", expires: .max)
    }
    #expect("\(String(describing: error))".contains("in use by another process"))
    withExtendedLifetime(lock) {}
  }
}
