import Codec
import Merge
import ServiceDesk

/// Changes a customer.
enum CustomerSet {
  private static let drops: [(option: Option, field: ExactString)] = [
    (.list("drop-phone", "NUMBER", "a phone number to take out"), "phones"),
    (.list("drop-email", "ADDRESS", "an e-mail address to take out"), "emails"),
    (.list("drop-handle", "NAME", "a handle to take out"), "handles"),
    (.list("drop-tag", "WORD", "a tag to take out"), "tags"),
    (.list("drop-avoid", "CHANNEL", "a channel that may be used again"), Vocabulary.avoidedChannels),
  ]
  private static let name = Option.value("name", "NAME", "the customer's name")

  /// The name of the option that sets the part of the profile that a question is about; nil where it is about none.
  static func option(for key: String) -> String? {
    guard let field = FactKey.profileField(key) else { return nil }
    return (fields.fields + fields.sets).first { $0.field == field }?.option.name
  }

  private static let fields = FieldOptions(
    type: Vocabulary.customer, fields: [(name, "name")] + CustomerCommands.fields.fields,
    sets: CustomerCommands.fields.sets)

  static let command = Command(
    "customer set", "Change what is known about a customer",
    details: [
      "A new value replaces every value that this device knows of, so setting a field also settles a conflict "
        + "about it."
    ],
    operands: [CustomerCommands.customer, FieldOptions.operand],
    options: fields.options + drops.map(\.option) + [FieldOptions.clear],
    examples: [
      .init("She moved", "askonce customer set k7f3.12 --street 'Storgatan 4' --city Lund"),
      .init("A number is no longer hers", "askonce customer set k7f3.12 --drop-phone +46701234567"),
    ]
  ) { typed in
    var draft = try fields.draft(typed, assignments: typed.operands(from: 1))
    for (option, field) in drops where typed.has(option) {
      draft.drop[field] = typed.list(option).map { ExactString($0) }
    }
    guard !draft.isEmpty else { throw Failure.usage("nothing to change; give an option or FIELD=VALUE") }
    let (text, made) = (typed.operand(0), draft)
    return { context in try Editing.edit(context, text, type: Vocabulary.customer, made) }
  }
}
