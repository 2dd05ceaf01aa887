import Glibc

/// A process that this one starts and ends.
final class ChildProcess {
  let identifier: pid_t
  /// Where its standard output is read.
  private let output: Int32
  private var isReaped = false

  /// Starts a program with arguments. Its standard error goes to `errors`, a path.
  init(_ program: String, _ arguments: [String], errors: String = "/dev/null") throws(Failure) {
    var pipes: [Int32] = [0, 0]
    guard pipe(&pipes) == 0 else { throw Self.failure("open a pipe") }
    for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    output = pipes[0]
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    var pointers = ([program] + arguments).map { strdup($0) }
    pointers.append(nil)
    var started: pid_t = 0
    let status = posix_spawn(&started, program, &actions, nil, pointers, environ)
    for pointer in pointers { free(pointer) }
    posix_spawn_file_actions_destroy(&actions)
    close(pipes[1])
    guard status == 0 else {
      close(pipes[0])
      errno = status
      throw Self.failure("start \(program)")
    }
    identifier = started
  }

  deinit {
    close(output)
    if !isReaped {
      kill(identifier, SIGKILL)
      waitpid(identifier, nil, 0)
    }
  }

  private static func failure(_ what: String) -> Failure {
    Failure(.failed, "cannot \(what): \(String(cString: strerror(errno)))")
  }

  /// The next line of its output; nil at the end.
  func line() -> String? {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while true {
      let count = read(output, &byte, 1)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
      if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
  }

  func signal(_ number: Int32) { kill(identifier, number) }

  /// Waits for its end. Returns the exit code, nil when a signal ended it.
  func wait() -> Int32? {
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    isReaped = true
    return status & 0x7F == 0 ? status >> 8 & 0xFF : nil
  }
}
