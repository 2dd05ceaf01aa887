import Codec
import Merge

/// What is known of a customer, and what may be done with it.
extension Vocabulary {
  // MARK: Facts: registers `fact.<key>` of a customer

  /// How sure a fact is: as the customer said, checked against something, or concluded by somebody.
  public static let confidences = ["stated", "verified", "inferred"]

  // MARK: Consent: registers `consent.<purpose>` of a customer

  /// What the names of registers with consent begin with: `consent.marketing`.
  public static let consentPrefix = "consent."
  /// The member `state` of a consent, the one that wins among concurrent answers first.
  public static let consentStates = ["withdrawn", "granted"]
  /// The purposes that every workspace has, and whether they are granted where the customer said nothing: what
  /// the customer called for needs no question of its own; to be advertised to and analysed does.
  public static let purposes: [(name: String, isGranted: Bool)] = [
    ("service", true), ("contact", true), ("marketing", false), ("analytics", false),
  ]
  /// The purpose of a fact that names none.
  public static let service = "service"
  /// The purpose of contacting a customer who did not ask for it just now.
  public static let contact = "contact"

  // MARK: Reaching a customer

  /// The register of a customer that names the channel the customer likes best.
  public static let preferredChannel: ExactString = "channel"
  /// The set of a customer with the channels on which not to contact the customer.
  public static let avoidedChannels: ExactString = "avoid"

  // MARK: Questions: the log `questions` of a customer

  /// The log of questions that were spared or asked. An entry has `channel` and `ticket` where they are known, and
  /// the arrays of keys `spared` (known, not asked), `asked` (not known or not usable), `confirmed` (people disagree), and
  /// `again` (asked although known, then with `because`).
  public static let questions: ExactString = "questions"
}
