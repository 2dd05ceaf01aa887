import CLI
import Codec
import Foundation
import Testing

/// Runs the built programs themselves.
@Suite("The program")
struct ProcessTests {
  @Test("Exit codes are the documented ones")
  func exitCodes() throws {
    let desk = try TestDesk()
    #expect(try Program.run(desk, ["init", "--agent", "anna"]).code == 0)
    #expect(try Program.run(desk, ["init"]).code == ExitCode.conflict.rawValue)
    #expect(try Program.run(desk, ["ticket", "show", "none"]).code == ExitCode.notFound.rawValue)
    #expect(try Program.run(desk, ["ticket", "shwo"]).code == ExitCode.usage.rawValue)
    #expect(try Program.run(desk, ["--help"]).code == 0)
    #expect(try Program.run(desk, ["--version"]).output.hasPrefix("askonce "))
    #expect(try Program.run(desk, []).output == (try Program.run(desk, ["help"]).output))
  }

  @Test("A session from init to list, with JSON that decodes")
  func session() throws {
    let desk = try TestDesk()
    _ = try Program.run(desk, ["init", "--agent", "anna"])
    let id = try Program.run(desk, ["ticket", "new", "The tap leaks", "--message", "-"], input: "It drips\n")
      .output
      .trimmingCharacters(in: .newlines)
    struct Row: Decodable {
      let id: String
      let subject: String
      let conflicts: Int
    }
    let list = try Program.run(desk, ["ticket", "list", "--json"]).output
    let rows = try JSONDecoder().decode([Row].self, from: Data(list.utf8))
    #expect(rows.map(\.id) == [id])
    #expect(rows[0].subject == "The tap leaks")
    #expect(try Program.run(desk, ["ticket", "show", id]).output.contains("It drips"))
  }

  @Test("A reader that goes away is no error")
  func brokenPipe() throws {
    let desk = try TestDesk()
    _ = try Program.run(desk, ["init"])
    var rows = "ref,name\n"
    for number in 0..<5000 { rows += "\(number),Customer with the number \(number)\n" }
    let file = try desk.write(rows, to: "many.csv")
    #expect(try Program.run(desk, ["import", file, "--format", "customers"]).code == 0)
    let line = "'\(Program.path)' export entities | head -1; echo ${PIPESTATUS[0]}"
    let outcome = try Program.run(desk, ["-c", line], program: "/bin/bash")
    #expect(outcome.output.split(separator: "\n").last == "0")
    #expect(outcome.errors.isEmpty)
  }

  @Test("Output that cannot be written is an error")
  func fullDisk() throws {
    let desk = try TestDesk()
    _ = try Program.run(desk, ["init"])
    let line = "'\(Program.path)' customer new Bo > /dev/full"
    let outcome = try Program.run(desk, ["-c", line], program: "/bin/bash")
    // Not what says that nothing was done: Bo is here.
    #expect(outcome.code == ExitCode.partial.rawValue)
    #expect(outcome.errors.contains("No space left") && outcome.errors.contains("did its work"))
    #expect(try Program.run(desk, ["customer", "list"]).output.contains("Bo"))
  }

  @Test("An argument that is not UTF-8 is refused, as standard input is")
  func foreignBytes() throws {
    let desk = try TestDesk()
    _ = try Program.run(desk, ["init"])
    let line = "'\(Program.path)' customer new $'Bj\\xf6rn'"
    let outcome = try Program.run(desk, ["-c", line], program: "/bin/bash")
    #expect(outcome.code == ExitCode.usage.rawValue)
    #expect(outcome.errors.contains("is not UTF-8"))
    #expect(try Program.run(desk, ["customer", "list", "--json"]).output == "[]\n")
  }

  @Test("Colours come on a terminal only, and not when NO_COLOR says so", arguments: [false, true])
  func colours(_ isPlain: Bool) throws {
    let desk = try TestDesk()
    _ = try Program.run(desk, ["init"])
    _ = try Program.run(desk, ["ticket", "new", "Urgent", "--priority", "urgent"])
    #expect(!(try Program.run(desk, ["ticket", "list"]).output.contains("\u{1B}")))
    if isPlain { desk.variables["NO_COLOR"] = "1" }
    desk.variables["TERM"] = "xterm"
    let terminal = try Program.run(
      desk, ["-qec", "'\(Program.path)' ticket list", "/dev/null"], program: "/usr/bin/script")
    #expect(terminal.output.contains("\u{1B}[31murgent") == !isPlain)
  }

