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
  package static let links: [ExactString: String] = [
    "customer": "customer", "organisation": "organisation",
  ]

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
