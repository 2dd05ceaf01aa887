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

/// When a profile was one with others, as its own changes tell.
struct Ties {
  /// For each other profile the changes that tied this one to it, and those that took the tie back.
  private(set) var ties: [EntityID: (made: [PlacedChange], undone: [PlacedChange])] = [:]

  /// - Parameter changes: all of the profile.
  init(_ changes: [PlacedChange]) {
    var made: [ChangeID: (EntityID, PlacedChange)] = [:]
    for placed in changes {
      Self.operations(of: placed) { operation in
        guard case .add(Vocabulary.same, let element) = operation, let other = EntityID(element.text) else {
          return
        }
        ties[other, default: ([], [])].made.append(placed)
        made[placed.change.id] = (other, placed)
      }
    }
    for placed in changes {
      Self.operations(of: placed) { operation in
        guard case .drop(Vocabulary.same, let element, _) = operation, let other = EntityID(element.text)
        else {
          return
        }
        ties[other]?.undone.append(placed)
      }
    }
  }

  /// The profiles of which the author of a change knew that they were one with this one, and not that they were
  /// not any more.
  func known(to change: PlacedChange) -> Set<EntityID> {
    Set(
      ties.filter { _, tie in
        tie.made.contains { change.knew($0) } && !tie.undone.contains { change.knew($0) || $0 == change }
      }.keys)
  }

  static func operations(of placed: PlacedChange, _ visit: (Operation) -> Void) {
    // A stored body was validated; were it damaged, what comes before the damage counts.
    try? ChangeBody.operations(of: placed.change.body, visit)
  }
}
