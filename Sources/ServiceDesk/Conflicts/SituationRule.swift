import Causality
import Codec
import Merge

/// One rule of the table: what it looks for, on which types of entity, and the pure function that finds it.
struct SituationRule: Sendable {
  let kind: ConflictKind
  /// The types of entity that it is about; nil for all.
  let types: Set<String>?
  let find: @Sendable (Case) -> [Finding]

  init(_ kind: ConflictKind, _ types: Set<String>?, _ find: @escaping @Sendable (Case) -> [Finding]) {
    self.kind = kind
    self.types = types
    self.find = find
  }

  /// What a rule found: which changes, what each did, and what the customer sees of it.
  struct Finding {
    struct Side {
      let on: EntityID
      let step: HistoryStep
      let says: String
      var channel: String?
      var value: JSONText?

      /// What it is about, where that is not the entity that it is on.
      var about: EntityID?

      init(_ step: HistoryStep, _ says: String, channel: String? = nil) {
        on = step.on
        self.step = step
        self.says = says
        self.channel = channel
      }
    }

    var kind: ConflictKind
    var sides: [Side]
    var says: String
    var apology: String?
    /// The changes that make it this situation; those of the sides where nothing else is said.
    var key: [ChangeID]?
  }
}

/// The table of situations. A new one is an entry here, its kind, and its test.
///
/// Each looks at what authors did without knowing of each other (`HistoryStep.isParallel`, `PlacedChange.knew`); what
/// somebody did who knew both sides ends a situation where the rule says so.
enum Situations {
  static let rules: [SituationRule] = [
    SituationRule(.unseenMessage, [Vocabulary.ticket], unseenMessage),
    SituationRule(.promisedTwice, [Vocabulary.ticket, Vocabulary.customer], promisedTwice),
    SituationRule(.withdrawnConsent, [Vocabulary.ticket, Vocabulary.customer], withdrawnConsent),
    SituationRule(.staleFact, [Vocabulary.ticket, Vocabulary.customer], staleFact),
    SituationRule(.erasedEdit, nil, erasedEdit),
    SituationRule(.createdTwice, [Vocabulary.customer], createdTwice),
    SituationRule(.mergedBothWays, nil, mergedBothWays),
    SituationRule(.sameAndDistinct, [Vocabulary.customer], sameAndDistinct),
    SituationRule(.wrongClock, nil, wrongClock),
  ]

  /// Everything that the rules find in a case.
  static func find(_ subject: Case) -> [SituationRule.Finding] {
    rules.flatMap { rule in
      rule.types.map { $0.contains(subject.type) } ?? true ? rule.find(subject) : []
    }
  }
}
