import Agent
import Causality
import Dispatch
import Foundation
import Storage
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// How a server follows the list of devices, to which `askonce admin` appends beside it.
@Suite struct DeviceListTests {
  private struct World {
    let memory = MemoryDisk()
    let disk: CountingDisk
    let clock = Ticks()
    let server: DeviceRegistry
    let tokens: [String]

    init(_ afterRead: @escaping @Sendable (String) -> Void = { _ in }) throws {
      let clock = clock
      disk = CountingDisk(inner: memory, afterRead: afterRead)
      let server = try DeviceRegistry(disk, now: { clock.next() }, random: Environment.system.random)
      self.server = server
      tokens = try (1...12).map { bits in
        try server.enrol(agent: "anna", role: "agent", replica: ReplicaID(bits: bits)).token
      }
    }

    /// The list as another process sees it.
    var admin: DeviceRegistry {
      get throws {
        let clock = clock
        return try DeviceRegistry(memory, now: { clock.next() }, random: Environment.system.random)
      }
    }

    /// What a device is told the next time that the list is looked at; nil for nothing.
    func refusal(_ token: String) -> Refusal.Code? {
      clock.advance(1000)
      do throws(Refusal) {
        _ = try server.device(token: token)
        return nil
      } catch {
        return error.code
      }
    }

    func revoke(_ token: String) throws {
      let id = token.prefix { $0 != "." }
      try admin.revoke(try #require(try admin.devices().first { $0.device == id }))
    }

    var bytes: [UInt8] { get throws { try #require(memory.bytes("devices.jsonl")) } }
  }

  /// Nobody else is served while that is read.
  @Test func ofAListThatGrewOnlyTheEndIsRead() throws {
    let world = try World()
    for token in world.tokens { #expect(world.refusal(token) == nil) }
    let line = try world.bytes.count / 12
    for token in world.tokens.prefix(3) {
      try world.revoke(token)
      let before = world.disk.counter.bytes.load(ordering: .relaxed)
      #expect(world.refusal(token) == .revoked)
      #expect(world.disk.counter.bytes.load(ordering: .relaxed) - before < 3 * line)
    }
    #expect(world.tokens.map(world.refusal) == (0..<12).map { $0 < 3 ? .revoked : nil })
  }

  /// It may have grown in another place.
  @Test func anotherListIsReadAsAWhole() throws {
    let world = try World()
    let bytes = try world.bytes
    let lines = bytes.split(separator: 0x0A).map { $0 + [0x0A] }
    try world.revoke(world.tokens[0])
    let grown = try world.bytes
    // One line more than the server knows, and the others in another order.
    world.memory.put("devices.jsonl", Array(grown.dropFirst(lines[0].count)) + lines[1])
    #expect(world.refusal(world.tokens[0]) == .revoked)
    world.memory.put("devices.jsonl", Array(lines[1...].joined()))
    #expect(world.refusal(world.tokens[0]) == .unauthorized)
    #expect(world.refusal(world.tokens[1]) == nil)
    world.memory.put("devices.jsonl", bytes)
    #expect(world.refusal(world.tokens[0]) == nil)
  }

  @Test func aDamagedEndLetsNobodyInUntilItIsPutRight() throws {
    let world = try World()
    let bytes = try world.bytes
    world.memory.put("devices.jsonl", bytes + Array("{\"x\":1}\n".utf8))
    for token in world.tokens { #expect(world.refusal(token) == .unavailable) }
    guard case .damaged(let damage) = world.server.failure else {
      Issue.record("\(String(describing: world.server.failure))")
      return
    }
    #expect(damage.offset == bytes.count)
    // What a crash cut off says nothing.
    world.memory.put("devices.jsonl", bytes + Array("{\"x\"".utf8))
    for token in world.tokens { #expect(world.refusal(token) == nil) }
    try world.revoke(world.tokens[4])
    #expect(world.refusal(world.tokens[4]) == .revoked && world.refusal(world.tokens[5]) == nil)
  }

  /// A device that joined meanwhile would be told that nobody knows it, and give up.
  @Test func whoReadsSlowlyForgetsNobody() throws {
    let waits = Mutex(false)
    let (reached, goesOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let isDue: @Sendable () -> Bool = {
      waits.withLock { waits in
        defer { waits = false }
        return waits
      }
    }
    let world = try World { path in
      guard path == "devices.jsonl", isDue() else { return }
      reached.signal()
      goesOn.wait()
    }
    let server = world.server
    let done = DispatchGroup()
    // Looked at just now, so that it is not looked at again so soon.
    _ = try server.device(token: world.tokens[0])
    waits.withLock { $0 = true }
    done.enter()
    Thread.detachNewThread {
      _ = try? server.devices()
      done.leave()
    }
    reached.wait()
    let token = try server.enrol(agent: "bo", role: "agent", replica: ReplicaID(bits: 99)).token
    goesOn.signal()
    done.wait()
    #expect(try server.device(token: token).agent == "bo")
  }
}
