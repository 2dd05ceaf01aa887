import Agent
import Codec
import ServiceDesk

/// Shows one entry of the inbox.
enum ConflictsShow {
  static let command = Command(
    "conflicts show", "Show a conflict: both sides, what each knew, what was before",
    operands: [ConflictsCommands.conflict],
    examples: [
      .init("Side by side", "askonce conflicts show 7k3f"),
      .init("Which value is shown now", "askonce conflicts show 7k3f --json | jq '.sides[.shown].value'"),
    ]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.reading) { desk in
        let conflict = try context.findConflict(text, desk)
        guard context.isJSON else { return try ConflictText.write(conflict, desk, context) }
        let arrivals = SyncArrivals(desk)
        let around = try ConflictTimeline.steps(conflict, desk).map { HistoryJSON.step($0, arrivals) }
        let members = (conflict.json.members ?? []).map { ($0.key, $0.value) }
        context.output.json(JSONText(object: members + [("around", JSONText(array: around))]))
      }
    }
  }
}
