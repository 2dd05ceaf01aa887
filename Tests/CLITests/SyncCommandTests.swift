import Agent
import CLI
import Codec
import Foundation
import Server
import Synchronization
import TestSupport
import Testing

@Suite("Join and sync")
struct SyncCommandTests {
  /// A transport that fails so often before it lets calls through.
  private final class Flaky: Transport {
    private let failures: Mutex<Int>
    private let kind: TransportError.Kind
    private let inner: LocalTransport

    init(_ failures: Int, _ kind: TransportError.Kind, _ inner: LocalTransport) {
      self.failures = Mutex(failures)
      self.kind = kind
      self.inner = inner
    }

    func exchange(_ call: Call) throws(TransportError) -> Reply {
      let isDown = failures.withLock { failures in
        failures -= 1
        return failures >= 0
      }
      if isDown { throw TransportError("the cable is out", kind: kind) }
      return try inner.exchange(call)
    }
  }

  private func joined(_ server: MemoryServer) throws -> TestDesk {
    let desk = try TestDesk()
    desk.connect = { [transport = server.transport] _ in transport }
    let code = try server.invite("anna")
    let outcome = desk.run("join", "http://127.0.0.1:1", "--code", code, "--json")
    try #require(outcome.code == .ok, "\(outcome.errors)")
    #expect(outcome.json?["workspace"]?.string == "nord")
    #expect(outcome.json?["agent"]?.string == "anna")
    #expect(outcome.json?["sync"]?["roundTrips"]?.int ?? 0 > 0)
    return desk
  }

  @Test("A temporary failure is tried again, longer each time; then it goes through")
  func retries() throws {
    let server = try MemoryServer(now: Environment.system.now)
    let desk = try joined(server)
    _ = try desk.ok("ticket", "new", "One")
    let flaky = Flaky(4, .offline, server.transport)
    desk.connect = { _ in flaky }
    let outcome = desk.run("sync", "--json")
    #expect(outcome.code == .ok)
    #expect(outcome.json?["sent"]?.int == 1)
    #expect(desk.pauses.count == 4)
    for (index, pause) in desk.pauses.enumerated() {
      #expect(250 << (index + 1)...500 << (index + 1) ~= pause)
    }
  }

  @Test("After five tries it gives up, and the edit is safe")
  func givesUp() throws {
    let server = try MemoryServer(now: Environment.system.now)
    let desk = try joined(server)
    _ = try desk.ok("ticket", "new", "One")
    let flaky = Flaky(5, .interrupted, server.transport)
    desk.connect = { _ in flaky }
    let outcome = desk.run("sync")
    #expect(outcome.code == .offline)
    #expect(outcome.errors.contains("Nothing is lost"))
    #expect(desk.pauses.count == 4)
    #expect(desk.run("status", "--json").json?["unsent"]?["changes"]?.int == 1)
    #expect(desk.run("sync").output.hasPrefix("sent 1 change"))
  }

  @Test("--no-retry tries once, and what is not temporary is never tried again")
  func noRetry() throws {
    let server = try MemoryServer(now: Environment.system.now)
    let desk = try joined(server)
    let offline = Flaky(1, .offline, server.transport)
    desk.connect = { _ in offline }
    #expect(desk.run("sync", "--no-retry").code == .offline)
    let untrusted = Flaky(1, .untrusted, server.transport)
    desk.connect = { _ in untrusted }
    let outcome = desk.run("sync")
    #expect(outcome.code == .refused)
    #expect(outcome.errors.contains("not to be trusted"))
    #expect(desk.pauses.isEmpty)
  }

  /// A transport that answers for a proxy so often before it lets calls through.
  private final class Busy: Transport {
    private let answers: Mutex<[Reply]>
    private let inner: LocalTransport

    init(_ answers: [(status: Int, fields: [String: String])], _ inner: LocalTransport) {
      self.answers = Mutex(
        answers.map { Reply(status: $0.status, fields: $0.fields, body: Array("busy".utf8)) })
      self.inner = inner
    }

    func exchange(_ call: Call) throws(TransportError) -> Reply {
      let answer = answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      if let answer { return answer }
      return try inner.exchange(call)
    }
  }

