import Causality
import Codec
import Merge

/// What is known about a customer under one key, and how it came to be known.
public struct FactView: Sendable, Hashable {
  /// `shoe_size` for the register `fact.shoe_size`.
  public let key: String
  public let value: JSONText
  /// The channel on which it was learned.
  public let channel: String?
  /// Who wrote it down.
  public let by: String
  public let at: HybridTime
  /// The register; several heads with different values are a conflict.
  public let field: FieldView

  init(_ field: FieldView) {
    key = String(field.name.text.dropFirst(Vocabulary.factPrefix.count))
    let written = field.shown.value
    value = written["value"] ?? written
    channel = written["channel"]?.string
    by = field.shown.by
    at = field.shown.effective
    self.field = field
  }
}

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
  /// What is known, ordered by key.
  public var facts: [FactView] {
    fields.filter { $0.name.text.hasPrefix(Vocabulary.factPrefix) }.map(FactView.init)
  }
}
