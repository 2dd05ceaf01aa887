import Agent
import Causality
import Merge
import ServiceDesk

/// Draws which edits knew which.
enum GraphCommand {
  static let command = Command(
    "graph", "Draw the concurrency of an entity's edits as text",
    details: [
      "One column for each device, oldest edit above. '*' is an edit, '|' a device that goes on from what it knew, 'X' an edit "
        + "that did not know another one above it; those are named behind it."
    ],
    operands: [EntityCommands.entity],
    examples: [.init("Who worked beside whom?", "askonce graph k7f3.418")]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withHistory(of: text) { desk, history in
        let arrivals = SyncArrivals(desk)
        if context.isJSON {
          context.output.json(list: history.steps.map { HistoryJSON.step($0, arrivals) })
        } else {
          for line in HistoryGraph(history).lines {
            let what = HistoryText.edits(line.step).joined(separator: "; ")
            let numbers = line.unknown.map { "\($0 + 1)" }.joined(separator: ", ")
            let beside =
              line.unknown.isEmpty ? "" : context.output.styled("  (did not know \(numbers))", .yellow)
            context.output.line(
              "\(line.lanes)  \(line.number + 1). \(Plain.line(line.step.by)) \(Moment.local(line.step.at))  "
                + Plain.cut(Plain.line(what), to: 100) + beside)
          }
        }
      }
    }
  }
}
