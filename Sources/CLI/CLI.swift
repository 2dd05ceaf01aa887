import Agent
import Codec
import Glibc

/// The command line of AskOnce.
package enum CLI {
  package static let version = "0.1.0"

  /// Runs the process's command line and ends the process.
  ///
  /// - Parameters:
  ///   - connect: makes the transport to a server.
  ///   - system: clock and randomness.
  package static func main(connect: Connect? = NetworkProgram.connect, system: Environment = .system) -> Never
  {
    holdStandardDescriptors()
    // A reader that goes away shows as EPIPE, which is no error.
    signal(SIGPIPE, SIG_IGN)
    // Who starts a program may pass on blocked signals, as a Dispatch thread does; Ctrl-C and SIGTERM count all the same.
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    let variables = environment()
    let context = Context(
      output: .standard(STDOUT_FILENO, environment: variables),
      errors: .standard(STDERR_FILENO, environment: variables), variables: variables, system: system,
      connect: connect)
    do {
      var arguments: [String] = []
      for index in 1..<max(1, Int(CommandLine.argc)) {
        if let argument = CommandLine.unsafeArgv[index] { arguments.append(try text(of: argument)) }
      }
      exit(run(arguments, context).rawValue)
    } catch {
      report(error, context)
      exit(error.code.rawValue)
    }
  }

  /// Opens what of standard input, output and errors whoever started the process left closed: the next file that is opened
  /// would get that number, and a store's file what is written to the output. Reading and writing them fail as before.
  private static func holdStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free number is this one.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// An argument as text. One that is no UTF-8 is refused, as standard input is: no other letters are kept than were typed.
  private static func text(of argument: UnsafePointer<CChar>) throws(Failure) -> String {
    guard let text = String(validatingCString: argument) else {
      throw .usage("'\(String(cString: argument))' is not UTF-8; nothing was done")
    }
    return text
  }

  private static func environment() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return variables
  }

  /// Runs a command line.
  package static func run(_ arguments: [String], _ context: Context) -> ExitCode {
    var context = context
    do {
      let code = try dispatch(arguments, &context)
      try context.output.finish()
      return code
    } catch {
      // What the command printed before it failed comes first.
      context.output.flush()
      let failure = Failure(error)
      report(failure, context)
      return failure.code
    }
  }

  private static func dispatch(_ arguments: [String], _ context: inout Context) throws -> ExitCode {
    // An error is JSON already when the command line itself is wrong.
    context.isJSON = arguments.prefix { $0 != "--" }.contains("--json")
    switch try Registry.locate(arguments) {
    case .help(let text):
      context.output.write(text)
      return .ok
    case .command(let command, let rest):
      return try run(command, rest, &context)
    }
  }

  private static func run(
    _ command: Command, _ rest: [String], _ context: inout Context
  ) throws -> ExitCode {
    do {
      let typed = try ArgumentReader.read(rest, options: command.allOptions, operands: command.operands)
      if typed.has(Common.help) {
        context.output.write(HelpText.text(command))
        return .ok
      }
      context.isJSON = typed.has(Common.json)
      let action = try command.prepare(typed)
      context.store = try typed[Common.store] ?? StoreFolder.standard(context.variables)
      return try action(context)
    } catch var failure as Failure where failure.code == .usage && failure.command == nil {
      failure.command = command.name
      throw failure
    }
  }

  private static func report(_ failure: Failure, _ context: Context) {
    let errors = context.errors
    if context.isJSON {
      errors.json([
        ("error", JSONText(failure.code.name)), ("code", JSONText(Int(failure.code.rawValue))),
        ("message", JSONText(failure.message)),
      ])
    } else {
      errors.line(errors.styled("askonce:", .red) + " " + Plain.text(failure.message))
      if let command = failure.command { errors.line("See 'askonce \(command) --help'.") }
    }
    errors.flush()
  }
}
