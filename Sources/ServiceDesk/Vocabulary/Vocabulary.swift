import Codec
import Merge

/// The words that a service desk is made of: types, fields, and the values that mean something to it.
///
/// A workspace may use others: they are kept, shown and passed on, only without a meaning of their own here.
/// `Protocol.md`, section 12, has all of them in one table, for clients in other languages.
public enum Vocabulary {
  /// The entity type of a customer.
  public static let customer = "customer"
  /// The entity type of a ticket.
  public static let ticket = "ticket"

  /// What a ticket's `status` says, least finished first.
  public static let statuses = ["new", "open", "pending", "on-hold", "solved", "closed"]
  /// The statuses in which nobody has to do anything any more. Every other one, unknown ones too, is open.
  public static let finished: Set<String> = ["solved", "closed"]
  /// What a ticket's `priority` says, lowest first.
  public static let priorities = ["low", "normal", "high", "urgent"]
  /// The ways in which a customer and the desk talk.
  public static let channels = ["phone", "email", "sms", "chat", "social", "message", "web", "visit"]

  /// The log that holds a customer's or ticket's messages, notes and events.
  public static let timeline: ExactString = "timeline"
  /// What the names of registers with facts begin with: `fact.shoe_size`.
  public static let factPrefix = "fact."
  /// The sets by which a customer is reached.
  public static let contactSets: [ExactString] = ["phones", "emails", "handles"]

  /// Which value of a field is shown where people disagree.
  ///
  /// A wrongly closed ticket harms more than a wrongly open one, so the least finished status is shown; the
  /// highest priority; and the first who took a ticket has it. Of two answers about consent the withdrawal counts.
  public static func policy(type: String, field: ExactString) -> WinnerPolicy {
    switch (type, field) {
    case (ticket, "status"): return .first(of: statuses)
    case (ticket, "priority"): return .last(of: priorities)
    case (ticket, "assignee"), (ticket, "owner"), (ticket, "merged"): return .earliest
    case (ticket, _) where field.text.hasPrefix(replyPrefix): return .last(of: replyStates)
    case (customer, _) where field.text.hasPrefix(consentPrefix): return .first(of: consentStates)
    case (promise, "state"): return .first(of: promiseStates)
    default: return .latest
    }
  }

  /// Whether several heads of a field are a question for people.
  ///
  /// Not where a rule answers it (consent, owner, the state of a reply), and not where facts differ only in how they
  /// came to be known.
  public static func isDisagreement(type: String, field: ExactString, _ values: [JSONText]) -> Bool {
    guard let first = values.first, values.contains(where: { $0 != first }) else { return false }
    let name = field.text
    switch type {
    case customer where name.hasPrefix(consentPrefix): return false
    case ticket where name.hasPrefix(replyPrefix) || name.hasPrefix(redactedPrefix) || field == owner:
      return false
    case _ where name.hasPrefix(factPrefix):
      return values.contains { $0.known != first.known }
    default: return true
    }
  }
}

extension JSONText {
  /// Of what a fact's register holds: what is known, without how it came to be known.
  var known: JSONText { self["value"] ?? self }
}

extension EntityState {
  /// The value of a field that is shown, by the field's policy; nil when it was never set or is cleared.
  public func shown(_ field: ExactString) -> Head? {
    registers[field]?.shown(Vocabulary.policy(type: id.type, field: field))
  }

  /// The shown value of a field as a person reads it.
  public func text(_ field: ExactString) -> String? {
    shown(field)?.value.plain
  }

  /// The fields on which people disagree and that a person has to settle, ordered.
  public var disagreements: [ExactString] {
    conflicts.filter { field in
      Vocabulary.isDisagreement(type: id.type, field: field, registers[field]?.heads.map(\.value) ?? [])
    }
  }
}
