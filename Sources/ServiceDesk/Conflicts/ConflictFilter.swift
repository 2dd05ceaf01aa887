import Causality
import Codec
import Merge

/// Which entries of the inbox a list shows.
public struct ConflictFilter: Sendable, Hashable {
  /// Only those in which this agent has a part: wrote a side, or has the ticket.
  public var agent: String?
  /// Only of tickets of this team.
  public var team: String?
  /// A field's name, or what it begins with and `.`: `fact` for every fact.
  public var field: String?
  /// Only of these kinds; all where it is empty.
  public var kinds: Set<ConflictKind> = []
  /// With a side at this time or later, in milliseconds since 1970.
  public var since: UInt64?
  /// Only of this customer, and of a ticket that by one of those who disagree about whose it is is theirs.
  public var customer: EntityID?
  /// The profiles that the customer consists of, where it was merged.
  var profiles: Set<EntityID> = []
  /// The entity on which it is settled.
  public var on: EntityID?
  /// What was settled, replaced, answered by a rule or was equal too.
  public var includesClosed = false

  /// All open entries.
  public init() {}

  /// Whether it lets every open entry through.
  var isPlain: Bool { self == ConflictFilter() }

  func passes(_ conflict: Conflict) -> Bool {
    if !includesClosed, conflict.state != .open { return false }
    if let agent, !conflict.concerns(agent) { return false }
    if let team, conflict.team != team { return false }
    if let field {
      guard let name = conflict.field?.text, name == field || name.hasPrefix(field + ".") else {
        return false
      }
    }
    if !kinds.isEmpty, !kinds.contains(conflict.kind) { return false }
    if let since, conflict.at.milliseconds < since { return false }
    if let customer {
      let theirs = profiles.union([customer])
      guard conflict.customer.map(theirs.contains) == true || conflict.isAbout(theirs) else { return false }
    }
    if let on, conflict.on != on { return false }
    return true
  }
}

extension Conflict {
  /// Whether people disagree about whose something is, and it is one of these customers' by one of them. Cost: its sides.
  func isAbout(_ customers: Set<EntityID>) -> Bool {
    field == "customer"
      && sides.contains { $0.value.flatMap { EntityID($0.plain) }.map(customers.contains) == true }
  }
}
