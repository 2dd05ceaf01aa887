import Agent
import Causality
import Codec
import Import
import Merge
import Storage

/// Rows of a table that say how things are, of entities that its earlier rows told of.
///
/// A row comes again with one cell changed, while people went on with the others here: that the table still says of those
/// what it said is no news.
extension EditApplier {
  /// Takes out of a row what its table said of the entity before, whatever people made of that since.
  ///
  /// Cost: the entity's changes.
  /// - Returns: hashes of what it says that no change of a row holds, to be kept with this one, so that it is known when the row comes
  ///   again: what is so here already, and what an earlier version's row said that a retention has taken since. And whether an earlier
  ///   row of its table is here. nil where there are no such hashes.
  func leaveUnchanged(
    _ draft: inout Draft, _ existing: EntityID, _ edit: ImportedEdit
  ) throws(StorageError) -> (hashes: JSONText, isOfKnownTable: Bool)? {
    guard edit.isSnapshot else { return nil }
    let said = try said(of: existing, before: edit)
    var known = draft.set.filter { said.values[$0.key]?.isLost == true }
    draft.set = draft.set.filter { field, value in said.values[field]?.says(value, of: field) != true }
    for (field, elements) in draft.add {
      let new = elements.filter { said.elements[field]?.contains($0) != true }
      draft.add[field] = new.isEmpty ? nil : new
    }
    let state = try store.mergedState(of: existing)
    for (field, value) in draft.set {
      guard let heads = state?.registers[field]?.heads, heads.count == 1, heads[0].value == value else {
        continue
      }
      known[field] = value
    }
    if known.isEmpty { return nil }
    let hashes = known.sorted { $0.key < $1.key }.map { ($0.key.text, JSONText(RowValue.hash($0.value))) }
    return (JSONText(object: hashes), !said.values.isEmpty)
  }

  /// What earlier rows of a row's table said last of the fields of an entity, and all elements that they gave it.
  private func said(
    of entity: EntityID, before edit: ImportedEdit
  ) throws(StorageError) -> (values: [ExactString: RowValue], elements: [ExactString: Set<ExactString>]) {
    let marked = try store.changes(of: entity).compactMap { placed in
      ImportMark(placed.change).map { (mark: $0, change: placed.change) }
    }
    let rows = Set(ImportMark.rows(marked.map(\.mark), like: edit.once))
    var values: [ExactString: RowValue] = [:]
    var elements: [ExactString: Set<ExactString>] = [:]
    for (mark, change) in marked where rows.contains(mark.key) {
      // What cannot be parsed is in no store.
      try? ChangeBody.operations(of: change.body) { operation in
        switch operation {
        case .set(let field, Thinning.mark): values[field] = .thinned(mark.sums)
        case .set(let field, let value): values[field] = .hashed(RowValue.hash(value))
        case .add(let field, let element): elements[field, default: []].insert(element)
        default: break
        }
      }
      for (field, hash) in mark.said { values[ExactString(field)] = .hashed(hash) }
    }
    return (values, elements)
  }
}

/// What is known of what a row of a table said of a field.
enum RowValue {
  /// The hash of the value.
  case hashed(String)
  /// A retention took the value: the sums of all values of the row, in no order; none where an earlier version wrote it.
  case thinned(Set<Substring>)

  /// Whether nothing tells any more what it said. Then it counts as what the table says now, since most rows come again as they were.
  var isLost: Bool {
    if case .thinned(let sums) = self { sums.isEmpty } else { false }
  }

  /// Whether it said a value, of its field.
  func says(_ value: JSONText, of field: ExactString) -> Bool {
    switch self {
    case .hashed(let hash): hash == Self.hash(value)
    case .thinned(let sums): sums.isEmpty || sums.contains(Self.sum(value, of: field))
    }
  }

  static func hash(_ value: JSONText) -> String { FNV1a.hex(FNV1a.hash(value.bytes)) }

  /// How long a sum is, in hexadecimal digits: of a million cells that change where only sums are left one is missed, and rows stay short.
  private static let length = 6

  /// What a row keeps of each value beside it.
  private static func sum(_ value: JSONText, of field: ExactString) -> Substring {
    FNV1a.hex(FNV1a.hash(Array(field.text.utf8) + [0] + value.bytes)).suffix(length)
  }

  /// The sums of a row's values, one behind the other.
  static func sums(_ values: [ExactString: JSONText]) -> String {
    values.map { sum($0.value, of: $0.key) }.sorted().joined()
  }

  /// The sums in what `sums(_:)` made of a row.
  static func parse(_ sums: String) -> Set<Substring> {
    var (found, rest): (Set<Substring>, Substring) = ([], sums[...])
    while !rest.isEmpty {
      found.insert(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return found
  }
}
