import Agent
import Causality
import Codec
import Import
import Merge
import ServiceDesk
import Storage

/// Turns imported edits into changes of the store, each record once.
///
/// Every change that an import makes keeps the key of its record as `imp`. A record whose key a change of the entity
/// has already is passed over, so an import that is run again, or was killed in the middle, imports nothing twice. A row of a
/// table that says how things are is passed over only while it is the entity's last one, as `RowHistory` tells.
///
/// What comes from an export may have been made in this very store, where no record has a key: an entry that is there
/// already, by its change or by its text, author and time, is passed over, so is a value that is one of those that the field
/// has, and an edit that would change nothing.
struct EditApplier {
  let desk: Desk
  var store: Store { desk.store }
  var names: EntityNames
  /// The keys of the records that are in the store, by entity, each with its change; with the entity's first change where
  /// it needed none.
  private var applied: [EntityID: [String: ChangeID]] = [:]
  /// Of the same entities the changes that come from rows of tables.
  private(set) var ofTables: [EntityID: Set<ChangeID>] = [:]
  /// The changes that the rows of this file's log are here, those that were here before it too.
  private(set) var brought: Set<ChangeID> = []
  /// What the rows of a table are to what it said of their entities before.
  private var histories: [EntityID: RowHistory] = [:]
  /// The log entries that the entities of an export had before it came.
  private var entries: [EntityID: PresentEntries] = [:]
  /// What exported entries are called here, where that is not as there.
  private var renamed: [ChangeID: ChangeID] = [:]
  /// Edits that name entities which the file may still bring. Made at its end, they create none before its turn, for of two
  /// entities the one that was created first may matter.
  private var waiting: [ImportedEdit] = []
  private var isAtEnd = false
  /// The tickets that are wholes in the export of others which have the lesser id here: for each of them such a part.
  var turnedWholes: [EntityID: EntityID] = [:]
  /// The line whose entity waits, and with it whatever else the line says of that.
  private var waitingLine: Int?
  /// Changes that were made, and records that were in the store already.
  private(set) var imported = 0
  private(set) var unchanged = 0

  init(_ desk: Desk) {
    self.desk = desk
    names = EntityNames(desk)
  }

  /// Applies edits and makes them durable together. After an error this is of no more use.
  ///
  /// - Parameter reject: gets an edit that the store refuses, and why; the others are made.
  mutating func apply(
    _ edits: [ImportedEdit], reject: (ImportedEdit, String) -> Void
  ) throws(StorageError) {
    try store.commit { (batch: inout EditBatch) throws(StorageError) in
      for edit in edits {
        for edit in try due(edit) {
          do throws(StorageError) {
            try apply(edit, &batch)
          } catch {
            guard case .refused(let reason) = error else { throw error }
            reject(try rejected(edit), reason)
          }
        }
      }
    }
  }

  /// The edits that waited for more of the file, to be applied when there is no more. Cost: the entities.
  mutating func rest() -> [ImportedEdit] {
    var rest: [ImportedEdit] = []
    for id in histories.keys { rest += histories[id]?.giveUp() ?? [] }
    rest += waiting
    waiting = []
    isAtEnd = true
    // What was split from others needs their entries.
    return rest.sorted { ($0.isSplit ? 1 : 0, $0.line) < ($1.isSplit ? 1 : 0, $1.line) }
  }

  /// What is to be applied now that an edit came: it, none, or with it rows that waited for it.
  private mutating func due(_ edit: ImportedEdit) throws(StorageError) -> [ImportedEdit] {
    if !isAtEnd, try isEarly(edit) {
      waiting.append(edit)
      return []
    }
    guard edit.isSnapshot, let id = try names.entity(of: edit) else { return [edit] }
    if histories[id] == nil {
      let marks = try store.changes(of: id).compactMap { ImportMark($0.change) }
      histories[id] = RowHistory(ImportMark.rows(marks, like: edit.once))
    }
    guard let (due, passed) = histories[id]?.take(edit) else { return [edit] }
    unchanged += passed
    return due
  }

  /// Whether an edit has to wait for more of the file.
  ///
  /// Tickets are not made for what names them before their turn: a merge counts only into the one that was made first. What
  /// an export says of other things that name tickets is so kept in memory until its end.
  private mutating func isEarly(_ edit: ImportedEdit) throws(StorageError) -> Bool {
    for tie in edit.ties.values.flatMap(\.self) where try names.entity(tie.key) == nil { return true }
    guard edit.isExported, !edit.isSnapshot else { return false }
    if edit.line == waitingLine || edit.isSplit { return true }
    if try tellsOfLater(edit) { return true }
    let part = try names.entity(of: edit)
    for (field, key) in edit.links where key.type == Vocabulary.ticket {
      let target = try names.entity(key)
      let isTurned = isTurned(field, key, target, part)
      if isTurned, let target, let part { turnedWholes[target] = part }
      guard target == nil || isTurned else { continue }
      waitingLine = edit.line
      return true
    }
    guard let part, try isSpeakingForOther(part, edit) else { return false }
    waitingLine = edit.line
    return true
  }

