import Agent
import CLI
import Codec
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite("Sync --live behind a proxy")
struct LiveSyncTests {
  /// What a proxy does to the stream of news.
  enum Proxy: CaseIterable {
    case refuses, failsOnIt, holdsItBack, breaksIt, cutsItAtOnce
  }

  /// Lets requests through, and does to the stream what some proxy does.
  private final class Behind: StreamingTransport {
    private let proxy: Proxy
    private let inner: LocalTransport
    let follows = Mutex(0)

    init(_ proxy: Proxy, _ inner: LocalTransport) {
      self.proxy = proxy
      self.inner = inner
    }

    func exchange(_ call: Call) throws(TransportError) -> Reply { try inner.exchange(call) }

    func follow(_ call: Call, _ take: ([UInt8]) -> Bool) throws(TransportError) -> Reply {
      follows.withLock { $0 += 1 }
      switch proxy {
      case .refuses: return Reply(status: 404, fields: [:], body: Array("nothing here".utf8))
      case .failsOnIt: return Reply(status: 504, fields: [:], body: [])
      case .holdsItBack:
        // A second each; nobody may wait here for long.
        for second in 0... where !take([]) {
          #expect(second < 30)
          return Reply(status: 0, fields: [:], body: [])
        }
        fatalError("not reached: the loop above has no end of its own")
      case .breaksIt: throw TransportError("the connection was lost")
      case .cutsItAtOnce:
        _ = take(Array("data: 1 00000000\n\n".utf8))
        return Reply(status: 200, fields: [:], body: [])
      }
    }
  }

  /// What an agent who follows live saw, until it was told so many syncs' results or had waited too long.
  private func follow(
    _ store: String, _ transport: any Transport, reports: Int, pause: @escaping (Int) throws -> Void
  ) -> (reports: [JSONText], errors: String, pauses: [Int]) {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    var pauses: [Int] = []
    func lines() -> [JSONText] {
      output.split(separator: 0x0A).compactMap { try? JSONText(parsing: Array($0)) }
    }
    var context = Context(
      output: Output { bytes in
        output += bytes
        // The reader goes away, which ends the command.
        return lines().count >= reports || pauses.count > 500 ? EPIPE : 0
      },
      errors: Output { bytes in
        errors += bytes
        return 0
      }, variables: ["USER": "bo", "TZ": "UTC"], connect: { _ in transport })
    context.pause = { milliseconds in
      pauses.append(milliseconds)
      do { try pause(pauses.count) } catch { Issue.record("\(error)") }
    }
    _ = CLI.run(["sync", "--live", "--json", "--store", store], context)
    return (lines(), String(decoding: errors, as: UTF8.self), pauses)
  }

  @Test(
    "A proxy that does not let the stream through: news come by asking, and little is asked",
    arguments: Proxy.allCases)
  func fallsBack(_ proxy: Proxy) throws {
    let server = try MemoryServer(now: Environment.system.now)
    let (anna, bo) = (try TestDesk(), try TestDesk())
    for (desk, name) in [(anna, "anna"), (bo, "bo")] {
      desk.connect = { [transport = server.transport] _ in transport }
      let outcome = desk.run("join", "http://127.0.0.1:1", "--code", try server.invite(name))
      try #require(outcome.code == .ok, "\(outcome.errors)")
    }
    let transport = Behind(proxy, server.transport)
    // Half a minute in, a colleague works; then once more, so that it is not the first look that brings it.
    let (reports, errors, pauses) = follow(bo.folder + "/store", transport, reports: 2) { count in
      guard count == 30 || count == 90 else { return }
      _ = try anna.ok("ticket", "new", "News \(count)")
      _ = try anna.ok("sync")
    }
    #expect(reports.map { $0["received"]?.int } == [1, 1])
    // Seconds, never a minute more than the second ticket waited for.
    #expect(pauses.allSatisfy { $0 == 1000 })
    #expect(pauses.count <= 160)
    // It is told once, as no outage, and the stream is not asked for each time.
    #expect(errors.split(separator: "\n").count == 1, "\(errors)")
    #expect(errors.contains("asking every 5 to 60 s"))
    #expect((2...5).contains(transport.follows.withLock { $0 }))
  }

  @Test("This device's own edits go out while the stream is held back")
  func ownEdits() throws {
    let server = try MemoryServer(now: Environment.system.now)
    let bo = try TestDesk()
    bo.connect = { [transport = server.transport] _ in transport }
    _ = try bo.ok("join", "http://127.0.0.1:1", "--code", try server.invite("bo"))
    let (reports, _, pauses) = follow(
      bo.folder + "/store", Behind(.holdsItBack, server.transport), reports: 1
    ) { count in
      if count == 3 { _ = try bo.ok("ticket", "new", "Mine") }
    }
    #expect(reports.map { $0["sent"]?.int } == [1])
    #expect(pauses.count == 3)
  }
}
