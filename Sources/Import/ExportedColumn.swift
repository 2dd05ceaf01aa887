import Codec
import Merge

/// A column of an exported table: its name says what its cells are, so that the table can be read back as it was.
///
/// `name` holds text. `fact.shoe:=` holds JSON, as `FIELD:=JSON` does where people type: numbers, booleans and objects, such as
/// a fact with its channel and purpose. `followers+=` holds the elements of a set. `#visits` holds what a counter comes to,
/// which is there to be read only.
package struct ExportedColumn: Hashable, Sendable {
  package enum Kind: Sendable {
    case text, json, set, count
  }

  package let field: ExactString
  package let kind: Kind

  /// The sets whose columns are called as they are.
  private static let plainSets: Set<ExactString> = ["tags", "phones", "emails", "handles"]
  /// The registers that name an entity by its `ref`, and of which type it is.
  private static let links: [ExactString: String] = [
    "customer": "customer", "organisation": "organisation", "merged": "ticket",
  ]
  /// What names entities and entries by ids, which no other workspace has.
  private static let local: Set<ExactString> = [
    "merged", "split", "links", "same", "distinct", "organisations", "kept", "given", "outreach",
  ]
  private static let localPrefixes = ["reply.", "redacted.", "corrected.", "settled."]

  /// Of which type the entity is that a register of a type's entities names by its `ref`; nil for one that names none.
  package static func link(_ field: ExactString, of type: String) -> String? {
    // Profiles are not merged so.
    field == "merged" && type != "ticket" ? nil : links[field]
  }

  /// Whether a field names others by ids, so that it means nothing in a table that goes to another workspace.
  package static func isLocal(_ field: ExactString, of type: String) -> Bool {
    guard link(field, of: type) == nil else { return false }
    return local.contains(field) || localPrefixes.contains(where: field.text.hasPrefix)
  }

  /// How text is written under a field's name: as JSON where the name would be read as that of something else.
  package static func text(_ field: ExactString) -> Kind {
    ExportedColumn(name: field.text) == ExportedColumn(field, .text) ? .text : .json
  }

  package init(_ field: ExactString, _ kind: Kind) {
    self.field = field
    self.kind = kind
  }

  /// Reads a name.
  package init(name: String) {
    if name.hasSuffix(":=") {
      self.init(ExactString(String(name.dropLast(2))), .json)
    } else if name.hasSuffix("+=") {
      self.init(ExactString(String(name.dropLast(2))), .set)
    } else if name.hasPrefix("#") {
      self.init(ExactString(String(name.dropFirst())), .count)
    } else {
      let field = ExactString(name)
      self.init(field, Self.plainSets.contains(field) ? .set : .text)
    }
  }

  /// The name that says it all.
  package var name: String {
    switch kind {
    case .text: field.text
    case .json: field.text + ":="
    case .set: Self.plainSets.contains(field) ? field.text : field.text + "+="
    case .count: "#" + field.text
    }
  }
}
