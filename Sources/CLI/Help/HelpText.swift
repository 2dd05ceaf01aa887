/// Help as text, made from the commands' declarations.
package enum HelpText {
  static let width = 80

  /// The overview that `askonce --help` prints.
  package static func overview(_ sections: [(title: String, groups: [CommandGroup])]) -> String {
    var text = "AskOnce: customer service that works offline and never asks twice\n\n"
    text += "Usage: askonce COMMAND [ARGUMENTS]\n"
    for section in sections {
      text += "\n\(section.title):\n" + list(section.groups.map { ($0.name, $0.summary) })
    }
    text += "\nCommon options:\n" + list(Common.all.map { (spelling($0), $0.help) })
    text += "\n'askonce COMMAND --help' shows a command's arguments and examples.\n"
    text += "'askonce help exit-codes' shows how commands end.\n"
    return text
  }

  /// The help of a noun: its verbs.
  package static func text(_ group: CommandGroup) -> String {
    var text = "\(group.summary)\n\nUsage: askonce \(group.name) COMMAND [ARGUMENTS]\n\nCommands:\n"
    text += list(
      group.commands.map { command in
        // A noun that is a command too: `askonce conflicts`.
        (
          command.path.count == 1 ? "(none)" : command.path.dropFirst().joined(separator: " "),
          command.summary
        )
      })
    return text + "\n'askonce \(group.name) COMMAND --help' shows a command's arguments and examples.\n"
  }

  /// The help of one command.
  package static func text(_ command: Command) -> String {
    var text = "\(command.summary)\n\nUsage: \(usage(command))\n"
    for paragraph in command.details { text += "\n" + wrap(paragraph, indent: 0) + "\n" }
    if !command.operands.isEmpty {
      text += "\nArguments:\n" + list(command.operands.map { ($0.name, $0.help) })
    }
    if !command.options.isEmpty {
      text += "\nOptions:\n" + list(command.options.map { (spelling($0), help($0)) })
    }
    text += "\nCommon options:\n" + list(Common.all.map { (spelling($0), $0.help) })
    text += "\nExamples:\n"
    for example in command.examples { text += "  \(example.situation):\n    \(example.line)\n" }
    let verbs = Registry.verbs(of: command)
    if !verbs.isEmpty {
      text += "\nFurther commands:\n" + list(verbs.map { ("askonce \($0.name)", $0.summary) })
    }
    return text
  }

  /// `askonce customer set [OPTIONS] CUSTOMER FIELD=VALUE...`
  package static func usage(_ command: Command) -> String {
    var words = ["askonce", command.name]
    if !command.options.isEmpty { words.append("[OPTIONS]") }
    words += command.operands.map { operand in
      switch operand.count {
      case .one: operand.name
      case .optional: "[\(operand.name)]"
      case .some: "\(operand.name)..."
      case .any: "[\(operand.name)...]"
      }
    }
    return words.joined(separator: " ")
  }

  /// The table of exit codes.
  package static func exitCodes() -> String {
    "How askonce ends, for scripts:\n\n"
      + list(ExitCode.allCases.map { ("\($0.rawValue)", "\($0.name): \($0.meaning)") })
      + "\nWith --json an error is a JSON object on standard error: "
      + "{\"error\":NAME,\"code\":N,\"message\":TEXT}.\n"
  }

  static func spelling(_ option: Option) -> String {
    let short = option.short.map { "-\($0), " } ?? ""
    return short + "--\(option.name)" + (option.placeholder.isEmpty ? "" : " \(option.placeholder)")
  }

  private static func help(_ option: Option) -> String {
    var text = option.help
    if !option.choices.isEmpty { text += " (\(option.choices.joined(separator: ", ")))" }
    if option.kind == .list { text += "; may be given again" }
    return text
  }

  /// Names at the left, their help wrapped at the right.
  private static func list(_ entries: [(name: String, help: String)]) -> String {
    let column = min(entries.map { $0.name.count }.max() ?? 0, 26) + 4
    var text = ""
    for (name, help) in entries {
      let wrapped = wrap(help, indent: column)
      if name.count + 4 > column {
        text += "  \(name)\n\(wrapped)\n"
      } else {
        text += "  \(name)" + wrapped.dropFirst(name.count + 2) + "\n"
      }
    }
    return text
  }

  /// Lines of at most `width` columns, each after `indent` spaces.
  static func wrap(_ text: String, indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, indent + line.count + 1 + word.count > width {
        lines.append(margin + line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return (lines + [margin + line]).joined(separator: "\n")
  }
}
