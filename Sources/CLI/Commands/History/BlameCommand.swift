import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Says who wrote what an entity says now.
enum BlameCommand {
  static let command = Command(
    "blame", "Show who last wrote each field and each element of an entity",
    details: [HistoryText.isWhole],
    operands: [EntityCommands.entity],
    examples: [
      .init("Who says so?", "askonce blame k7f3.418"),
      .init(
        "The author of one field", "askonce blame k7f3.418 --json | jq '.[] | select(.field == \"status\")'"),
    ]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withHistory(of: text) { _, history in
        let lines = Blame(history).lines
        if context.isJSON {
          context.output.json(
            list: lines.map { line in
              JSONText(present: [
                ("field", JSONText(line.field.text)), ("value", line.value),
                ("shown", JSONText(line.isShown)),
                ("by", JSONText(line.step.by)), ("at", JSONText("\(line.step.at)")),
                ("change", JSONText("\(line.step.id)")), ("replica", JSONText("\(line.step.replica)")),
                ("position", line.step.position.map { JSONText(Int($0)) }),
              ])
            })
          return
        }
        var table = Table(["field", "who", "when", "position", "value"], numbers: [3])
        for line in lines {
          table.add([
            .init(line.field.text), .init(line.step.by), .init(Moment.local(line.step.at)),
            .init(HistoryText.place(line.step)), .init(line.value.plain, line.isShown ? nil : .yellow),
          ])
        }
        table.write(to: context.output)
      }
    }
  }
}
