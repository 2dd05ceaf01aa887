import Agent
import Causality
import Codec
import Import
import Merge
import Storage

/// Rows of an event log that come after what followed them: one that was rejected and mended, or a log that is read where
/// people went on with the ticket.
extension EditApplier {
  /// Takes out of an edit what is older than what the entity has: a row of a log says how things were then.
  ///
  /// What this file itself brought counts in the file's order, whatever the times; and a table that says how things are says
  /// nothing of when they came to be so. (Earlier versions did not mark the rows of tables; theirs count as edits of people.) Cost: as
  /// for an edit of the entity, which folds it too.
  func leaveLater(
    _ draft: inout Draft, _ links: inout [ExactString: EntityKey], _ existing: EntityID, _ edit: ImportedEdit
  ) throws(StorageError) {
    guard let at = edit.at, !edit.isExported, !edit.isSnapshot, draft.needsState || !links.isEmpty,
      let state = try store.mergedState(of: existing), state.lastAt > at
    else { return }
    let rows = ofTables[existing] ?? []
    let isOld = { (field: ExactString) -> Bool in
      guard let heads = state.registers[field]?.heads, !heads.isEmpty else { return false }
      return heads.allSatisfy { $0.effective > at && !brought.contains($0.id) && !rows.contains($0.id) }
    }
    draft.set = draft.set.filter { !isOld($0.key) }
    draft.clear = draft.clear.filter { !isOld($0) }
    links = links.filter { !isOld($0.key) }
  }
}
