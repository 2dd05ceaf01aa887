import Codec
import Merge

/// Takes elements out of a set.
enum EntityDrop {
  static let command = Command(
    "entity drop", "Take elements out of a set of an entity",
    details: ["What a colleague adds at the same time, without having seen this, stays."],
    operands: [EntityCommands.entity, EntityCommands.field, Operand("ELEMENT", .some, "what to take out")],
    examples: [.init("One colour", "askonce entity drop k7f3 colours red")]
  ) { typed in
    var draft = Draft()
    draft.drop[try FieldName.parse(typed.operand(1))] = typed.operands(from: 2).map { ExactString($0) }
    let (text, made) = (typed.operand(0), draft)
    return { context in try Editing.edit(context, text, made) }
  }
}
