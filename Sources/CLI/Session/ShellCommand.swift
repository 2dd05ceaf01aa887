import Glibc

/// Runs a command of the operator's with a text on its standard input.
enum ShellCommand {
  struct Outcome {
    /// The exit code; 128 and the signal's number where a signal ended it.
    let code: Int32
    let output: String
    let errors: String
  }

  /// Runs `/bin/sh -c command` to its end. Files, not pipes, hold what goes in and out, so that neither side waits for the
  /// other, and a command that reads nothing harms nothing.
  static func run(_ command: String, input: [UInt8]) throws(Failure) -> Outcome {
    var files: [UnsafeMutablePointer<FILE>] = []
    defer { for file in files { fclose(file) } }
    for _ in 0..<3 {
      guard let file = tmpfile() else { throw failure("make a temporary file") }
      files.append(file)
    }
    let numbers = files.map { fileno($0) }
    guard Terminal.write(input, to: numbers[0]) == 0 else { throw failure("write a temporary file") }
    lseek(numbers[0], 0, SEEK_SET)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    for (target, number) in numbers.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, number, Int32(target))
    }
    // This process ignores a broken pipe, and what is ignored is inherited; a shell's pipelines end by it.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var arguments: [UnsafeMutablePointer<CChar>?] = []
    for text in ["/bin/sh", "-c", command] { arguments.append(strdup(text)) }
    arguments.append(nil)
    var process: pid_t = 0
    let status = posix_spawn(&process, "/bin/sh", &actions, &attributes, &arguments, environ)
    for argument in arguments { free(argument) }
    posix_spawnattr_destroy(&attributes)
    posix_spawn_file_actions_destroy(&actions)
    guard status == 0 else {
      errno = status
      throw failure("run /bin/sh")
    }
    var ended: Int32 = 0
    while waitpid(process, &ended, 0) < 0, errno == EINTR {}
    let code = ended & 0x7F == 0 ? ended >> 8 & 0xFF : 128 + (ended & 0x7F)
    return Outcome(code: code, output: text(numbers[1]), errors: text(numbers[2]))
  }

  /// The first 4 KiB of a file, without white space around them.
  private static func text(_ file: Int32) -> String {
    lseek(file, 0, SEEK_SET)
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
    return lines.joined(separator: "\n")
  }

  private static func failure(_ what: String) -> Failure {
    Failure(.failed, "cannot \(what): \(String(cString: strerror(errno)))")
  }
}
