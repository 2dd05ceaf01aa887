import Agent
import Codec
import Import
import Merge
import Storage

/// Records of an older export that are about what was erased here since.
///
/// Such a record is refused before anything of it is written: what it names would otherwise be made anew, with the number of
/// somebody who was erased.
extension EditApplier {
  /// Refuses a record about an erased entity. What the file calls that stays known, for other records may name it.
  mutating func refuseErased(_ entity: EntityID?, _ edit: ImportedEdit) throws(StorageError) {
    guard let entity, store.isErased(entity) else { return }
    if try names.entity(edit.key) == nil { names.add(edit.key, entity) }
    throw .refused("\(entity) was erased, so nothing can be written on it any more")
  }

  /// Refuses a record that newly names an erased entity.
  ///
  /// - Parameter state: what the record's entity says by itself; what that names already is not new.
  mutating func refuseErasedTargets(
    _ links: [ExactString: EntityKey], _ state: EntityState?
  ) throws(StorageError) {
    for (field, key) in links.sorted(by: { $0.key < $1.key }) {
      guard let target = try names.entity(key), store.isErased(target) else { continue }
      if try isThere(key, state?.registers[field]) { continue }
      throw .refused("\(field): \(target) was erased, so nothing can name it any more")
    }
  }

  /// An edit that was refused, without its record where that is about an erased entity: there is nothing to mend, and no need
  /// for another file with somebody's data.
  mutating func rejected(_ edit: ImportedEdit) throws(StorageError) -> ImportedEdit {
    guard let entity = try names.entity(of: edit), store.isErased(entity) else { return edit }
    var edit = edit
    edit.raw = []
    return edit
  }
}
