import Agent
import Codec
import Merge
import ServiceDesk

/// Shows everything about one entity.
enum EntityShow {
  private static let changes = Option.flag("changes", "print its changes instead, one JSON line each")

  static let command = Command(
    "entity show", "Show an entity with all of its fields",
    details: [
      "Facts that must not be shown and redacted words are left out, but not of --changes, which are as they were written."
    ],
    operands: [EntityCommands.entity],
    options: [changes],
    examples: [
      .init("Everything about it", "askonce entity show ticket/k7f3"),
      .init("The changes that it is made of", "askonce entity show k7f3 --changes | jq ."),
    ]
  ) { typed in
    let (text, wantsChanges) = (typed.operand(0), typed.has(changes))
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try context.find(text, desk)
        if wantsChanges {
          for placed in try desk.store.changes(of: id) { context.output.line(ChangeLine.text(placed.change)) }
        } else if let whole = try desk.store.state(of: id) {
          let (state, hidden) = try desk.shown(whole)
          if context.isJSON {
            context.output.json(EntityJSON.value(state, [("hidden", hidden == 0 ? nil : JSONText(hidden))]))
          } else {
            EntityText.write(state, to: context.output)
            EntityText.tellHidden(hidden, context.output)
          }
        }
      }
    }
  }
}
