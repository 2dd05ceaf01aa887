import Glibc
import Testing

@testable import CLI

@Suite("Commands that a gateway runs")
struct ShellCommandTests {
  @Test("A command ends by a pipe whose reader is gone, as it does in a shell")
  func brokenPipe() throws {
    // As the process that runs it does.
    signal(SIGPIPE, SIG_IGN)
    let outcome = try ShellCommand.run("kill -s PIPE $$; exit 3", input: [])
    #expect(outcome.code == 128 + SIGPIPE)
    let piped = try ShellCommand.run("yes | head -n 1; exit 75", input: [])
    #expect(piped.code == 75 && piped.output == "y" && piped.errors.isEmpty, "\(piped.errors)")
  }
}
