import Agent
import Codec
import Merge
import ServiceDesk

/// Shows and sets whose national phone numbers people write.
enum CountryCommand {
  static let command = Command(
    "country", "Show or set the country whose national phone numbers people write",
    details: [
      "A number without a calling code is taken for one of the customer's country, where the address names it by its two "
        + "letters, else for one of this country. It holds for the whole workspace."
    ],
    operands: [Operand("CODE", .optional, "its two letters, such as 'SE'")],
    examples: [.init("Set it once", "askonce country SE"), .init("Show it", "askonce country")]
  ) { typed in
    let code = typed.optional(0)?.uppercased()
    if let code, !PhoneNumber.countries.contains(code) {
      throw Failure.usage("'\(code)' is no country; its two letters are meant, such as 'SE'")
    }
    return { context in
      try context.withDesk(code == nil ? .reading : .writing) { desk in
        if let code {
          let change = try desk.configure(Draft(set: [Vocabulary.country: code]))
          Editing.report(context, Vocabulary.settingsID, change)
          return
        }
        let country = try desk.country()
        if context.isJSON {
          context.output.json([("country", country.map { JSONText($0) })])
        } else {
          context.output.line(country ?? "not set: numbers are compared by their last digits")
        }
      }
    }
  }
}
