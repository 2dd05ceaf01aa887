import Agent
import CLI
import Codec
import Foundation
import Glibc
import Testing

/// Real processes beside each other on one store.
@Suite("Work beside work")
struct BesideTests {
  /// A server that takes connections and never answers.
  private final class Silence {
    private var socket: Int32
    let address: String

    init() throws {
      socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var here = sockaddr_in()
      here.sin_family = sa_family_t(AF_INET)
      here.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let number = socket
      let bound = withUnsafeMutablePointer(to: &here) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          bind(number, address, size) == 0 && listen(number, 16) == 0
            && getsockname(number, address, &size) == 0
        }
      }
      try #require(bound)
      address = "http://127.0.0.1:\(UInt16(bigEndian: here.sin_port))"
    }

    /// Ends it, and all connections that wait with it.
    func end() {
      if socket >= 0 { close(socket) }
      socket = -1
    }

    deinit { end() }
  }

  /// A sync that waits for a server, of a store with a customer called Before.
  private func waitingSync(
    _ desk: TestDesk, _ silence: Silence, role: String = "agent"
  ) throws -> Program.Running {
    _ = try Program.run(desk, ["init", "--agent", "anna"])
    _ = try Program.run(desk, ["customer", "new", "Before"])
    try Store(at: desk.folder + "/store", .writing).bind(
      server: silence.address, workspace: "nord", agent: "anna", role: role, token: "a.b")
    let sync = try Program.Running(desk, ["sync", "--no-retry"])
    let lock = desk.folder + "/store/lock"
    // Until it waits: what it leaves in the lock's file says so.
    for _ in 0..<200 where (try? Data(contentsOf: URL(fileURLWithPath: lock)))?.isEmpty != false {
      usleep(50_000)
    }
    return sync
  }

  @Test("A sync that waits for another one lets it end, and then has its turn")
  func syncBehindSync() throws {
    let desk = try TestDesk()
    let silence = try Silence()
    let first = try waitingSync(desk, silence)
    defer { first.end() }
    let second = try Program.Running(desk, ["sync", "--no-retry"])
    defer { second.end() }
    usleep(700_000)
    silence.end()
    // Both found the server gone: the second one was let in.
    #expect(first.code() == ExitCode.offline.rawValue)
    #expect(second.code() == ExitCode.offline.rawValue)
  }

  @Test("While a sync waits for a silent server, others edit; a second sync does not")
  func silentServer() throws {
    let desk = try TestDesk()
    let silence = try Silence()
    let sync = try waitingSync(desk, silence)
    defer { sync.end() }
    for number in 0..<3 {
      let edit = try Program.run(desk, ["customer", "new", "Meanwhile \(number)"])
      #expect(edit.code == 0, "\(edit.errors)")
    }
    #expect(try Program.run(desk, ["compact"]).code == 0)
    #expect(try Program.run(desk, ["sync", "--no-retry"]).code == ExitCode.locked.rawValue)
    #expect(try Program.run(desk, ["verify"]).code == ExitCode.locked.rawValue)
    sync.end()
    #expect(try Program.run(desk, ["verify"]).code == 0)
    let names = try Program.run(desk, ["customer", "list", "--json"]).output
    for name in ["Before", "Meanwhile 0", "Meanwhile 1", "Meanwhile 2"] {
      #expect(names.contains("\"\(name)\""))
    }
    withExtendedLifetime(silence) {}
  }

  @Test(
    "While a sync waits for a silent server, a supervisor erases, and is told that nothing was fetched before"
  )
  func erasing() throws {
    let desk = try TestDesk()
    let silence = try Silence()
    let sync = try waitingSync(desk, silence, role: "supervisor")
    defer { sync.end() }
    let listed = try Program.run(desk, ["customer", "list", "--json"]).output
    let id = try #require(JSONText(parsing: listed.utf8).elements?.first?["id"]?.string)
    let erased = try Program.run(desk, ["customer", "erase", id, "--yes"])
    #expect(erased.code == 0 && erased.output.contains("erased 1 profile"), "\(erased)")
    #expect(erased.errors.contains("not synced (") && erased.errors.contains("in use"), "\(erased.errors)")
    withExtendedLifetime(silence) {}
  }

  @Test("While a gateway's command runs others edit, a second gateway does not, and nothing goes out twice")
  func gateway() throws {
    let desk = try TestDesk()
    _ = try Program.run(desk, ["init", "--agent", "anna"])
    let customer = try Program.run(desk, ["customer", "new", "Eva", "--email", "eva@example.org"]).output
      .trimmingCharacters(in: .newlines)
    let ticket = try Program.run(
      desk, ["ticket", "new", "The tap", "--customer", customer, "--message", "It drips"]
    ).output.trimmingCharacters(in: .newlines)
    for text in ["On Monday", "At nine"] {
      let reply = try Program.run(desk, ["ticket", "reply", ticket, text, "--channel", "email"])
      #expect(reply.code == 0, "\(reply.errors)")
    }
    let (begun, go, sent) = (desk.folder + "/begun", desk.folder + "/go", desk.folder + "/sent")
    let command = "cat >> '\(sent)'; touch '\(begun)'; while [ ! -e '\(go)' ]; do sleep 0.05; done"
    let gateway = try Program.Running(desk, ["gateway", "--channel", "email", "--exec", command])
    defer { gateway.end() }
    for _ in 0..<200 where !FileManager.default.fileExists(atPath: begun) { usleep(50_000) }
    let note = try Program.run(desk, ["ticket", "note", ticket, "She called"])
    #expect(note.code == 0, "\(note.errors)")
    #expect(
      try Program.run(desk, ["gateway", "--channel", "email", "--exec", "true"]).code
        == ExitCode.locked.rawValue)
    _ = FileManager.default.createFile(atPath: go, contents: nil)
    #expect(gateway.line().hasPrefix("2 sent, 0 failed"))
    gateway.end()
    let texts = try String(contentsOfFile: sent, encoding: .utf8).split(separator: "\n")
      .map { try JSONText(parsing: Array($0.utf8))["text"]?.string }
    #expect(texts == ["On Monday", "At nine"])
    #expect(try Program.run(desk, ["ticket", "show", ticket]).output.contains("She called"))
  }

  @Test("A customer who is erased while a message to them is sent gets no record of it; others get theirs")
  func erasedWhileSending() throws {
    let desk = try TestDesk()
    _ = try Program.run(desk, ["init", "--agent", "anna"])
    var customers: [String] = []
    for name in ["Eva", "Bo"] {
      let customer = try Program.run(desk, ["customer", "new", name, "--email", "\(name)@example.org"]).output
        .trimmingCharacters(in: .newlines)
      let ticket = try Program.run(
        desk, ["ticket", "new", "Tap", "--customer", customer, "--message", "It drips"]
      )
      .output.trimmingCharacters(in: .newlines)
      let reply = try Program.run(desk, ["ticket", "reply", ticket, "To \(name)", "--channel", "email"])
      #expect(reply.code == 0, "\(reply.errors)")
      customers.append(customer)
    }
    let erase = "'\(Program.path)' customer erase \(customers[0]) --yes --reason asked"
    let command = "if grep -q 'To Eva'; then \(erase) >> '\(desk.folder)/erased' 2>&1; fi; exit 75"
    let gateway = try Program.run(desk, ["gateway", "--channel", "email", "--exec", command])
    let said = (try? String(contentsOfFile: desk.folder + "/erased", encoding: .utf8)) ?? ""
    #expect(
      gateway.output.hasPrefix("0 sent, 0 failed, 2 waiting"), "\(gateway.output)\(gateway.errors)\(said)")
    #expect(try !Program.run(desk, ["customer", "show", customers[0]]).output.contains("Eva"), "\(said)")
    #expect(
      try Program.run(desk, ["gateway", "--channel", "email", "--exec", "true"]).output.hasPrefix("1 sent"))
  }

  @Test(
    "Whatever of input, output and errors is closed, no file of the store gets what is printed",
    arguments: ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
  func closedDescriptors(_ closed: String) throws {
    let desk = try TestDesk()
    _ = try Program.run(desk, ["init", "--agent", "anna"])
    #expect(try Program.run(desk, ["customer", "new", "Precious", "--phone", "+46701234567"]).code == 0)
    let program = "'\(Program.path)'"
    let line = """
      \(program) customer new Second \(closed); \(program) customer new Third --phone +46701234567 \(closed); exit $?
      """
    let code = try Program.run(desk, ["-c", line], program: "/bin/bash").code
    #expect(code == (closed.contains(" >&-") || closed.hasPrefix(">&-") ? ExitCode.partial.rawValue : 0))
    let check = try Program.run(desk, ["verify"])
    #expect(check.code == 0, "\(check.output)")
    let names = try Program.run(desk, ["customer", "list", "--json"]).output
    for name in ["Precious", "Second", "Third"] { #expect(names.contains("\"\(name)\"")) }
  }
}
