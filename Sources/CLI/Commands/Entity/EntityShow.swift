import Agent
import Codec
import Merge

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
      let store = try context.open(.reading)
      if wantsChanges {
        for placed in try store.changes(of: try Lookup(store).entity(text)) {
          context.output.line(ChangeLine.text(placed.change))
        }
        return .ok
      }
      let state = try Lookup(store).state(text)
      if context.isJSON {
        context.output.json(EntityJSON.value(state))
      } else {
        EntityText.write(state, to: context.output)
      }
      return .ok
    }
  }
}
