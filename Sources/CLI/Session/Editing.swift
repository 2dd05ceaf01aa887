import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Makes edits and says what came of them.
enum Editing {
  /// Makes one edit of an entity that is there.
  ///
  /// - Parameters:
  ///   - text: what was typed for the entity.
  ///   - type: the only type wanted; nil for any. Of a ticket that was merged into another one, that one is edited.
  ///   - make: makes the edit; nil where it would change nothing.
  static func edit(
    _ context: Context, _ text: String, type: String? = nil,
    _ make: (Desk, EntityID) throws -> Change?
  ) throws -> ExitCode {
    try context.withDesk(.writing) { desk in
      let id =
        type == Vocabulary.ticket
        ? try context.wholeTicket(text, desk) : try context.find(text, type: type, desk)
      let change = try make(desk, id)
      report(context, id, change)
    }
  }

  /// Makes one edit of an entity that is there, by a draft.
  static func edit(_ context: Context, _ text: String, type: String? = nil, _ draft: Draft) throws -> ExitCode
  {
    try edit(context, text, type: type) { desk, id in try desk.record(Edit(.entity(id), draft)) }
  }

  /// Makes a new entity and prints its id.
  static func create(_ context: Context, _ make: (Desk) throws -> Change?) throws -> ExitCode {
    try context.withDesk(.writing) { desk in
      guard let change = try make(desk) else { return }
      if context.isJSON { report(context, change.on, change) } else { context.output.line("\(change.on)") }
    }
  }

  /// Says what came of an edit.
  ///
  /// - Parameter unchanged: what to say of the entity where there was nothing to do.
  static func report(
    _ context: Context, _ id: EntityID, _ change: Change?, unchanged: String = "is so already"
  ) {
    if context.isJSON {
      context.output.json([
        ("on", JSONText(id.description)), ("change", change.map { JSONText($0.id.description) }),
      ])
    } else if change != nil {
      context.output.line("changed \(id)")
    } else {
      context.output.line("\(id) \(unchanged)")
    }
  }
}
