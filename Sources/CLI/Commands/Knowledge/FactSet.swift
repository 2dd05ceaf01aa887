import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Writes down what a customer said.
enum FactSet {
  private static let expires = Option.value(
    "expires", "TIME", "from when on to ask again: 2026-12-31, or a length of time: 30d, 52w")
  private static let confidence = Option.value(
    "confidence", "WORD", "how sure it is (default: stated)", choices: Vocabulary.confidences)
  private static let confirmed = Option.flag(
    "confirmed", "it was read out and confirmed, so nobody had to repeat it")
  private static let isJSON = Option.flag("as-json", "VALUE is JSON: a number, true, an array")

  static let command = Command(
    "fact set", "Write down what a customer said",
    details: [
      "The fact keeps who wrote it down, when, on which channel, in which ticket, and what it may be used for. "
        + "When colleagues write different values at the same time, both stay until somebody settles it; the "
        + "same value is no conflict.",
      "Where the same value was known already, the customer had to repeat it: that is counted as a question "
        + "asked again, unless --confirmed says that it was only read out.",
      "What the profile has a place for, such as a phone number or the address, is no fact of the customer: 'customer set' writes it.",
      "PINs, passwords, card numbers and security answers are refused, by name and by look (exit code 9).",
    ],
    operands: [FactCommands.subject, FactCommands.key, Operand("VALUE", "what the customer said")],
    options: [
      FactCommands.channel, FactCommands.ticket, FactCommands.purpose, expires, confidence, confirmed, isJSON,
    ],
    examples: [
      .init("On the phone", "askonce fact set k7f3.12 shoe_size 38 --channel phone --ticket k7f3.418"),
      .init("For a while", "askonce fact set k7f3.12 'Temporary address' 'Storgatan 4' --expires 30d"),
      .init("For advertising only", "askonce fact set anna@example.org likes tea --for marketing"),
    ]
  ) { typed in
    let (subject, key, text) = (typed.operand(0), typed.operand(1), typed.operand(2))
    let value = try Value.parse(text, isJSON: typed.has(isJSON), of: key)
    guard !value.plain.isEmpty, !value.isNull else {
      throw Failure.usage("the value is empty; 'fact retract' takes one back")
    }
    guard !FactKey.normal(key).isEmpty else {
      throw Failure.usage("'\(key)' has no letter or digit, so it is no key of a fact")
    }
    if let end = typed[expires] { _ = try Moment.end(end, now: 0) }
    return { context in
      try context.withDesk(.writing) { desk in
        let id = try context.customerOrTicket(subject, desk)
        if id.type == Vocabulary.customer, let option = CustomerSet.option(for: key) {
          throw Failure.usage(
            "'\(key)' is a part of the profile, where everybody looks for it: "
              + "askonce customer set \(desk.shortID(id)) --\(option) VALUE")
        }
        var fact = NewFact(key, value)
        fact.channel = typed[FactCommands.channel]
        fact.ticket = try context.ticket(typed[FactCommands.ticket], desk)
        fact.purpose = typed[FactCommands.purpose]
        fact.confidence = typed[confidence]
        fact.isConfirmation = typed.has(confirmed)
        if let end = typed[expires] {
          fact.expires = HybridTime(milliseconds: try Moment.end(end, now: context.system.now()))
        }
        let outcome = try desk.setFact(id, fact)
        if let known = outcome.repeated {
          context.note(
            "the customer had said so already, to \(known.by) \(Moment.local(known.at)): "
              + "'askonce ask' tells before you ask")
        }
        Editing.report(context, id, outcome.change)
      }
    }
  }
}
