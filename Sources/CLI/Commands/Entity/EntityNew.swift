import Agent
import ServiceDesk

/// Makes an entity of any type.
enum EntityNew {
  private static let isJSON = Option.flag("json-value", "take the values behind = as JSON, not as strings")

  static let command = Command(
    "entity new", "Make an entity of any type and print its id",
    operands: [
      Operand("TYPE", "1 to 32 of a-z 0-9 _ -, a letter first"),
      Operand("FIELD=VALUE", .any, "a field and its first value; FIELD:=JSON for numbers and other JSON"),
    ],
    options: [isJSON],
    examples: [
      .init("A product that tickets can name", "askonce entity new product name='Tap 400' price:=49.5")
    ]
  ) { typed in
    let draft = try Assignment.draft(typed.operands(from: 1), isJSON: typed.has(isJSON))
    let type = typed.operand(0)
    return { context in
      try Editing.create(context) { desk in try desk.record(Edit(.new(type: type), draft)) }
    }
  }
}