  @Test(
    "bash completes nouns, verbs, options and their values",
    arguments: [
      ("tick", "ticket"), ("ticket sh", "show"), ("admin works", "workspace"),
      ("admin workspace cr", "create"),
      ("ticket set 7 --prio", "--priority"), ("ticket set 7 --priority hi", "high"),
      ("--store x stat", "status"),
    ])
  func completion(_ typed: String, _ expected: String) throws {
    let desk = try TestDesk()
    let words = (["askonce"] + typed.split(separator: " ").map(String.init)).map { "'\($0)'" }.joined(
      separator: " ")
    let line =
      "eval \"$('\(Program.path)' completion bash)\"; COMP_WORDS=(\(words)); "
      + "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _askonce; echo ${COMPREPLY[@]}"
    let outcome = try Program.run(desk, ["-c", line], program: "/bin/bash")
    #expect(outcome.output == expected + "\n")
    #expect(outcome.errors.isEmpty)
  }

  @Test("Without the program with the network in it, one is told so")
  func missingNetwork() throws {
    let desk = try TestDesk()
    let copy = desk.folder + "/askonce"
    // Copied by another process: a child that a test beside this one starts would hold a copy of ours open for writing.
    #expect(try Program.run(desk, [Program.path, copy], program: "/bin/cp").code == 0)
    let join = ["join", "http://127.0.0.1:1", "--code", "k7f3q2-hd9x-b2x9-m1c0-aa64", "--agent", "anna"]
    let outcome = try Program.run(desk, join, program: copy)
    #expect(outcome.code == 1)
    #expect(outcome.errors.contains("askonce-net cannot be run"))
    #expect(try Program.run(desk, ["sync", "--help"], program: copy).code == 0)
  }

  @Test("One writes at a time; readers do not wait")
  func lock() throws {
    let desk = try TestDesk()
    _ = try Program.run(desk, ["init"])
    let holder = Process()
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    holder.arguments = [desk.folder + "/store/lock", "sleep", "60"]
    try holder.run()
    defer { holder.terminate() }
    var outcome = try Program.run(desk, ["ticket", "new", "One"])
    // The holder may not have started yet.
    for _ in 0..<100 where outcome.code == 0 {
      usleep(50_000)
      outcome = try Program.run(desk, ["ticket", "new", "One"])
    }
    #expect(outcome.code == ExitCode.locked.rawValue)
    #expect(try Program.run(desk, ["ticket", "list"]).code == 0)
  }

  /// A program inherits which signals are blocked: Foundation's `Process` passes on those of the thread it runs on,
  /// and a Dispatch thread blocks nearly all.
  @Test("A signal ends it, whatever the process that started it had blocked")
  func blockedSignals() throws {
    let desk = try TestDesk()
    _ = try Program.run(desk, ["init"])
    var blocked = sigset_t()
    var before = sigset_t()
    sigfillset(&blocked)
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    // It waits for the standard input, which this end holds open.
    let input = Pipe()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = ["import", "-", "--format", "customers"]
    process.environment = desk.variables
    process.standardInput = input
    try process.run()
    pthread_sigmask(SIG_SETMASK, &before, nil)
    process.terminate()
    for _ in 0..<200 where process.isRunning { usleep(50_000) }
    #expect(!process.isRunning)
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  @Test("Server, invitation, join, sync, status, live, revocation, backup")
  func server() throws {
    let desk = try TestDesk()
    let data = desk.folder + "/data"
    desk.variables["ASKONCE_DATA"] = data
    #expect(try Program.run(desk, ["admin", "workspace", "create", "nord"]).code == 0)
    #expect(
      try Program.run(desk, ["admin", "workspace", "create", "nord"]).code == ExitCode.conflict.rawValue)
    let server = try Program.Running(desk, ["serve", "--listen", "127.0.0.1:0", "--json"])
    defer { server.end() }
    let address = try #require(try JSONText(parsing: server.line().utf8)["address"]?.string)
    func code(_ agent: String) throws -> String {
      try Program.run(desk, ["admin", "invite", "nord", "--agent", agent]).output.trimmingCharacters(
        in: .newlines)
    }
    let stores = ["anna", "bo"].map { desk.folder + "/" + $0 }
    for (agent, store) in zip(["anna", "bo"], stores) {
      let joined = try Program.run(desk, ["join", address, "--code", code(agent), "--store", store])
      #expect(joined.code == 0, "\(joined.errors)")
      #expect(joined.output.hasPrefix("joined workspace nord as \(agent) (agent)\n"))
    }
    _ = try Program.run(desk, ["ticket", "new", "The tap leaks", "--store", stores[0]])
    let before = try JSONText(
      parsing: Program.run(desk, ["status", "--store", stores[0], "--json"]).output.utf8)
    #expect(before["unsent"]?["changes"]?.int == 1)
    #expect(before["server"]?.string == address)
    let sent = try Program.run(desk, ["sync", "--store", stores[0]])
    #expect(sent.output.hasPrefix("sent 1 change, received 0: "))
    let received = try JSONText(
      parsing: Program.run(desk, ["sync", "--store", stores[1], "--json"]).output.utf8)
    #expect(received["received"]?.int == 1)
    let digests = try stores.map { try Program.run(desk, ["digest", "--store", $0]).output }
    #expect(digests[0] == digests[1])

    let live = try Program.Running(desk, ["sync", "--live", "--store", stores[1]])
    defer { live.end() }
    _ = try Program.run(desk, ["ticket", "new", "A second one", "--store", stores[0]])
    _ = try Program.run(desk, ["sync", "--store", stores[0]])
    #expect(live.line().contains("received 1"))
    _ = try Program.run(desk, ["ticket", "new", "From the other side", "--store", stores[1]])
    #expect(live.line().hasPrefix("sent 1 change"))
    live.end()

    let devices = try JSONText(
      parsing: Program.run(desk, ["admin", "devices", "nord", "--json"]).output.utf8)
    #expect(devices.elements?.map { $0["agent"]?.string } == ["anna", "bo"])
    #expect(try Program.run(desk, ["admin", "revoke", "nord", "nobody"]).code == ExitCode.notFound.rawValue)
    #expect(try Program.run(desk, ["admin", "revoke", "nord", "bo"]).code == 0)
    // The server looks twice a second.
    usleep(700_000)
    let refused = try Program.run(desk, ["sync", "--store", stores[1]])
    #expect(refused.code == ExitCode.refused.rawValue)
    #expect(refused.errors.contains("revoked"))
    let wrong = try Program.run(desk, ["join", address, "--code", "wrong", "--store", desk.folder + "/c"])
    #expect(wrong.code == ExitCode.refused.rawValue)
    #expect(try Program.run(desk, ["admin", "backup", desk.folder + "/backup"]).code == 0)
    #expect(
      try Program.run(desk, ["admin", "verify", "--data", desk.folder + "/backup"]).output.contains(
        "3 changes, intact"))
    server.end()
    let offline = try Program.run(desk, ["sync", "--store", stores[0], "--no-retry"])
    #expect(offline.code == ExitCode.offline.rawValue)
    #expect(offline.errors.contains("nothing answers"))
  }
}

