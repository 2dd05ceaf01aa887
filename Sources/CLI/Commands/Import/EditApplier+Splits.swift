import Causality
import Codec
import Import
import Merge
import ServiceDesk
import Storage

/// Tickets that an export says were split from others, which have other ids here.
extension EditApplier {
  /// What a ticket was split from as that is called here; as it is in the export where it is not here.
  /// - Parameters:
  ///   - present: what is known of it here. There may be others of the number of the ticket that this names.
  ///   - entry: what an entry of the export is called here; nil where that is as there.
  mutating func splitHere(
    _ value: JSONText, _ present: Register?, _ entry: (ChangeID) -> ChangeID?
  ) throws(StorageError) -> JSONText {
    // An export of an older version names the ticket by the id that it has there.
    guard let text = value["from"]?.string, let slash = text.firstIndex(of: "/"),
      text[..<slash] == Vocabulary.ticket
    else { return value }
    let key = EntityKey(Vocabulary.ticket, String(text[text.index(after: slash)...]))
    var source: String?
    for head in present?.heads ?? [] {
      if let known = head.value["from"]?.string, try names.isCalled(known, key) { source = known }
    }
    if source == nil { source = try names.entity(key)?.description }
    if source == nil { source = try names.entity(EntityKey(Vocabulary.ticket, text))?.description }
    return SplitField.value(value, ticket: { _ in source }, entry: entry)
  }
}
