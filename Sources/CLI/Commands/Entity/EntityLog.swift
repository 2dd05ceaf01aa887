import Codec
import Merge

/// Appends to a log.
enum EntityLog {
  private static let isJSON = Option.flag("json-value", "take ENTRY as JSON, not as a string")

  static let command = Command(
    "entity log", "Append an entry to a log of an entity",
    details: ["Entries are never changed and never removed; colleagues' entries are kept beside it."],
    operands: [EntityCommands.entity, EntityCommands.field, Operand("ENTRY", "what to append")],
    options: [isJSON],
    examples: [
      .init("A line of text", "askonce entity log k7f3 journal 'Moved to shelf 4'"),
      .init("An object", #"askonce entity log k7f3 journal --json-value '{"shelf":4}'"#),
    ]
  ) { typed in
    let field = try FieldName.parse(typed.operand(1))
    var draft = Draft()
    draft.log[field] = try Value.parse(typed.operand(2), isJSON: typed.has(isJSON), of: field.text)
    let (text, made) = (typed.operand(0), draft)
    return { context in try Editing.edit(context, text, made) }
  }
}
