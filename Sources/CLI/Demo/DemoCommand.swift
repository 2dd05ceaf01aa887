import Glibc

/// Shows what AskOnce is for, on real dialogues, and checks what it shows.
enum DemoCommand {
  private static let dialogues = Option.value(
    "dialogues", "FILE", "STAR dialogues to work on; by default those of the project's Fixtures folder")
  private static let keep = Option.flag("keep", "keep the demo's folder and say where it is")

  static let command = Command(
    "demo", "Show three agents, an outage and a merge, on real dialogues",
    details: [
      """
      Starts a server on a free loopback port and three agents with stores of their own in a temporary folder. They \
      import customers and tickets, lose the network, edit the same tickets, one with a clock that is two days \
      ahead, one killed while writing; then they sync. Every claim that it prints was checked: it exits with 0 \
      only if all of them held. It leaves nothing behind. The dialogues are in the project's repository: where neither the \
      program nor the working folder is in a copy of that, name a file with --dialogues.
      """
    ],
    options: [dialogues, keep],
    examples: [.init("See it", "askonce demo")]
  ) { typed in
    let (file, isKept) = (typed[dialogues], typed.has(keep))
    return { context in
      let path = try file ?? standardDialogues()
      let story = try DemoStory(context, dialogues: path)
      defer {
        if isKept { context.output.line("\nThe demo's folder: \(story.folder)") } else { story.cleanUp() }
      }
      try story.tell()
      return .ok
    }
  }

  /// `Fixtures/star/dialogues.jsonl`, looked for upwards from the program and from the working folder.
  private static func standardDialogues() throws(Failure) -> String {
    let program = NetworkProgram.path() ?? ""
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let working = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? ""
    for start in [program, working + "/x"] {
      var folder = start[...]
      while let slash = folder.lastIndex(of: "/") {
        folder = folder[..<slash]
        let path = "\(folder)/Fixtures/star/dialogues.jsonl"
        if access(path, R_OK) == 0 { return path }
      }
    }
    throw .usage(
      "Fixtures/star/dialogues.jsonl of the project's repository was not found above the program or the working folder; name a "
        + "file of STAR dialogues with --dialogues")
  }
}
