import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Records a new customer.
enum CustomerNew {
  static let command = Command(
    "customer new", "Record a new customer and print its id",
    details: [
      "Where somebody like that is here already, a line on the standard error says so, as where somebody has the same phone or "
        + "e-mail; 'customer similar' tells it before."
    ],
    operands: [Operand("NAME", "the customer's name"), FieldOptions.operand],
    options: CustomerCommands.fields.options,
    examples: [
      .init(
        "A customer calls for the first time",
        "askonce customer new 'Anna Lind' --phone +46701234567 --language sv"),
      .init(
        "With what was learned already",
        "askonce customer new 'Bo Ek' --email bo@example.org fact.shoe_size:=44"),
    ]
  ) { typed in
    let made = try CustomerCommands.fields.draft(
      typed, assignments: typed.operands(from: 1), named: [("NAME", "name", typed.operand(0))])
    return { context in
      try Editing.create(context) { desk in
        let change = try desk.record(Edit(.new(type: Vocabulary.customer), made))
        if let change { try warn(of: change.on, desk, context) }
        return change
      }
    }
  }

  /// Says on the standard error who the new customer may be: it is made all the same, because nobody should wait for that.
  private static func warn(of id: EntityID, _ desk: Desk, _ context: Context) throws {
    for suggestion in try desk.duplicates(of: id, limit: 3) {
      let (new, other) = (desk.shortID(id), desk.shortID(suggestion.other))
      let name = try desk.store.mergedState(of: suggestion.other)?.text("name") ?? ""
      guard suggestion.grade == .likely else {
        // Who shares a phone may be of one family.
        if let same = suggestion.evidence.first(where: { ["phone", "email"].contains($0.feature) }) {
          context.note("\(name) (\(other)) has the same \(same.feature)")
        }
        continue
      }
      context.note(
        "this may be \(name) (\(other)), by \(suggestion.evidence.map(\.feature).joined(separator: ", ")); if so: "
          + "askonce customer merge \(other) \(new)")
    }
  }
}