  @Test(
    "Retry-After is obeyed, as seconds and as a date, and what is no such thing is passed over",
    arguments: [
      (429, ["retry-after": "20"], 20), (503, ["retry-after": "60"], 60), (503, ["retry-after": "0"], 0),
      (
        429,
        ["retry-after": "Wed, 31 Dec 2025 23:59:59 GMT", "date": "Wed, 31 Dec 2025 23:59:27 GMT"], 32
      ),
      // A date that has passed.
      (503, ["retry-after": "Sat, 01 Mar 2025 00:00:00 GMT", "date": "Sat, 01 Mar 2025 00:00:30 GMT"], 0),
      (503, ["retry-after": "Sat, 01 Mar 2025 00:00:00 GMT"], 0), (503, ["retry-after": "-5"], 0),
      (503, ["retry-after": "+5"], 0), (503, ["retry-after": "soon"], 0), (503, ["retry-after": ""], 0),
      (503, ["retry-after": "Fri, 99 Foo 2025 aa:bb:cc GMT", "date": "x"], 0), (503, [:], 0),
    ] as [(Int, [String: String], Int)])
  func retryAfter(_ status: Int, _ fields: [String: String], _ seconds: Int) throws {
    let server = try MemoryServer(now: Environment.system.now)
    let desk = try joined(server)
    _ = try desk.ok("ticket", "new", "One")
    let busy = Busy([(status, fields), (status, fields)], server.transport)
    desk.connect = { _ in busy }
    #expect(try desk.ok("sync").hasPrefix("sent 1 change"))
    #expect(desk.pauses.count == 2)
    // The wait that chance decides comes on top, so that agents do not come back at once.
    for (index, pause) in desk.pauses.enumerated() {
      #expect(seconds * 1000 + 250 << (index + 1)...seconds * 1000 + 500 << (index + 1) ~= pause)
    }
  }

  @Test("A server that wants to be left alone for long is: the sync ends and says for how long")
  func retryLater() throws {
    let server = try MemoryServer(now: Environment.system.now)
    let desk = try joined(server)
    _ = try desk.ok("ticket", "new", "One")
    let busy = Busy([(503, ["retry-after": "600"])], server.transport)
    desk.connect = { _ in busy }
    let outcome = desk.run("sync")
    #expect(outcome.code == .offline)
    #expect(outcome.errors.contains("Try again in 10 minutes"), "\(outcome.errors)")
    #expect(desk.pauses.isEmpty)
    #expect(desk.run("sync").output.hasPrefix("sent 1 change"))
  }

  @Test("Status tells position, head and time of the last sync")
  func status() throws {
    let server = try MemoryServer(now: Environment.system.now)
    let desk = try joined(server)
    _ = try desk.ok("ticket", "new", "One")
    _ = try desk.ok("sync")
    let status = desk.run("status", "--json").json
    #expect(status?["position"]?.int == 1)
    #expect(status?["head"]?.int == 1)
    #expect(status?["unsent"]?["changes"]?.int == 0)
    #expect(status?["lastSync"]?.string != nil)
    #expect(desk.run("status").output.contains("just now"))
  }

  @Test("A store that was used alone sends its edits when it joins; a wrong code changes nothing")
  func joinLater() throws {
    let server = try MemoryServer(now: Environment.system.now)
    let desk = try TestDesk()
    desk.connect = { [transport = server.transport] _ in transport }
    _ = try desk.ok("init", "--agent", "anna")
    for number in 1...3 { _ = try desk.ok("ticket", "new", "Ticket \(number)") }
    _ = try desk.ok("compact")
    let digest = try desk.ok("digest")
    #expect(desk.run("join", "http://127.0.0.1:1", "--code", "wrong").code == .refused)
    #expect(desk.run("status", "--json").json?["server"] == nil)
    let outcome = desk.run("join", "http://127.0.0.1:1/", "--code", try server.invite("anna"))
    #expect(outcome.output.contains("sent 3 changes"))
    #expect(try desk.ok("digest") == digest)
    #expect(desk.run("verify").code == .ok)
  }

