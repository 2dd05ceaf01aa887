import Agent
import CLI
import Codec
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Gateways of one workspace")
struct GatewaySyncTests {
  /// Does something in front of the first call that a store makes while it has marked a message as being sent.
  private final class Beside: Transport {
    private let inner: LocalTransport
    private let store: String
    private let step: @Sendable () -> Bool
    private let isDone = Mutex(false)

    /// - Parameter step: whether the call goes through.
    init(_ inner: LocalTransport, _ store: String, _ step: @escaping @Sendable () -> Bool) {
      self.inner = inner
      self.store = store
      self.step = step
    }

    private var hasMark: Bool {
      let files = FileManager.default.enumerator(atPath: store + "/own")?.allObjects as? [String] ?? []
      return files.contains { file in
        let text = try? String(contentsOfFile: "\(store)/own/\(file)", encoding: .utf8)
        return text?.contains("\"sending\"") == true
      }
    }

    func exchange(_ call: Call) throws(TransportError) -> Reply {
      let isNow =
        hasMark
        && isDone.withLock { isDone in
          defer { isDone = true }
          return !isDone
        }
      if isNow, !step() { throw TransportError("the cable is out", kind: .untrusted) }
      return try inner.exchange(call)
    }
  }

  /// A desk with two messages that wait, synced.
  private func desk(_ server: MemoryServer) throws -> (desk: TestDesk, ticket: String) {
    let desk = try joined(server, "anna")
    let customer = try desk.ok("customer", "new", "Maja", "--email", "maja@example.org")
    let ticket = try desk.ok(
      "ticket", "new", "Tap", "--customer", customer, "--channel", "email", "--message", "Drips")
    for text in ["One", "Two"] { _ = try desk.ok("ticket", "reply", ticket, text) }
    _ = try desk.ok("sync")
    return (desk, ticket)
  }

  private func joined(_ server: MemoryServer, _ name: String) throws -> TestDesk {
    let desk = try TestDesk()
    desk.connect = { [transport = server.transport] _ in transport }
    _ = try desk.ok("join", "http://127.0.0.1:1", "--code", try server.invite(name))
    return desk
  }

  @Test("Of two gateways at the same time each message is run by one")
  func twoGateways() throws {
    let server = try MemoryServer(now: Environment.system.now)
    let (desk, ticket) = try desk(server)
    let (one, other) = (try joined(server, "g"), try joined(server, "h"))
    let sent = desk.folder + "/sent"
    nonisolated(unsafe) let second = other
    let command = "cat >> \(sent)"
    let beside = Beside(server.transport, one.folder + "/store") {
      second.run("gateway", "--channel", "email", "--exec", command).output.hasPrefix("2 sent")
    }
    one.connect = { _ in beside }
    let outcome = one.run("gateway", "--channel", "email", "--exec", command)
    #expect(outcome.output == "0 sent, 0 failed, 0 waiting, 0 held\n", "\(outcome.errors)")
    #expect(outcome.code == .ok)
    #expect(try desk.read("sent").split(separator: "\n").count == 2)
    _ = try desk.ok("sync")
    let states = desk.run("ticket", "show", ticket, "--json").json?["timeline"]?.elements?
      .compactMap { $0["state"]?.string }
    #expect(states == ["sent", "sent"])
    #expect(!desk.run("conflicts").output.contains("reply."))
    #expect(one.run("gateway", "--channel", "email", "--exec", command).output.hasPrefix("0 sent, 0 failed"))
  }

  @Test("Where the mark cannot be synced nothing runs, and the next run sends the message")
  func unreachable() throws {
    let server = try MemoryServer(now: Environment.system.now)
    let (desk, _) = try desk(server)
    let one = try joined(server, "g")
    let beside = Beside(server.transport, one.folder + "/store") { false }
    one.connect = { _ in beside }
    let command = "cat >> \(desk.folder)/sent"
    let outcome = one.run("gateway", "--channel", "email", "--exec", command)
    #expect(outcome.code != .ok && outcome.output == "0 sent, 0 failed, 0 waiting, 0 held\n")
    #expect(!FileManager.default.fileExists(atPath: desk.folder + "/sent"))
    let next = one.run("gateway", "--channel", "email", "--exec", command)
    #expect(next.output == "2 sent, 0 failed, 0 waiting, 0 held\n", "\(next.errors)")
  }
}
