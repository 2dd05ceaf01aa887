import Merge

/// Two profiles that may be of one person, or a profile that may be of the person who is being described.
public struct DuplicateSuggestion: Sendable, Hashable {
  /// How sure it is.
  public enum Grade: String, Sendable, Hashable {
    /// Odds of about 100 to 1.
    case likely
    case possible
  }

  /// What agrees: `name`, `birth`, `phone`, `email`, `handle` or `address`.
  public struct Evidence: Sendable, Hashable {
    /// What was compared: name, birth date, phone and so on.
    public let feature: String
    /// How much more often it is so in profiles of one person, as a power of two.
    public let bits: Double
  }

  /// The profile in hand; nil for one that is only being described.
  public let profile: EntityID?
  /// The profile that it may be one with.
  public let other: EntityID
  /// How sure it is.
  public let grade: Grade
  /// All bits together, those that speak against it too.
  public let bits: Double
  /// What speaks for it, the strongest first.
  public let evidence: [Evidence]

  init(_ profile: EntityID?, _ other: EntityID, _ weights: MatchWeights, threshold: Double) {
    self.profile = profile
    self.other = other
    grade = weights.total >= threshold ? .likely : .possible
    bits = weights.total
    evidence = weights.agreeing.sorted { $1.bits < $0.bits }.map {
      Evidence(feature: $0.feature.rawValue, bits: $0.bits)
    }
  }

  /// The strongest first, then by id, so that every device lists them alike.
  static func precedes(_ left: DuplicateSuggestion, _ right: DuplicateSuggestion) -> Bool {
    if left.bits != right.bits { return left.bits > right.bits }
    if left.profile != right.profile, let mine = left.profile, let their = right.profile {
      return mine < their
    }
    return left.other < right.other
  }
}
