import Codec
import ServiceDesk

/// Commands for customers.
enum CustomerCommands {
  static let group = CommandGroup(
    "customer", "Customers: who they are, how they are reached, what is known",
    [
      CustomerNew.command, CustomerShow.command, CustomerSet.command, CustomerList.command,
      CustomerFind.command, CustomerSimilar.command, CustomerDuplicates.command, CustomerMerge.merge,
      CustomerMerge.split, CustomerMerge.distinct, CustomerQuestions.list, CustomerQuestions.answer,
      CustomerExport.command, CustomerErase.command,
    ])

  static let customer = Operand("CUSTOMER", "the start of its id, or its number from another system")

  /// What can be said of a customer by name.
  static let fields = FieldOptions(
    type: Vocabulary.customer,
    fields: [
      (.value("language", "CODE", "the language to write and speak in, such as 'sv'"), "language"),
      (.value("ref", "NUMBER", "the number in another system"), "ref"),
      (.value("street", "TEXT", "the street with its number"), "address.street"),
      (.value("line2", "TEXT", "the flat, building or farm"), "address.line2"),
      (.value("postcode", "TEXT", "the postal code"), "address.postcode"),
      (.value("city", "TEXT", "the place"), "address.city"),
      (.value("country", "CODE", "the country, such as 'SE'"), "address.country"),
      (
        .value("prefers", "CHANNEL", "the channel liked best", choices: Vocabulary.channels),
        Vocabulary.preferredChannel
      ),
    ],
    sets: [
      (.list("phone", "NUMBER", "a phone number to add, best in international form"), "phones"),
      (.list("email", "ADDRESS", "an e-mail address to add"), "emails"),
      (.list("handle", "NAME", "a name on a social network or messenger to add"), "handles"),
      (.list("tag", "WORD", "a tag to add"), "tags"),
      (
        .list("avoid", "CHANNEL", "a channel not to use", choices: Vocabulary.channels),
        Vocabulary.avoidedChannels
      ),
    ])
}
