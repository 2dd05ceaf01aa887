import Agent
import Codec
import Merge
import ServiceDesk

/// Lists what happened to one entity.
enum HistoryCommand {
  static let command = Command(
    "history", "Show who changed what on a ticket, customer or other entity",
    details: [
      "Oldest first, in the workspace's order: POSITION is a change's place in it, WHEN its author's date. Edits that "
        + "did not know each other are marked parallel. --json also has the device, when the server received a change, "
        + "and when it came to this device.",
      HistoryText.isWhole,
    ],
    operands: [EntityCommands.entity, Operand("FIELD", .optional, "only changes of this field")],
    examples: [
      .init("All of a ticket's changes", "askonce history k7f3.418"),
      .init("Who set the status, and what it was before", "askonce history k7f3.418 status"),
      .init("The devices", "askonce history k7f3.418 --json | jq -r '.[].replica'"),
    ]
  ) { typed in
    let text = typed.operand(0)
    let field = try typed.optional(1).map { text throws(Failure) in try FieldName.parse(text) }
    return { context in
      try context.withHistory(of: text) { desk, history in
        let steps = history.steps.filter { step in
          field == nil || step.edits.contains { $0.field == field || $0.isErasure }
        }
        if context.isJSON {
          let arrivals = SyncArrivals(desk)
          context.output.json(list: steps.map { HistoryJSON.step($0, arrivals, field) })
          return
        }
        if steps.isEmpty { context.note("nobody changed '\(field?.text ?? "it")' on \(history.id)") }
        var table = Table(["position", "when", "who", "device", "what"], numbers: [0])
        for step in steps {
          for (index, words) in HistoryText.edits(step, field).enumerated() {
            let isFirst = index == 0
            table.add([
              .init(isFirst ? HistoryText.place(step) : ""), .init(isFirst ? Moment.local(step.at) : ""),
              .init(isFirst ? step.by : ""), .init(isFirst ? String("\(step.replica)".prefix(4)) : ""),
              .init(words),
            ])
          }
          if step.placed.isClamped {
            table.add([
              "", "", "", "",
              .init("its clock ran ahead: counts as made \(Moment.local(step.effective))", .yellow),
            ])
          }
          if let parallel = HistoryText.parallel(step, history, desk) {
            table.add(["", "", "", "", .init(parallel, .yellow)])
          }
        }
        table.write(to: context.output)
      }
    }
  }
}