  private mutating func apply(_ edit: ImportedEdit, _ batch: inout EditBatch) throws(StorageError) {
    let named = try names.entity(of: edit)
    try refuseErased(named, edit)
    if let named { names.note(edit.entity, named) }
    let told = try renamingTold(edit, on: named)
    let existing = try named.map { (id) throws(StorageError) in try subject(of: edit, on: id) }
    if let named, named != existing {
      if applied[named] == nil { applied[named] = try keys(of: named) }
      if applied[named]?[edit.once] != nil {
        unchanged += 1
        return
      }
    }
    if let existing {
      if applied[existing] == nil, !edit.isSnapshot { applied[existing] = try keys(of: existing) }
      let imported = edit.isSnapshot ? nil : applied[existing]?[edit.once]
      // Asked in any case, since it counts what it found.
      var entry = try present(edit, existing, imported: imported)
      if entry == nil, told.draft.log != edit.draft.log {
        entry = try present(told, existing, imported: imported)
      }
      if edit.isEmpty || entry != nil || imported != nil {
        note(edit, existing, entry ?? imported)
        unchanged += 1
        return
      }
    }
    var (draft, links) = (told.draft, edit.links)
    if let existing, try isSpokenFor(existing, edit) { Self.leaveOwn(&draft, &links) }
    // Before the links, which would make what they name.
    if let existing { try leaveLater(&draft, &links, existing, edit) }
    // Entries of a log need none, and to fold their entity for each of them would take the longer the more it has.
    let isRecord = edit.isExported && draft.log.isEmpty
    let own = isRecord ? try existing.flatMap { (id) throws(StorageError) in try store.state(of: id) } : nil
    try refuseErasedTargets(links, own)
    var turned: EntityID?
    for (field, key) in links.sorted(by: { $0.key < $1.key }) {
      if try isThere(key, own?.registers[field]) { continue }
      var target = try names.entity(key)
      if target == nil { target = try create(key, Draft(), edit, &batch) }
      if isTurned(field, key, target, existing) {
        turned = target
        continue
      }
      draft.set[field] = target.map { JSONText($0.description) }
    }
    for (field, ties) in edit.ties.sorted(by: { $0.key < $1.key }) {
      for tie in ties {
        guard let id = try tied(tie, existing, own?.elements(field) ?? [], edit, &batch) else { continue }
        draft.add[field, default: []].append(ExactString(tie.word + id.description))
      }
    }
    // Elements alone belong to this profile, whatever others of the same person have.
    let isAlone = draft.set.isEmpty && draft.clear.isEmpty
    // An entity without a number is called by an id in exports: its own, or the one that it had where it came from.
    if let existing, existing == named, let exported = edit.entity, draft.log.isEmpty,
      ![existing, exported].map(\.description).contains(edit.key.ref.text)
    {
      draft.set["ref"] = JSONText(edit.key.ref.text)
    }
    if edit.isExported { try follow(&draft, own) }
    if edit.isRedacted { hideMark(&draft) }
    let known = try existing.flatMap { (id) throws(StorageError) in try leaveUnchanged(&draft, id, edit) }
    if let existing, isRecord {
      let merged = isAlone ? own : try store.mergedState(of: existing)
      for (field, count) in draft.count { draft.count[field] = count - (own?.counters[field] ?? 0) }
      // Of several values an export says one, which settles nothing; nor does a profile that says what another one's
      // replaced.
      draft.set = draft.set.filter { field, value in
        let heads = (own?.registers[field]?.heads ?? []) + (merged?.registers[field]?.heads ?? [])
        return !heads.contains { $0.value == value }
      }
      // What others of the same person have under a cleared field is theirs to clear, and what they cleared is clear.
      draft.clear = draft.clear.filter { field in
        let heads = merged?.registers[field]?.heads ?? []
        return own?.registers[field]?.heads.contains { !$0.value.isNull && heads.contains($0) } == true
      }
      // A table that comes back to where it was exported leaves no trace; an earlier row of it here is one.
      let isNews = known?.isOfKnownTable == true
      if draft.body(over: merged).isEmpty, !isNews, try merge(existing, turned, edit).isEmpty {
        unchanged += 1
        return
      }
    }
    if let known { draft.extra.append((ImportMark.known, known.hashes)) }
    if edit.isSnapshot, !draft.set.isEmpty {
      draft.extra.append((ImportMark.values, JSONText(RowValue.sums(draft.set))))
    }
    draft.extra.append((Self.key, JSONText(edit.once)))
    if let existing {
      if edit.isExported, !draft.set.isEmpty, !draft.clear.isEmpty {
        var clearing = Draft()
        swap(&clearing.clear, &draft.clear)
        var change = Edit(.entity(existing), clearing, at: edit.at, by: edit.by)
        change.alone = true
        _ = try batch.make(change)
      }
      var change = Edit(.entity(existing), draft, at: edit.at, by: edit.by)
      change.alone = edit.isExported && draft.set.isEmpty
      let made = try batch.make(change)
      note(edit, existing, made?.id)
      for step in try merge(existing, turned, edit) { _ = try batch.make(step) }
    } else {
      if let exported = edit.entity, exported.type == edit.key.type {
        draft.extra.append((FirstID.key, JSONText(exported.origin.description)))
      }
      let id = try create(edit.key, draft, edit, &batch)
      note(edit, id, id.origin)
      names.note(edit.entity, id)
      for step in try merge(id, turned, edit) { _ = try batch.make(step) }
    }
    imported += 1
  }

