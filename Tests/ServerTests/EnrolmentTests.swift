import Agent
import Causality
import Codec
import Dispatch
import Foundation
import Storage
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// Who gets a token, and for which replica.
@Suite struct EnrolmentTests {
  /// A code is no way to write in a colleague's name.
  @Test func replicaOfAnotherAgentIsRefused() throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    try desk.join(anna)
    let devices = try desk.data.hosted("nord").devices
    let code = try devices.invite(agent: "bo", role: "agent", expires: .max)
    let refusal = #expect(throws: Refusal.self) {
      try devices.join(code: code, replica: anna.replica, agent: nil)
    }
    #expect(try #require(refusal).code == .forbidden)
    #expect(throws: Refusal.self) { try devices.enrol(agent: "bo", role: "agent", replica: anna.replica) }
    // The code is not used up by that, and anna may join again with her store.
    let bo = try desk.store("bo")
    #expect(try devices.join(code: code, replica: bo.replica, agent: nil).0.agent == "bo")
    try desk.join(anna)
  }

  @Test func oneCodeMakesOneDevice() throws {
    let desk = try LocalDesk()
    let devices = try desk.data.hosted("nord").devices
    for _ in 0..<5 {
      let code = try devices.invite(agent: "anna", role: "agent", expires: .max)
      let before = try devices.devices().count
      let random = Environment.system.random
      let made = Atomic(0)
      // Threads of their own that start together.
      let ready = DispatchSemaphore(value: 0)
      let done = DispatchGroup()
      for _ in 0..<8 {
        done.enter()
        Thread.detachNewThread {
          ready.wait()
          if (try? devices.join(code: code, replica: .init(bits: random()), agent: nil)) != nil {
            made.add(1, ordering: .relaxed)
          }
          done.leave()
        }
      }
      for _ in 0..<8 { ready.signal() }
      done.wait()
      #expect(made.load(ordering: .relaxed) == 1)
      #expect(try devices.devices().count == before + 1)
    }
  }

  /// Each takes six bytes in a file, and none belongs in a name.
  @Test(arguments: ["", "an\u{7}na", "anna\n", "\u{85}", String(repeating: "a", count: 101)])
  func namesWithControlCharactersAreRefused(name: String) throws {
    let devices = try MemoryServer().data.hosted("nord").devices
    #expect(throws: StorageError.self) { try devices.invite(agent: name, role: "agent", expires: .max) }
    let code = try devices.invite(agent: nil, role: "agent", expires: .max)
    let refusal = #expect(throws: Refusal.self) {
      try devices.join(code: code, replica: ReplicaID(bits: 1), agent: name)
    }
    #expect(try #require(refusal).code == .malformed)
    #expect(
      try devices.join(code: code, replica: ReplicaID(bits: 1), agent: "\u{e5}sa").0.agent == "\u{e5}sa")
  }

  /// Anybody may send codes: they are looked up in what is known of the file until somebody appends to it.
  @Test func codesAreReadOnceUntilOneIsAdded() throws {
    let disk = CountingDisk(inner: MemoryDisk())
    let environment = Environment.system
    let server = try DeviceRegistry(disk, now: environment.now, random: environment.random)
    let admin = try DeviceRegistry(disk, now: environment.now, random: environment.random)
    let code = try admin.invite(agent: "anna", role: "agent", expires: .max)
    #expect(try server.knows(code: code))
    let reads = disk.reads
    for _ in 0..<10 { #expect(try !server.knows(code: "aaaaaa-bbbb")) }
    #expect(disk.reads == reads)
    let other = try admin.invite(agent: "bo", role: "agent", expires: .max)
    #expect(try server.knows(code: other) && server.knows(code: code))
    _ = try server.join(code: code, replica: ReplicaID(bits: 1), agent: nil)
    let again = #expect(throws: Refusal.self) {
      try server.join(code: code, replica: ReplicaID(bits: 1), agent: nil)
    }
    #expect(try #require(again).message.contains("used before"))
  }

  /// Who has a device's token gets others with it.
  @Test func forksAreRevokedWithTheirDevice() throws {
    let server = try MemoryServer()
    let registry = try server.data.hosted("nord").devices
    let (device, token) = try registry.join(
      code: try server.invite("anna"), replica: ReplicaID(bits: 1), agent: nil)
    func fork(_ token: String, _ replica: UInt64) -> String? {
      let body = Array("{\"replica\":\"\(ReplicaID(bits: replica))\"}".utf8)
      let answer = server.endpoints.answer(
        ServerRequest(
          method: "POST", path: ["v1", "workspaces", "nord", "fork"], token: token, body: body))
      guard case .bytes(let bytes) = answer.body else { return nil }
      return (try? JSONText(parsing: bytes))?["token"]?.string
    }
    let first = try #require(fork(token, 2))
    let family = [token, first, try #require(fork(first, 3)), try #require(fork(token, 4))]
    let other = try registry.enrol(agent: "anna", role: "agent", replica: ReplicaID(bits: 5)).token
    let revoked = try registry.revoke(device)
    #expect(revoked.count == 4 && revoked[0].device == device.device)
    for token in family {
      let refusal = #expect(throws: Refusal.self) { try registry.device(token: token) }
      #expect(try #require(refusal).code == .revoked)
      #expect(fork(token, 6) == nil)
    }
    #expect(try registry.device(token: other).agent == "anna")
    #expect(fork(other, 7) != nil)
  }

  /// A request that was let in just before is still on its way.
  @Test func aForkOfADeviceThatIsRevokedMeanwhileMayNotSync() throws {
    let registry = try MemoryServer().data.hosted("nord").devices
    let device = try registry.enrol(agent: "anna", role: "agent", replica: ReplicaID(bits: 1)).0
    try registry.revoke(device)
    let refusal = #expect(throws: Refusal.self) {
      try registry.enrol(agent: "anna", role: "agent", replica: ReplicaID(bits: 2), from: device)
    }
    #expect(try #require(refusal).code == .revoked)
    #expect(try registry.devices().allSatisfy { $0.revoked != nil })
  }
}
