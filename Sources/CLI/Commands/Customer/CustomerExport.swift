import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Gives everything that is held on a person.
enum CustomerExport {
  static let command = Command(
    "customer export", "Export everything that is held on a person, as text or with --json",
    details: [
      "For whoever asks what is held on them: profile, facts (hidden ones too, since they are theirs), consents, "
        + "tickets with their timelines and internal notes, promises, surveys and whatever else names the customer or one of these "
        + "tickets. The JSON also has every edit, so what was replaced is in it too."
    ],
    operands: [CustomerCommands.customer],
    examples: [
      .init("To read", "askonce customer export k7f3.12 > anna-lind.txt"),
      .init("For another system", "askonce customer export k7f3.12 --json > anna-lind.json"),
    ]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.reading) { desk in
        let data = try desk.personalData(try context.customer(text, desk))
        if context.isJSON { write(json: data, context) } else { write(data, desk, context.output) }
      }
    }
  }

  private static func write(json data: Desk.PersonalData, _ context: Context) {
    context.output.json([
      ("customer", EntityJSON.value(data.customer)),
      ("consents", JSONText(array: data.consents.map(ConsentCommands.json))),
      ("entities", JSONText(array: data.entities.map { EntityJSON.value($0) })),
      ("changes", JSONText(array: data.changes.map { ChangeJSON.value($0.change) })),
    ])
  }

  private static func write(_ data: Desk.PersonalData, _ desk: Desk, _ output: Output) {
    output.line(output.styled("Everything held on \(Plain.line(data.customer.text("name") ?? ""))", .bold))
    output.line()
    EntityText.write(data.customer, to: output)
    output.line()
    output.line(output.styled("What it may be used for", .bold))
    for answer in data.consents {
      let source = answer.head.map { "said to \($0.by), \(Moment.local($0.effective))" } ?? "nothing was said"
      output.line(
        "  \(answer.purpose): \(answer.isGranted ? "granted" : "withdrawn") (\(Plain.line(source)))")
    }
    for entity in data.entities {
      output.line()
      EntityText.write(entity, to: output)
    }
    output.line()
    output.line("\(Words.count(data.changes.count, "edit")) in all; --json has each of them")
  }
}
