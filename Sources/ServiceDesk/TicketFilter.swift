import Causality
import Codec
import Merge

/// Which tickets a list shows, and in which order.
public struct TicketFilter: Sendable, Hashable {
  /// Which statuses pass.
  public enum Status: Sendable, Hashable {
    /// Every status but solved and closed, so that a status that this version does not know is not overlooked.
    case open
    case all
    /// One of these.
    case any(Set<String>)
  }

  /// What comes first.
  public enum Order: Sendable, Hashable {
    /// The ticket that was updated last comes first.
    case newest
    /// The ticket that is due first comes first; those without a due time come last, newest update first.
    case due
  }

  /// Only tickets of these statuses; by default those that are not finished.
  public var status = Status.open
  /// The agent who answers for it.
  public var owner: String?
  /// The agent who has it; "" for tickets that nobody has.
  public var assignee: String?
  /// "" for tickets without a team.
  public var team: String?
  /// Only tickets of this priority.
  public var priority: String?
  /// Only tickets of this channel.
  public var channel: String?
  /// A tag that it has.
  public var tag: String?
  /// Only tickets of this customer.
  public var customer: EntityID?
  /// Updated at this time or later, in milliseconds since 1970.
  public var updatedSince: UInt64?
  /// Words that all occur in the subject or the `ref`, without regard to case and accents.
  public var text: String?
  /// Also tickets that were merged into others.
  public var includesParts = false
  /// What comes first.
  public var order = Order.newest

  /// All open tickets, newest update first.
  public init() {}
}
