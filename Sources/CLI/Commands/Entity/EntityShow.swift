import Agent
import Codec
import Merge
import ServiceDesk

/// Shows everything about one entity.
enum EntityShow {
  private static let changes = Option.flag("changes", "print its changes instead, one JSON line each")

  static let command = Command(
    "entity show", "Show an entity with all of its fields",
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
        } else if let state = try desk.store.state(of: id) {
          if context.isJSON {
            context.output.json(EntityJSON.value(state))
          } else {
            EntityText.write(state, to: context.output)
          }
        }
      }
    }
  }
}
