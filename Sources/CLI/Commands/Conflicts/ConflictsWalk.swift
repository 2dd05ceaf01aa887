import Agent
import Codec
import ServiceDesk

/// Goes through the inbox one by one.
enum ConflictsWalk {
  static let command = Command(
    "conflicts walk", "Settle conflicts one after another with single keys",
    details: [
      "Shows one conflict after another. 1 to 9 takes a side; v asks for a value; m merges the values; n asks for a note and marks "
        + "a situation as dealt with; d marks it without a note, where something was erased and keeps no words; s or space skips; b "
        + "goes back; u undoes the last settlement; q or Ctrl-C quits. Every settlement is on disk before the next conflict is "
        + "shown, so quitting loses nothing."
    ],
    options: ConflictFilterOptions.all,
    examples: [
      .init("All of them", "askonce conflicts walk"),
      .init(
        "Those of my team about who has a ticket", "askonce conflicts walk --team plumbing --field assignee"),
    ]
  ) { typed in
    let options = try ConflictFilterOptions(typed)
    return { context in
      guard !context.isJSON else {
        throw Failure.usage("'conflicts walk' is for people; use 'conflicts --json'")
      }
      guard context.output.isTerminal, let keys = KeyReader() else {
        throw Failure(
          .usage,
          "'conflicts walk' needs a terminal; a script uses 'conflicts --json' and 'conflicts settle'",
          command: "conflicts walk")
      }
      defer { keys.end() }
      return try context.withDesk(.writing) { desk in
        var walk = try ConflictWalk(desk, context, options.filter(desk, context), keys)
        try walk.run()
      }
    }
  }
}
