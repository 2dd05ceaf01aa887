/// One command of the program: a value from which running, help, completion and tests are made.
package struct Command: Sendable {
  /// What a command does once its arguments are known to be good.
  package typealias Action = (Context) throws -> ExitCode

  package struct Example: Hashable, Sendable {
    /// The situation: `A new customer calls`.
    let situation: String
    /// As typed, without the prompt.
    let line: String

    package init(_ situation: String, _ line: String) {
      self.situation = situation
      self.line = line
    }
  }

  /// `["customer", "new"]`.
  package let path: [String]
  /// What it does, in one line without a full stop.
  package let summary: String
  /// Paragraphs.
  package let details: [String]
  package let operands: [Operand]
  /// Its own options, without those that every command has.
  package let options: [Option]
  package let examples: [Example]
  /// The step from what was typed to what is meant. Touches nothing.
  package let prepare: @Sendable (TypedArguments) throws -> Action

  package init(
    _ path: String, _ summary: String, details: [String] = [], operands: [Operand] = [],
    options: [Option] = [], examples: [Example],
    prepare: @escaping @Sendable (TypedArguments) throws -> Action
  ) {
    self.path = path.split(separator: " ").map(String.init)
    self.summary = summary
    self.details = details
    self.operands = operands
    self.options = options
    self.examples = examples
    self.prepare = prepare
  }

  /// `customer new`.
  package var name: String { path.joined(separator: " ") }

  package var allOptions: [Option] { options + Common.all }
}

/// Commands that share their first word.
package struct CommandGroup: Sendable {
  /// `customer`; a command of one word is alone in its group.
  package let name: String
  package let summary: String
  package let commands: [Command]

  /// Several commands of one noun.
  package init(_ name: String, _ summary: String, _ commands: [Command]) {
    self.name = name
    self.summary = summary
    self.commands = commands
  }

  /// One command of one word.
  package init(_ command: Command) {
    self.init(command.name, command.summary, [command])
  }

  /// The command that is the whole group; nil where a verb has to follow.
  package var single: Command? {
    commands.count == 1 && commands[0].path.count == 1 ? commands[0] : nil
  }
}
