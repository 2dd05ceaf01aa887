import Causality
import Codec
import Merge

/// A customer with all that is known of it.
public struct CustomerView: EntityView {
  /// Its id, the same on every replica.
  public let id: EntityID
  /// All that is known of it.
  public let state: EntityState
  /// The profiles that it consists of, ordered; several where profiles of one person were merged.
  public let members: [EntityID]
  /// The open tickets, newest update first.
  public let openTickets: [TicketRow]

  /// The name as people write it; "" where there is none.
  public var name: String { state.text("name") ?? "" }
  /// The language, two letters; nil where it is not known.
  public var language: String? { state.text("language") }
  /// The phone numbers as they were written, ordered by their bytes.
  public var phones: [String] { state.elements("phones") }
  /// The e-mail addresses, ordered by their bytes.
  public var emails: [String] { state.elements("emails") }
  /// The handles on social media and messengers, ordered by their bytes.
  public var handles: [String] { state.elements("handles") }
  /// The parts of the address that are known: `street`, `postcode`, `city`, `country` and any others.
  public var address: [FieldView] { fields.filter { $0.name.text.hasPrefix("address.") } }
}
