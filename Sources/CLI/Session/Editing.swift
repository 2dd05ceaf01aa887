import Agent
import Causality
import Codec
import Merge

/// Makes edits and says what came of them.
enum Editing {
  /// Makes one edit of an entity that is there.
  static func edit(
    _ context: Context, _ text: String, type: String? = nil, _ draft: (Store, EntityID) throws -> Draft
  ) throws -> ExitCode {
    let store = try context.open(.writing)
    let id = try Lookup(store).entity(text, type: type)
    let change = try store.commit(Edit(.entity(id), try draft(store, id)))
    report(context, id, change)
    return try finish(store)
  }

  /// Makes a new entity and prints its id.
  static func create(_ context: Context, type: String, _ draft: Draft) throws -> ExitCode {
    let store = try context.open(.writing)
    if let change = try store.commit(Edit(.new(type: type), draft)) {
      if context.isJSON { report(context, change.on, change) } else { context.output.line("\(change.on)") }
    }
    return try finish(store)
  }

  /// What every command that edited does last: compaction happens in the background of commands.
  private static func finish(_ store: Store) throws -> ExitCode {
    try store.compact()
    return .ok
  }

  private static func report(_ context: Context, _ id: EntityID, _ change: Change?) {
    if context.isJSON {
      context.output.json([
        ("on", JSONText(id.description)), ("change", change.map { JSONText($0.id.description) }),
      ])
    } else if change != nil {
      context.output.line("changed \(id)")
    } else {
      context.output.line("\(id) is so already")
    }
  }
}
