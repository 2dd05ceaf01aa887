/// Scripts by which shells complete command lines, made from the commands' declarations.
enum CompletionScript {
  static let shells = ["bash", "zsh", "fish"]

  static func text(_ shell: String) -> String {
    switch shell {
    case "fish": fish()
    case "zsh": "autoload -U bashcompinit && bashcompinit\n" + bash()
    default: bash()
    }
  }

  /// All that may stand behind some words, by the words: `["ticket": ["new", "show"]]`.
  private static func followers() -> [(words: String, next: [String])] {
    var next: [String: [String]] = ["": []]
    var order = [""]
    for command in Registry.commands {
      for (depth, word) in command.path.enumerated() {
        let words = command.path[..<depth].joined(separator: " ")
        if next[words] == nil { order.append(words) }
        if next[words]?.contains(word) != true { next[words, default: []].append(word) }
      }
    }
    return order.map { ($0, next[$0] ?? []) }
  }

  private static func options(_ command: Command) -> [String] { command.allOptions.map { "--\($0.name)" } }

  // MARK: bash

  private static func bash() -> String {
    let followers = followers()
    let paths = followers.map(\.words) + Registry.commands.map(\.name)
    var text = """
      _askonce() {
        local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} line="" word
        for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
          case "${line:+$line }$word" in
            \(unique(paths).filter { !$0.isEmpty }.map { "\"\($0)\"" }.joined(separator: "|"))) line="${line:+$line }$word" ;;
          esac
        done
        case "$line $before" in

      """
    for command in Registry.commands {
      for option in command.allOptions where !option.choices.isEmpty {
        text += "    \"\(command.name) --\(option.name)\") "
        text +=
          "COMPREPLY=($(compgen -W \"\(option.choices.joined(separator: " "))\" -- \"$current\")); return ;;\n"
      }
    }
    text += "  esac\n  local words=\"\"\n  case \"$line\" in\n"
    for (words, next) in followers {
      let command = Registry.commands.first { $0.name == words }
      let all = next + (command.map(options) ?? Common.all.map { "--\($0.name)" })
      text += "    \"\(words)\") words=\"\(all.joined(separator: " "))\" ;;\n"
    }
    for command in Registry.commands where !followers.contains(where: { $0.words == command.name }) {
      text += "    \"\(command.name)\") words=\"\(options(command).joined(separator: " "))\" ;;\n"
    }
    return text + """
        esac
        COMPREPLY=($(compgen -W "$words" -- "$current"))
      }
      complete -o default -F _askonce askonce

      """
  }

  private static func unique(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
  }

  // MARK: fish

  private static func fish() -> String {
    var text = """
      function __askonce_at
        set -l words (commandline -opc | string match -v -- '-*')
        test "$words[2..]" = "$argv"
      end
      function __askonce_in
        set -l words (commandline -opc | string match -v -- '-*')
        string match -q -- "$argv*" "$words[2..]"
      end

      """
    for group in Registry.groups {
      text += "complete -c askonce -f -n '__askonce_at' -a \(group.name) -d \(quoted(group.summary))\n"
    }
    for (words, next) in followers() where !words.isEmpty {
      for word in next {
        let found = Registry.commands.first { $0.name == "\(words) \(word)" }
        text +=
          "complete -c askonce -f -n '__askonce_at \(words)' -a \(word) -d \(quoted(found?.summary ?? ""))\n"
      }
    }
    for command in Registry.commands {
      for option in command.options {
        text += "complete -c askonce -n '__askonce_in \(command.name)' -l \(option.name)"
        if let short = option.short { text += " -s \(short)" }
        if option.kind != .flag { text += " -r" }
        if !option.choices.isEmpty { text += " -f -a \(quoted(option.choices.joined(separator: " ")))" }
        text += " -d \(quoted(option.help))\n"
      }
    }
    return text
      + "complete -c askonce -l store -r\ncomplete -c askonce -l json\ncomplete -c askonce -l help\n"
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.map { $0 == "'" ? "\\'" : String($0) }.joined() + "'"
  }
}