  /// Whether a register names an entity already that an export calls so: there may be others of that name.
  func isThere(_ key: EntityKey, _ register: Register?) throws(StorageError) -> Bool {
    for head in register?.heads ?? [] where try names.isCalled(head.value.plain, key) { return true }
    return false
  }

  /// The entity that an element has to name; nil where one of the elements names it already, as an export calls it, for an
  /// erased one, and for the entity itself, which another one of its number would be taken for.
  private mutating func tied(
    _ tie: ImportedTie, _ entity: EntityID?, _ elements: [String], _ edit: ImportedEdit,
    _ batch: inout EditBatch
  ) throws(StorageError) -> EntityID? {
    let target = try names.entity(tie.key)
    if let target, elements.contains(tie.word + target.description) { return nil }
    for element in elements where element.hasPrefix(tie.word) {
      if try names.isCalled(String(element.dropFirst(tie.word.count)), tie.key) { return nil }
    }
    if let target { return target == entity || store.isErased(target) ? nil : target }
    return try create(tie.key, Draft(), edit, &batch)
  }

  /// Keeps which change a record is here; nil where it needed none.
  private mutating func note(_ edit: ImportedEdit, _ id: EntityID, _ change: ChangeID?) {
    if edit.isSnapshot { return }
    if let change, edit.at != nil, !edit.isExported { brought.insert(change) }
    applied[id, default: [:]][edit.once] = change ?? id.origin
    if let origin = edit.origin, let change, origin != change { renamed[origin] = change }
  }

  /// The change of an exported log entry that is in the entity already. Cost: the entity's changes, once.
  private mutating func present(
    _ edit: ImportedEdit, _ id: EntityID, imported: ChangeID?
  ) throws(StorageError) -> ChangeID? {
    guard edit.isExported, !edit.draft.log.isEmpty else { return nil }
    if entries[id] == nil { entries[id] = PresentEntries(try store.state(of: id)) }
    return entries[id]?.take(edit, imported: imported)
  }

  /// Lets the fields that say something of an entry follow it to the id that it has here.
  ///
  /// A message that went out from here stays sent, whatever the export knew of it.
  private mutating func follow(_ draft: inout Draft, _ state: EntityState?) throws(StorageError) {
    if let split = draft.set[SplitField.name] {
      let renamed = renamed
      draft.set[SplitField.name] = try splitHere(split, state?.registers[SplitField.name]) { renamed[$0] }
    }
    for (field, value) in draft.set {
      guard let mark = EntryMark(field) else { continue }
      let here = mark.field(renamed[mark.entry] ?? mark.entry)
      draft.set[field] = nil
      let present = state?.shown(here)
      if mark.isReply, let present, EntryMark.isOut(present.value), !EntryMark.isOut(value) { continue }
      draft.set[here] = EntryMark.value(value) { renamed[$0] }
    }
  }

  /// Leaves out of a redacted entry why it is: a field of the entity says so, and a later export says it anew.
  private func hideMark(_ draft: inout Draft) {
    draft.log = draft.log.mapValues { entry in
      JSONText(object: (entry.members ?? []).filter { $0.key != "redacted" }.map { ($0.key, $0.value) })
    }
  }

  private mutating func create(
    _ key: EntityKey, _ draft: Draft, _ edit: ImportedEdit, _ batch: inout EditBatch
  ) throws(StorageError) -> EntityID {
    var draft = draft
    draft.set["ref"] = JSONText(key.ref.text)
    guard let change = try batch.make(Edit(.new(type: key.type), draft, at: edit.at, by: edit.by)) else {
      throw .refused("a new \(key.type) changes nothing")
    }
    names.add(key, change.on)
    return change.on
  }

  /// The member of a change that names its record.
  static let key = "imp"

  private mutating func keys(of entity: EntityID) throws(StorageError) -> [String: ChangeID] {
    var keys: [String: ChangeID] = [:]
    var rows: Set<ChangeID> = []
    for placed in try store.changes(of: entity) {
      guard let mark = ImportMark(placed.change) else { continue }
      keys[mark.key] = placed.change.id
      if mark.key.count > ImportedEdit.plainKeyLength { rows.insert(placed.change.id) }
    }
    if !rows.isEmpty { ofTables[entity] = rows }
    return keys
  }
}
