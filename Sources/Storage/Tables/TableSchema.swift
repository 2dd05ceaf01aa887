import Causality
import Merge

/// One column of a table.
package struct TableColumn: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    /// A number; 0 for none.
    case number = 1
    /// One of few different strings: a code and a dictionary.
    case word = 2
    /// A string that ends in a number, such as `INC0000045`: what stands before it as a code, then the number.
    case numbered = 3
    /// Any string, compressed together with its neighbours.
    case text = 4
  }

  package let name: String
  package let kind: Kind

  package init(_ name: String, _ kind: Kind) {
    self.name = name
    self.kind = kind
  }
}

/// What a row says in one column.
package enum TableValue: Hashable, Sendable {
  case number(UInt64)
  case text(String)

  /// The number; 0 where it is a text.
  package var number: UInt64 {
    if case .number(let number) = self { number } else { 0 }
  }

  /// The text; "" where it is a number.
  package var text: String {
    if case .text(let text) = self { text } else { "" }
  }
}

/// What is worth knowing of an entity without folding it.
package struct TableRow: Hashable, Sendable {
  package let entity: EntityID
  /// One value for each column of the entity's type.
  package let values: [TableValue]

  package init(_ entity: EntityID, _ values: [TableValue]) {
    self.entity = entity
    self.values = values
  }
}

/// Says what tables hold of which entities: the part that knows what a ticket is.
package protocol TableProjection: Sendable {
  /// Changes whenever any of the functions below gives something else for the same changes. Tables of another
  /// version are made anew.
  var version: UInt32 { get }
  /// The columns of a type; none for a type of which only ids and terms are kept.
  func columns(ofType type: String) -> [TableColumn]
  /// Whether the values of a type depend on its entities' logs; where they do not, these are not folded.
  func readsLogs(ofType type: String) -> Bool
  /// The values of an entity, one for each column of its type.
  func values(of state: EntityState) -> [TableValue]
  /// Hashes of whatever the changes of one entity set by which it may be looked for; never of what stands in logs.
  func terms(of entity: EntityID, _ changes: [PlacedChange]) -> Set<UInt32>
}

/// A string parted into what stands before its number and the number.
enum NumberedText {
  /// The number is what the string ends in, up to 18 digits without a leading zero; nil where there is none.
  static func split(_ text: String) -> (stem: String, number: UInt64?) {
    let utf8 = text.utf8
    var start = utf8.endIndex
    var digits = 0
    while start > utf8.startIndex, digits < 18 {
      let before = utf8.index(before: start)
      guard utf8[before] &- UInt8(ascii: "0") < 10 else { break }
      start = before
      digits += 1
    }
    while start < utf8.endIndex, utf8[start] == UInt8(ascii: "0") { start = utf8.index(after: start) }
    guard start < utf8.endIndex, let number = UInt64(text[start...]) else { return (text, nil) }
    return (String(text[..<start]), number)
  }
}
