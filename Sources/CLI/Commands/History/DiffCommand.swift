import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Compares two states of an entity.
enum DiffCommand {
  private static let from = Option.value(
    "from", "WHEN", "the earlier state: a position or a time (default: nothing)")
  private static let to = Option.value("to", "WHEN", "the later state: a position or a time (default: now)")

  static let command = Command(
    "diff", "Show what changed on an entity between two moments",
    details: [
      "A plain number is a position of the workspace's order, anything else a time, as for 'askonce show --at'.",
      HistoryText.isWhole,
    ],
    operands: [EntityCommands.entity],
    options: [from, to],
    examples: [
      .init("Since yesterday", "askonce diff k7f3.418 --from 1d"),
      .init("Between two positions", "askonce diff k7f3.418 --from 10400 --to 10432"),
    ]
  ) { typed in
    let (text, start, end) = (typed.operand(0), typed[from], typed[to])
    for when in [start, end].compactMap(\.self) where KnowledgeOptions.position(when) == nil {
      _ = try Moment.parse(when, now: 0)
    }
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try context.find(text, desk)
        let old = try start.flatMap { try desk.state(of: id, at: try KnowledgeOptions.cut($0, context)) }
        let new =
          try end.map { try desk.state(of: id, at: try KnowledgeOptions.cut($0, context)) }
          ?? desk.store.mergedState(of: id)
        let lines = StateDifference(old, new).lines
        if lines.contains(where: { $0.old?.isThinned == true || $0.new?.isThinned == true }) {
          context.note(try RetentionCommand.missing(desk))
        }
        if context.isJSON {
          context.output.json(
            list: lines.map { line in
              JSONText(present: [
                ("field", JSONText(line.field.text)), ("old", line.old), ("new", line.new),
              ])
            })
        } else if lines.isEmpty {
          context.note("nothing changed")
        } else {
          for line in lines {
            if let old = line.old {
              context.output.line(
                context.output.styled("- \(Plain.line("\(line.field.text): \(old.told)"))", .red))
            }
            if let new = line.new {
              context.output.line(
                context.output.styled("+ \(Plain.line("\(line.field.text): \(new.told)"))", .green))
            }
          }
        }
      }
    }
  }
}
