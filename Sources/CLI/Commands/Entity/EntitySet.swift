import Merge

/// Sets and clears fields of any entity.
enum EntitySet {
  private static let clear = Option.list("clear", "FIELD", "take the field's value away")
  private static let isJSON = Option.flag("json-value", "take the values behind = as JSON, not as strings")

  static let command = Command(
    "entity set", "Set fields of an entity",
    details: [
      "The new value replaces every value that this device knows of, so setting a field also settles a conflict "
        + "about it."
    ],
    operands: [
      EntityCommands.entity,
      Operand("FIELD=VALUE", .any, "a field and its value; FIELD:=JSON for numbers and other JSON"),
    ],
    options: [clear, isJSON],
    examples: [
      .init("A text and a number", "askonce entity set k7f3 name='Tap 400' price:=49.5"),
      .init("Take a value away", "askonce entity set k7f3 --clear price"),
    ]
  ) { typed in
    var draft = try Assignment.draft(typed.operands(from: 1), isJSON: typed.has(isJSON))
    for name in typed.list(clear) {
      let field = try FieldName.parse(name)
      guard draft.set[field] == nil else { throw Failure.usage("'\(name)' is set and cleared at once") }
      draft.clear.insert(field)
    }
    guard !draft.isEmpty else { throw Failure.usage("nothing to set; give FIELD=VALUE or --clear FIELD") }
    let text = typed.operand(0)
    let made = draft
    return { context in try Editing.edit(context, text, made) }
  }
}
