import Codec
import Merge

/// What people disagree about, or did without knowing of each other.
public enum ConflictKind: String, Sendable, Hashable, CaseIterable {
  /// Two or more values of one field.
  case field
  /// Two agents took the same ticket.
  case takenTwice = "taken-twice"
  /// A conflict was settled in two ways at the same time.
  case settledTwice = "settled-twice"
  /// Solved or closed without having seen a message of the customer.
  case unseenMessage = "unseen-message"
  /// Two promises, or a promise and a compensation, for the same thing.
  case promisedTwice = "promised-twice"
  /// Two compensations for the same thing.
  case compensatedTwice = "compensated-twice"
  /// A reply to a customer who had withdrawn the consent meanwhile.
  case withdrawnConsent = "withdrawn-consent"
  /// An edit of something that was erased meanwhile.
  case erasedEdit = "erased-edit"
  /// An answer with a fact of which a colleague had a newer value.
  case staleFact = "stale-fact"
  /// Two profiles of one person.
  case createdTwice = "created-twice"
  /// Two things that were merged into each other.
  case mergedBothWays = "merged-both-ways"
  /// Two profiles that are shown as one although somebody said that they are of different people.
  case sameAndDistinct = "same-and-distinct"
  /// A device's clock that ran ahead, so that the time of receipt counts.
  case wrongClock = "wrong-clock"

  /// What it is about, in words for a list.
  public var title: String {
    switch self {
    case .field: "different values"
    case .takenTwice: "taken twice"
    case .settledTwice: "settled twice"
    case .unseenMessage: "message not seen"
    case .promisedTwice: "promised twice"
    case .compensatedTwice: "compensated twice"
    case .withdrawnConsent: "consent withdrawn"
    case .erasedEdit: "edit of erased data"
    case .staleFact: "outdated answer"
    case .createdTwice: "created twice"
    case .mergedBothWays: "merged both ways"
    case .sameAndDistinct: "one person or two"
    case .wrongClock: "wrong clock"
    }
  }

  /// How much harm it does while nobody looks at it, 1 to 99: the inbox shows the greatest first. A field's depends on
  /// the field.
  public var harm: Int {
    switch self {
    case .erasedEdit: 95
    case .withdrawnConsent: 90
    case .unseenMessage: 85
    case .compensatedTwice: 82
    case .promisedTwice: 80
    case .staleFact: 70
    case .mergedBothWays: 60
    case .sameAndDistinct: 58
    case .takenTwice: 55
    case .settledTwice: 50
    case .createdTwice: 45
    case .field: 30
    case .wrongClock: 10
    }
  }
}

/// How a conflict stands.
public enum ConflictState: String, Sendable, Hashable, CaseIterable {
  /// Somebody has to settle it.
  case open
  /// Somebody did.
  case settled
  /// It ended without anybody settling it as a conflict: a later edit replaced all values.
  case replaced
  /// A rule of the workspace answers it, such as a withdrawn consent that wins.
  case ruled
  /// Two authors wrote the same value.
  case equal
}

/// How much a disagreement about a field harms.
enum FieldWeight {
  static func harm(type: String, field: ExactString, _ values: [String]) -> Int {
    switch (type, field.text) {
    case (Vocabulary.ticket, "status"):
      // Whether anybody still works on it is the question.
      let finished = values.count { Vocabulary.finished.contains($0) }
      return finished > 0 && finished < values.count ? 65 : 40
    case (Vocabulary.ticket, "customer"): return 62
    case (Vocabulary.ticket, "assignee"), (Vocabulary.ticket, "team"): return 38
    case (Vocabulary.ticket, "priority"), (Vocabulary.ticket, "due"): return 36
    case (Vocabulary.customer, _) where field.text.hasPrefix("address."): return 42
    case (Vocabulary.customer, _) where field.text.hasPrefix(Vocabulary.factPrefix): return 44
    default: return ConflictKind.field.harm
    }
  }
}
