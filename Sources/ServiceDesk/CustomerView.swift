import Causality
import Codec
import Merge

/// A customer with all that is known of it.
public struct CustomerView: EntityView {
  public let id: EntityID
  public let state: EntityState
  /// The profiles that it consists of, ordered; several where profiles of one person were merged.
  public let members: [EntityID]
  /// The open tickets, newest update first.
  public let openTickets: [TicketRow]

  public var name: String { state.text("name") ?? "" }
  public var language: String? { state.text("language") }
  public var phones: [String] { state.elements("phones") }
  public var emails: [String] { state.elements("emails") }
  public var handles: [String] { state.elements("handles") }
  /// The parts of the address that are known: `street`, `postcode`, `city`, `country` and any others.
  public var address: [FieldView] { fields.filter { $0.name.text.hasPrefix("address.") } }
}
