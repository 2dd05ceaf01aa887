/// All commands, in the order in which help lists them.
package enum Registry {
  package static let sections: [(title: String, groups: [CommandGroup])] = [
    (
      "Never ask twice",
      [
        CommandGroup(BriefCommand.command), CommandGroup(AskCommand.command), FactCommands.group,
        ChecklistCommands.group, ConsentCommands.group,
      ]
    ),
    (
      "Customers and tickets",
      [
        CustomerCommands.group, OrganisationCommands.group, TicketCommands.group, EntityCommands.group,
        CommandGroup(CountryCommand.command), ErasureStatus.group,
      ]
    ),
    (
      "Let them help themselves",
      [CommandGroup(SearchCommand.command), ArticleCommands.group, CommandGroup(TopicsCommand.command)]
    ),
    (
      "Care",
      [
        CommandGroup(QueueCommand.command), TriageCommands.group, TargetCommands.group,
        CommandGroup(HoursCommand.command),
        PromiseCommands.group, CommandGroup(PromiseCommands.dueCommand), SavedReplyCommands.group,
        CommandGroup(GatewayCommand.command), OutreachCommands.group,
        SurveyCommands.group, CommandGroup(ReportCommand.command),
      ]
    ),
    (
      "Conflicts and history",
      [
        ConflictsCommands.group, CommandGroup(ShowCommand.command), CommandGroup(HistoryCommand.command),
        CommandGroup(BlameCommand.command), CommandGroup(ExplainCommand.command),
        CommandGroup(DiffCommand.command), CommandGroup(GraphCommand.command),
        CommandGroup(LogCommand.command),
      ]
    ),
    (
      "This device",
      [
        CommandGroup(InitCommand.command), CommandGroup(JoinCommand.command),
        CommandGroup(SyncCommand.command),
        CommandGroup(StatusCommand.command), CommandGroup(ImportCommand.command),
        CommandGroup(ExportCommand.command), CommandGroup(VerifyCommand.command),
        CommandGroup(CompactCommand.command), CommandGroup(RetentionCommand.command),
        CommandGroup(DigestCommand.command), CommandGroup(CompletionCommand.command),
      ]
    ),
    ("Server", [CommandGroup(ServeCommand.command), AdminCommands.group]),
    ("To see it work", [CommandGroup(DemoCommand.command)]),
  ]

  package static let groups: [CommandGroup] = sections.flatMap(\.groups)
  package static let commands: [Command] = groups.flatMap(\.commands)

  package enum Found {
    case help(String)
    case command(Command, arguments: [String])
  }

  private static let version = Option.flag("version", short: "V", "print the version")

  /// Finds the command that a command line names. Options that every command has may stand before or between its
  /// words.
  package static func locate(_ arguments: [String]) throws(Failure) -> Found {
    var reader = ArgumentReader(arguments, options: Common.all + [version])
    var before: [String] = []
    var words: [String] = []
    while let tokens = try reader.next() {
      for token in tokens {
        switch token {
        case .option(version, _): return .help("askonce \(CLI.version)\n")
        case .option(let option, let value):
          before.append("--\(option.name)" + (value.map { "=\($0)" } ?? ""))
        case .operand("help") where words.isEmpty: return .help(try help(reader.remaining))
        case .operand(let word):
          words.append(word)
          let fitting = try commands(startingWith: words)
          guard let exact = fitting.first(where: { $0.path == words }) else { continue }
          // `conflicts` is a command and `conflicts show` another one.
          let next = nextWord(reader).map { words + [$0] }
          if let next, fitting.contains(where: { $0.path.starts(with: next) }) { continue }
          return .command(exact, arguments: before + reader.remaining)
        }
      }
    }
    if before.contains("--help") || words.isEmpty { return .help(try help(words)) }
    let verbs = try commands(startingWith: words).map { $0.path[words.count] }
    throw Failure(
      .usage, "'\(words.joined(separator: " "))' needs a command behind it: \(listed(verbs))",
      command: words[0])
  }

  /// The word behind options that every command has; nil where something else comes, or `--`, behind which no command's
  /// name stands.
  private static func nextWord(_ reader: ArgumentReader) -> String? {
    var ahead = reader
    while ahead.remaining.first != "--", let tokens = try? ahead.next() {
      for case .operand(let word) in tokens { return word }
    }
    return nil
  }

  /// The commands whose path starts with some words.
  private static func commands(startingWith words: [String]) throws(Failure) -> [Command] {
    let fitting = commands.filter { $0.path.starts(with: words) }
    guard fitting.isEmpty, let word = words.last else { return fitting }
    let before = words.dropLast()
    let candidates = commands.filter { $0.path.count > before.count && $0.path.starts(with: before) }
      .map { $0.path[before.count] }
    let near = Suggestion.nearest(to: word, among: candidates).map { "; did you mean '\($0)'?" }
    if let noun = before.first {
      let known = candidates.isEmpty ? "" : "; there are \(listed(candidates))"
      throw Failure(.usage, "'\(noun)' has no command '\(word)'\(near ?? known)", command: noun)
    }
    throw .usage("there is no command '\(word)'\(near ?? "; 'askonce --help' lists them")")
  }

  private static func listed(_ words: [String]) -> String {
    var seen: Set<String> = []
    return words.filter { seen.insert($0).inserted }.joined(separator: ", ")
  }

  /// The commands that begin with the words of this one and go on: `conflicts settle` of `conflicts`.
  static func verbs(of command: Command) -> [Command] {
    commands.filter { $0.path.count > command.path.count && $0.path.starts(with: command.path) }
  }

  /// Help on a command, a noun, a topic or everything.
  private static func help(_ words: [String]) throws(Failure) -> String {
    let words = words.filter { !$0.hasPrefix("-") }
    if words.isEmpty { return HelpText.overview(sections) }
    if words == ["exit-codes"] { return HelpText.exitCodes() }
    let fitting = try commands(startingWith: words)
    if let exact = fitting.first(where: { $0.path == words }), fitting.count == 1 {
      return HelpText.text(exact)
    }
    guard let group = groups.first(where: { $0.name == words[0] }) else { return HelpText.overview(sections) }
    return HelpText.text(group)
  }
}
