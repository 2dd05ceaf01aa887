import Agent
import Causality
import Codec
import Import
import Merge
import ServiceDesk
import Storage

/// Tickets that an export says are parts of others, where their ids lie the other way round here.
///
/// Of merged tickets that with the lesser id is the whole. So the part of the export is the whole here, and says what the
/// export's whole says: when they are made one, and when a later export says it anew.
extension EditApplier {
  /// Whether a link says that a ticket, nil for a new one, is a part of one with a greater id, where it does not count.
  func isTurned(_ field: ExactString, _ key: EntityKey, _ target: EntityID?, _ part: EntityID?) -> Bool {
    guard field == Vocabulary.merged, key.type == Vocabulary.ticket, let target else { return false }
    let newest = ChangeID(store.configuration.replica, .max)
    return target.origin >= part?.origin ?? newest
  }

  /// What makes a ticket one with the one that it is a part of elsewhere and that has the greater id here.
  func merge(
    _ part: EntityID, _ target: EntityID?, _ edit: ImportedEdit
  ) throws(StorageError) -> [Edit] {
    guard let target, part.type == Vocabulary.ticket else { return [] }
    return try desk.carriedMerge(of: part, into: target, at: edit.at, by: edit.by)
  }

  /// Whether an edit sets fields of a ticket that is a part here and none in the export: only its end tells of which one.
  /// Cost: a fold, and one for each ticket that it is a part of.
  func isSpeakingForOther(_ id: EntityID, _ edit: ImportedEdit) throws(StorageError) -> Bool {
    guard edit.isExported, !edit.isSplit, id.type == Vocabulary.ticket, edit.links[Vocabulary.merged] == nil,
      !edit.draft.set.isEmpty || !edit.draft.clear.isEmpty
    else { return false }
    return try desk.top(id).map { $0.id != id } ?? false
  }

  /// What an edit that names an entity is on here: the whole, where the export's whole is a part of that. What colleagues
  /// merged here only is two tickets elsewhere, and the export of one says nothing of the other.
  func subject(of edit: ImportedEdit, on id: EntityID) throws(StorageError) -> EntityID {
    guard let part = turnedWholes[id], try isSpeakingForOther(id, edit),
      let whole = try desk.top(id)?.id, try desk.top(part)?.id == whole
    else { return id }
    return whole
  }

  /// Whether an edit is of a ticket that is a part in the export and the whole of that here: the export's whole says what it
  /// says.
  mutating func isSpokenFor(_ id: EntityID, _ edit: ImportedEdit) throws(StorageError) -> Bool {
    guard edit.isExported, let key = edit.links[Vocabulary.merged], let target = try names.entity(key),
      target != id, isTurned(Vocabulary.merged, key, target, id)
    else { return false }
    return try desk.top(target)?.id == id
  }

  /// Leaves of what an edit says of a ticket what is of no other one.
  static func leaveOwn(_ draft: inout Draft, _ links: inout [ExactString: EntityKey]) {
    draft.set = draft.set.filter { Desk.isItsOwn($0.key) }
    draft.clear = draft.clear.filter { Desk.isItsOwn($0) }
    links = links.filter { $0.key == Vocabulary.merged }
  }
}