  @Test("A store of one workspace joins no other: nothing is sent there, and the store goes on as it was")
  func otherWorkspace() throws {
    let (nord, south) = (try MemoryServer(now: Environment.system.now), try MemoryServer(workspace: "south"))
    let desk = try joined(nord)
    _ = try desk.ok("customer", "new", "Nord's Customer")
    _ = try desk.ok("sync")
    let before = try desk.read("store/store.json")
    desk.connect = { [transport = south.transport] _ in transport }
    let code = try south.data.devices("south").invite(agent: "anna", role: "agent", expires: .max)
    for address in ["http://127.0.0.1:1", "http://127.0.0.1:2"] {
      let outcome = desk.run("join", address, "--code", code, "--restored")
      #expect(outcome.code == (address.hasSuffix("1") ? .conflict : .refused), "\(outcome.errors)")
      if outcome.code == .conflict { #expect(outcome.errors.contains("--store"), "\(outcome.errors)") }
    }
    #expect(try south.isEmpty)
    #expect(try desk.read("store/store.json") == before)
    desk.connect = { [transport = nord.transport] _ in transport }
    #expect(desk.run("sync").code == .ok)
  }

  @Test(
    "Another server of the same name gets what the store holds only where somebody says that it was set up anew"
  )
  func otherServer() throws {
    let (first, second) = (try MemoryServer(now: Environment.system.now), try MemoryServer())
    let desk = try joined(first)
    _ = try desk.ok("customer", "new", "One")
    _ = try desk.ok("sync")
    // The same server under another address.
    let moved = desk.run("join", "http://127.0.0.1:2", "--code", try first.invite("anna"), "--json")
    #expect(moved.code == .ok && moved.json?["sync"]?["received"]?.int == 0, "\(moved.errors)")
    desk.connect = { [transport = second.transport] _ in transport }
    let refused = desk.run("join", "http://127.0.0.1:3", "--code", try second.invite("anna"))
    #expect(refused.code == .conflict && refused.errors.contains("--restored"), "\(refused.errors)")
    #expect(try second.isEmpty)
    #expect(desk.run("status", "--json").json?["server"]?.string == "http://127.0.0.1:2")
    let joined = desk.run(
      "join", "http://127.0.0.1:3", "--code", try second.invite("anna"), "--restored")
    #expect(joined.code == .ok && joined.output.contains("sent 1 change"), "\(joined.errors)")
  }

  @Test("What a store set aside is of its own server, too, where nothing else is in it")
  func onlySetAside() throws {
    let (first, second) = (try MemoryServer(now: Environment.system.now), try MemoryServer())
    let desk = try joined(first)
    try FileManager.default.createDirectory(
      atPath: desk.folder + "/store/old/1", withIntermediateDirectories: true)
    _ = try desk.write("0\n", to: "store/old/1/limit")
    desk.connect = { [transport = second.transport] _ in transport }
    #expect(desk.run("join", "http://127.0.0.1:2", "--code", try second.invite("anna")).code == .conflict)
    let restored = desk.run("join", "http://127.0.0.1:2", "--code", try second.invite("anna"), "--restored")
    #expect(restored.code == .ok, "\(restored.errors)")
  }

  @Test("Settings that were lost say nothing of the workspace, so the server's history has to be the store's")
  func settingsLost() throws {
    let (first, second) = (try MemoryServer(now: Environment.system.now), try MemoryServer())
    let bo = try TestDesk()
    bo.connect = { [transport = first.transport] _ in transport }
    _ = try bo.ok("join", "http://127.0.0.1:1", "--code", try first.invite("bo"))
    _ = try bo.ok("customer", "new", "Bo's")
    _ = try bo.ok("sync")
    let desk = try joined(first)
    _ = try desk.ok("ticket", "new", "Mine")
    _ = try desk.ok("sync")
    try FileManager.default.removeItem(atPath: desk.folder + "/store/store.json")
    _ = desk.run("verify")
    desk.connect = { [transport = second.transport] _ in transport }
    #expect(desk.run("join", "http://127.0.0.1:1", "--code", try second.invite("anna")).code == .conflict)
    #expect(try second.isEmpty)
    desk.connect = { [transport = first.transport] _ in transport }
    #expect(desk.run("join", "http://127.0.0.1:1", "--code", try first.invite("anna")).code == .ok)
    _ = try bo.ok("sync")
    #expect(try desk.ok("digest") == bo.ok("digest"))
  }

  @Test("http to another machine is warned of")
  func unencrypted() throws {
    let server = try MemoryServer(now: Environment.system.now)
    let desk = try TestDesk()
    desk.connect = { [transport = server.transport] _ in transport }
    let outcome = desk.run(
      "join", "http://desk.example.org", "--code", try server.invite("anna"), "--no-sync")
    #expect(outcome.code == .ok)
    #expect(outcome.errors.contains("not encrypted"))
    #expect(!outcome.output.contains("sent"))
  }
}
