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
  /// - Returns: hashes of what it says newly and is so here already, to be kept with the row, so that it is known when the row comes
  ///   again, and whether an earlier row of its table is here; nil where there are none.
  func leaveUnchanged(
    _ draft: inout Draft, _ existing: EntityID, _ edit: ImportedEdit
  ) throws(StorageError) -> (hashes: JSONText, isOfKnownTable: Bool)? {
    guard edit.isSnapshot else { return nil }
    let said = try said(of: existing, before: edit)
    draft.set = draft.set.filter { field, value in said.values[field] != Self.hash(value) }
    for (field, elements) in draft.add {
      let new = elements.filter { said.elements[field]?.contains($0) != true }
      draft.add[field] = new.isEmpty ? nil : new
    }
    let state = try store.mergedState(of: existing)
    let known = draft.set.filter { field, value in
      state?.registers[field].map { $0.heads.count == 1 && $0.heads[0].value == value } ?? false
    }
    if known.isEmpty { return nil }
    let hashes = known.sorted { $0.key < $1.key }.map { ($0.key.text, JSONText(Self.hash($0.value))) }
    return (JSONText(object: hashes), !said.values.isEmpty)
  }

  /// What earlier rows of a row's table said last of the fields of an entity, and all elements that they gave it.
  private func said(
    of entity: EntityID, before edit: ImportedEdit
  ) throws(StorageError) -> (values: [ExactString: String], elements: [ExactString: Set<ExactString>]) {
    let marked = try store.changes(of: entity).compactMap { placed in
      ImportMark(placed.change).map { (mark: $0, change: placed.change) }
    }
    let rows = Set(ImportMark.rows(marked.map(\.mark), like: edit.once))
    var values: [ExactString: String] = [:]
    var elements: [ExactString: Set<ExactString>] = [:]
    for (mark, change) in marked where rows.contains(mark.key) {
      // What cannot be parsed is in no store.
      try? ChangeBody.operations(of: change.body) { operation in
        switch operation {
        case .set(let field, let value): values[field] = Self.hash(value)
        case .add(let field, let element): elements[field, default: []].insert(element)
        default: break
        }
      }
      for (field, hash) in mark.said { values[ExactString(field)] = hash }
    }
    return (values, elements)
  }

  private static func hash(_ value: JSONText) -> String { FNV1a.hex(FNV1a.hash(value.bytes)) }
}
