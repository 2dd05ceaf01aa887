/// Prints a script for a shell.
enum CompletionCommand {
  static let command = Command(
    "completion", "Print a script by which a shell completes commands and options",
    operands: [Operand("SHELL", "bash, zsh or fish")],
    examples: [
      .init("In ~/.bashrc", "eval \"$(askonce completion bash)\""),
      .init("For fish", "askonce completion fish > ~/.config/fish/completions/askonce.fish"),
    ]
  ) { typed in
    let shell = typed.operand(0)
    guard CompletionScript.shells.contains(shell) else {
      throw Failure.usage("SHELL is \(CompletionScript.shells.joined(separator: ", ")), not '\(shell)'")
    }
    return { context in
      context.output.write(CompletionScript.text(shell))
      return .ok
    }
  }
}
