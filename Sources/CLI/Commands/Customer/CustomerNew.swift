import Agent
import Codec
import Merge
import ServiceDesk

/// Records a new customer.
enum CustomerNew {
  static let command = Command(
    "customer new", "Record a new customer and print its id",
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
    var draft = try CustomerCommands.fields.draft(typed, assignments: typed.operands(from: 1))
    guard draft.set.updateValue(JSONText(typed.operand(0)), forKey: "name") == nil else {
      throw Failure.usage("'name' is set twice, as NAME too")
    }
    let made = draft
    return { context in
      try Editing.create(context) { desk in
        try desk.store.commit(Edit(.new(type: Vocabulary.customer), made))
      }
    }
  }
}
