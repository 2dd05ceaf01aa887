import Codec
import Merge

/// Adds elements to a set.
enum EntityAdd {
  static let command = Command(
    "entity add", "Add elements to a set of an entity",
    operands: [EntityCommands.entity, EntityCommands.field, Operand("ELEMENT", .some, "what to add")],
    examples: [.init("Two colours", "askonce entity add k7f3 colours red green")]
  ) { typed in
    var draft = Draft()
    draft.add[try FieldName.parse(typed.operand(1))] = typed.operands(from: 2).map { ExactString($0) }
    let (text, made) = (typed.operand(0), draft)
    return { context in try Editing.edit(context, text, made) }
  }
}
