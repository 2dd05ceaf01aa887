import Causality
import Codec
import Merge

/// Which tickets a list shows, and in which order.
public struct TicketFilter: Sendable, Hashable {
  public enum Status: Sendable, Hashable {
    /// Every status but solved and closed, so that a status that this version does not know is not overlooked.
    case open
    case all
    /// One of these.
    case any(Set<String>)
  }

  public enum Order: Sendable, Hashable {
    /// The ticket that was updated last comes first.
    case newest
    /// The ticket that is due first comes first; those without a due time come last, newest update first.
    case due
  }

  public var status = Status.open
  /// The agent who has it; "" for tickets that nobody has.
  public var assignee: String?
  /// "" for tickets without a team.
  public var team: String?
  public var priority: String?
  /// A tag that it has.
  public var tag: String?
  public var customer: EntityID?
  /// Updated at this time or later, in milliseconds since 1970.
  public var updatedSince: UInt64?
  /// Words that all occur in the subject or the `ref`, without regard to case and accents.
  public var text: String?
  public var order = Order.newest

  public init() {}
}

/// A line of a ticket list.
public struct TicketRow: Sendable, Hashable {
  public let id: EntityID
  /// The ticket's number in another system.
  public let ref: String?
  public let subject: String
  /// "" where it was never set, like the other words.
  public let status: String
  public let priority: String
  public let team: String
  public let assignee: String
  public let topic: String
  public let channel: String
  /// What the `customer` field says.
  public let customer: EntityID?
  /// The customer's name, where the customer is known here.
  public internal(set) var customerName: String?
  public let tags: [String]
  /// When it is due, milliseconds since 1970; nil where it has no such time.
  public let due: UInt64?
  /// The earliest and latest change as they count in the merge, milliseconds since 1970.
  public let created: UInt64
  public let updated: UInt64
  /// On how many fields people disagree.
  public let conflicts: Int
  public let isErased: Bool
}

/// A line of a customer list.
public struct CustomerRow: Sendable, Hashable {
  public let id: EntityID
  /// The customer's number in another system.
  public let ref: String?
  public let name: String
  public let language: String
  public let country: String
  public let tags: [String]
  /// The earliest and latest change as they count in the merge, milliseconds since 1970.
  public let created: UInt64
  public let updated: UInt64
  /// On how many fields people disagree.
  public let conflicts: Int
  public let isErased: Bool
}

/// A customer who was found.
public struct CustomerMatch: Sendable, Hashable {
  /// What the question agreed with, best first.
  public enum Reason: Int, Sendable, Hashable, Comparable {
    case id, ref, email, phone, handle, name

    public static func < (left: Reason, right: Reason) -> Bool { left.rawValue < right.rawValue }
  }

  public let customer: CustomerRow
  public let reason: Reason
  /// The contact point, number or name that agreed, as the customer's record has it.
  public let matched: String
}
