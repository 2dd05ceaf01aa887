import Causality
import Codec
import Merge

/// Something that was written on two profiles while they were one, by somebody who knew that they were, and of which,
/// since they are two again, nobody can tell whose it is.
public struct SplitQuestion: Sendable, Hashable {
  /// A piece of what was written.
  public enum Item: Sendable, Hashable {
    /// A register got a value: `fact.shoe_size`.
    case field(ExactString, JSONText)
    /// An element came into a set: `phones`.
    case element(ExactString, ExactString)
    /// An entry of a log: `timeline`.
    case entry(ExactString, JSONText)
    /// A register's values were taken back, of which one stands on another profile: `fact.shoe_size`.
    case cleared(ExactString)
    /// An element was taken out of a set, which stands on another profile: `tags`.
    case dropped(ExactString, ExactString)
    /// A ticket, promise or other thing names the customer.
    case reference(EntityID)
  }

  /// The change that wrote it; it names the question.
  public let change: ChangeID
  /// What the change is on: the profile, or a ticket that names it.
  public let on: EntityID
  /// The profile where it is now.
  public let profile: EntityID
  /// Those whose it may be instead.
  public let others: [EntityID]
  /// What was written.
  public let items: [Item]
  /// Who wrote it: the agent's name.
  public let by: String
  /// When it counts as written in the merge (`Protocol.md`, section 3).
  public let at: HybridTime
  /// Whether people answered it differently who did not know of each other; it is for somebody who does to answer it again.
  public let isContradicted: Bool
}
