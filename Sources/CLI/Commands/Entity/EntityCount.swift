import Merge

/// Moves a counter.
enum EntityCount {
  /// As large as every JSON reader keeps exactly.
  private static let limit: Int64 = 1 << 53 - 1

  static let command = Command(
    "entity count", "Add to a counter of an entity, or take away from it",
    details: ["Counts of several devices add up."],
    operands: [
      EntityCommands.entity, EntityCommands.field,
      Operand("STEP", .optional, "a whole number, such as 3 or -1 (default: 1)"),
    ],
    examples: [
      .init("One more visit", "askonce entity count k7f3 visits"),
      .init("Two fewer in stock", "askonce entity count k7f3 stock -2"),
    ]
  ) { typed in
    let step = typed.optional(2) ?? "1"
    guard let number = Int64(step), number != 0, (-limit...limit).contains(number) else {
      throw Failure.usage("STEP is a whole number from -\(limit) to \(limit), other than 0, not '\(step)'")
    }
    var draft = Draft()
    draft.count[try FieldName.parse(typed.operand(1))] = number
    let (text, made) = (typed.operand(0), draft)
    return { context in try Editing.edit(context, text, made) }
  }
}