/// The built programs, which lie beside the tests.
enum Program {
  static let path: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: own).deletingLastPathComponent().path + "/askonce"
  }()

  struct Outcome {
    let code: Int32
    let output: String
    let errors: String
  }

  private static func process(_ desk: TestDesk, _ arguments: [String], _ program: String) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = desk.variables.merging(["PATH": "/usr/bin:/bin"]) { $1 }
    return process
  }

  static func run(
    _ desk: TestDesk, _ arguments: [String], input: String = "", program: String = path
  ) throws -> Outcome {
    let process = process(desk, arguments, program)
    let files = ["in", "out", "err"].map { desk.folder + "/\(UUID()).\($0)" }
    try Data(input.utf8).write(to: URL(fileURLWithPath: files[0]))
    for file in files[1...] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    process.standardInput = FileHandle(forReadingAtPath: files[0])
    process.standardOutput = FileHandle(forWritingAtPath: files[1])
    process.standardError = FileHandle(forWritingAtPath: files[2])
    try process.run()
    process.waitUntilExit()
    func read(_ file: String) throws -> String {
      defer { try? FileManager.default.removeItem(atPath: file) }
      return String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
    }
    try? FileManager.default.removeItem(atPath: files[0])
    return Outcome(code: process.terminationStatus, output: try read(files[1]), errors: try read(files[2]))
  }

  /// A program that stays.
  final class Running {
    private let process: Process
    private let pipe = Pipe()
    private var rest = Data()

    init(_ desk: TestDesk, _ arguments: [String]) throws {
      process = Program.process(desk, arguments, Program.path)
      process.standardOutput = pipe
      process.standardError = FileHandle.nullDevice
      try process.run()
    }

    /// The next line that it prints; empty at the end.
    func line() -> String {
      while true {
        if let end = rest.firstIndex(of: 0x0A) {
          let line = String(decoding: rest[..<end], as: UTF8.self)
          rest = Data(rest[(end + 1)...])
          return line
        }
        let more = pipe.fileHandleForReading.availableData
        if more.isEmpty { return "" }
        rest += more
      }
    }

    /// Waits for its end.
    func code() -> Int32 {
      process.waitUntilExit()
      return process.terminationStatus
    }

    func end() {
      guard process.isRunning else { return }
      // Tests run on threads that block signals, which programs inherit: so not SIGTERM.
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }
}
