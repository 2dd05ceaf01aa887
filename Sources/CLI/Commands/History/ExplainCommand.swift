import Agent
import Codec
import Merge
import ServiceDesk

/// Says why a field has its value.
enum ExplainCommand {
  static let command = Command(
    "explain", "Say step by step why a field has the value that is shown",
    details: [HistoryText.isWhole],
    operands: [EntityCommands.entity, EntityCommands.field],
    examples: [
      .init("Why does it say open again?", "askonce explain k7f3.418 status"),
      .init("For a program", "askonce explain k7f3.418 status --json | jq -r .why[-1]"),
    ]
  ) { typed in
    let (text, field) = (typed.operand(0), try FieldName.parse(typed.operand(1)))
    return { context in
      try context.withHistory(of: text) { desk, history in
        let explanation = Explanation(history, field) { Moment.local($0) }
        if context.isJSON {
          let arrivals = SyncArrivals(desk)
          context.output.json([
            ("on", JSONText("\(history.id)")), ("field", JSONText(field.text)),
            ("shown", explanation.shown?.value), ("rule", JSONText(explanation.policy.name)),
            ("heads", JSONText(array: explanation.steps.filter(\.isHead).map { JSONText("\($0.step.id)") })),
            ("steps", JSONText(array: explanation.steps.map { HistoryJSON.step($0.step, arrivals, field) })),
            ("why", EntityJSON.strings(explanation.sentences)),
          ])
          return
        }
        for (index, sentence) in explanation.sentences.enumerated() {
          let isLast = index == explanation.sentences.count - 1
          let mark = isLast ? "=> " : "\(index + 1). "
          context.output.line(context.output.styled(mark + Plain.line(sentence), isLast ? .bold : nil))
        }
      }
    }
  }
}
