import Foundation
import Glibc
import Testing

/// What ends a server.
@Suite("Signals", .serialized)
struct SignalTests {
  @Test("SIGTERM right behind the line that says that it listens ends a server")
  func early() throws {
    let desk = try TestDesk()
    let data = desk.folder + "/data"
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    for attempt in 0..<60 {
      let process = try #require(
        Spawned([Program.path, "serve", "--data", data, "--listen", "127.0.0.1:0"], home: desk.folder))
      #expect(process.line().hasPrefix("listening on"))
      kill(process.id, attempt % 2 == 0 ? SIGTERM : SIGINT)
      #expect(process.status(within: 20) == 0, "\(attempt)")
    }
  }
}

/// A program that gets signals. One that `Process` starts from a test inherits that its thread blocks them.
private final class Spawned {
  let id: pid_t
  private let output: FileHandle
  private var ended: Int32?

  init?(_ arguments: [String], home: String) {
    let pipe = Pipe()
    output = pipe.fileHandleForReading
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var usual = sigset_t()
    sigemptyset(&usual)
    for signal in [SIGTERM, SIGINT] { sigaddset(&usual, signal) }
    posix_spawnattr_setsigdefault(&attributes, &usual)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipe.fileHandleForWriting.fileDescriptor, STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    let copies = arguments.map { strdup($0) }
    let variables = [strdup("HOME=\(home)")]
    defer { for copy in copies + variables { free(copy) } }
    var id: pid_t = 0
    guard let program = arguments.first,
      posix_spawn(&id, program, &actions, &attributes, copies + [nil], variables + [nil]) == 0
    else { return nil }
    self.id = id
    try? pipe.fileHandleForWriting.close()
  }

  deinit {
    guard ended == nil else { return }
    kill(id, SIGKILL)
    waitpid(id, nil, 0)
  }

  /// What it printed first.
  func line() -> String { String(decoding: output.availableData, as: UTF8.self) }

  /// How it ended; nil where it goes on.
  func status(within seconds: Int) -> Int32? {
    for _ in 0..<seconds * 200 {
      var status: Int32 = 0
      if waitpid(id, &status, WNOHANG) == id {
        ended = status
        return status
      }
      usleep(5000)
    }
    return nil
  }
}
