import Codec
import Merge

/// Who gets a ticket, and whom the desk turns to before they call.
extension Vocabulary {
  // MARK: Triage

  /// `triage.<name>` of the settings: a rule: `order`, the arrays `topic`, `words`, `channel`, `tier`, `language`, `place`, and
  /// `team` and `priority`, to which it leads.
  public static let triagePrefix = "triage."
  /// The register of a ticket that names the rule by which it was routed.
  public static let triaged: ExactString = "triaged"
  /// How much a customer matters: a register or a fact of the customer, or a fact of an organisation of theirs.
  public static let tier = "tier"

  // MARK: Acting first

  /// The entity type of an outreach: `name`, `subject`, `text`, `purpose`, `channels`, `topic`, `team`, `priority`, and whom it is for:
  /// the sets `facts`, `purchases`, `places`.
  public static let outreach = "outreach"
  /// The register of a ticket, and the member of its message, that name the outreach to which they belong.
  public static let outreachField: ExactString = "outreach"
  /// The entity types of what a customer bought: `customer`, `product`, `sku`, `serial`, the set `products`.
  public static let purchases = ["order", "purchase"]
}
