import Agent
import Codec
import Merge
import ServiceDesk

/// Settles a conflict, and takes that back.
enum ConflictsSettle {
  private static let take = Option.value("take", "N", "side N is right, in the order in which they are told")
  private static let value = Option.value("value", "V", "another value is right")
  private static let isJSON = Option.flag("json-value", "take V as JSON, not as a string")
  private static let merge = Option.flag(
    "merge", "all values together: lists joined, objects joined where they agree")
  private static let note = Option.value("note", "TEXT", "why; kept in the history")

  static let command = Command(
    "conflicts settle", "Settle a conflict by an edit that syncs like any other",
    details: [
      "A field gets the value in place of all that this device knows; one that means something to the desk, such as status, takes "
        + "what 'ticket set' takes, and a setting what its own command makes, as --json prints it, or a bare value such as days. A "
        + "situation is marked as dealt with; --take says which side "
        + "stands. What is about something that was erased keeps no words: there nothing but the conflict is given. Two "
        + "people who settle one differently without knowing of each other have a conflict again."
    ],
    operands: [ConflictsCommands.conflict],
    options: [take, value, isJSON, merge, note],
    examples: [
      .init("Anna is right", "askonce conflicts settle 7k3f --take 1"),
      .init("Neither is", "askonce conflicts settle 7k3f --value pending --note 'Waits for the part'"),
      .init(
        "A situation was dealt with", "askonce conflicts settle 7k3f --note 'Called Lars, he takes the part'"),
    ]
  ) { typed in
    let ways = [take, value, merge].count(where: typed.has)
    guard ways <= 1 else { throw Failure.usage("--take, --value and --merge exclude each other") }
    guard !typed.has(isJSON) || typed.has(value) else { throw Failure.usage("--json-value needs --value") }
    let side = try typed.number(take, in: 1...1000)
    let how: Settlement
    if let text = typed[value] {
      how = .value(try Value.parse(text, isJSON: typed.has(isJSON), of: "value"))
    } else {
      how = typed.has(merge) ? .merge : .done
    }
    let (text, reason) = (typed.operand(0), typed[note])
    return { context in
      try context.withDesk(.writing) { desk in
        let conflict = try context.findConflict(text, desk)
        guard ways == 1 || reason != nil || desk.store.isErased(conflict.on) else {
          throw Failure.usage("how? Give --take N, --value V or --merge; for a situation --note is enough")
        }
        var checked = how
        if let side {
          checked = try .taking(side, of: conflict)
        } else if case .value(let value) = how {
          checked = .value(try BuiltInField.settling(conflict, with: value, context, desk))
        }
        let change = try desk.settle(conflict, checked, note: reason)
        if context.isJSON {
          context.output.json([
            ("conflict", JSONText(conflict.id)), ("on", JSONText("\(conflict.on)")),
            ("change", change.map { JSONText("\($0.id)") }),
            ("value", conflict.field.flatMap { change?.value(of: $0) }),
          ])
        } else {
          let taken = ConflictText.taken(conflict, checked, change).map { ": \(Plain.line($0))" } ?? ""
          context.output.line(
            "settled \(conflict.id) on \(conflict.on)\(taken); 'askonce conflicts undo \(conflict.id)' takes it back"
          )
        }
      }
    }
  }
}

extension Settlement {
  /// That a side is right, counted from 1 as people do.
  static func taking(_ number: Int, of conflict: Conflict) throws(Failure) -> Settlement {
    guard conflict.sides.indices.contains(number - 1) else {
      let count = conflict.sides.count
      throw .usage("conflict \(conflict.id) has \(count) sides; take 1 to \(count)")
    }
    return .take(number - 1)
  }
}

/// Takes a settlement back.
enum ConflictsUndo {
  static let command = Command(
    "conflicts undo", "Take a settlement back, so that the conflict is open again",
    details: [
      "Every value comes back by an edit that says which one it brings back, on every device after a sync. It is refused "
        + "where the field was changed after it was settled."
    ],
    operands: [ConflictsCommands.conflict],
    examples: [
      .init("The last one was a mistake", "askonce conflicts undo 7k3f"),
      .init("What was settled today", "askonce conflicts --all --since 8h"),
    ]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.writing) { desk in
        let conflict = try context.findConflict(text, desk)
        let changes = try desk.unsettle(conflict)
        if context.isJSON {
          context.output.json([
            ("conflict", JSONText(conflict.id)), ("on", JSONText("\(conflict.on)")),
            ("changes", JSONText(array: changes.map { JSONText("\($0.id)") })),
          ])
        } else {
          context.output.line("conflict \(conflict.id) on \(conflict.on) is open again")
        }
      }
    }
  }
}
