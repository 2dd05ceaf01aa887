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
/// has already is passed over, so an import that is run again, or was killed in the middle, imports nothing twice.
///
/// What comes from an export may have been made in this very store, where no record has a key: an entry that is there
/// already, by its change or by its text, author and time, is passed over, and so is an edit that would change nothing.
struct EditApplier {
  private let store: Store
  private var names: EntityNames
  /// The keys of the records that are in the store, by entity.
  private var applied: [EntityID: Set<String>] = [:]
  /// The log entries that the entities of an export had before it came, each as often as it is there.
  private var entries: [EntityID: [LoggedEntry: Int]] = [:]
  /// Changes that were made, and records that were in the store already.
  private(set) var imported = 0
  private(set) var unchanged = 0

  init(_ desk: Desk) {
    store = desk.store
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
        do throws(StorageError) {
          try apply(edit, &batch)
        } catch {
          guard case .refused(let reason) = error else { throw error }
          reject(edit, reason)
        }
      }
    }
  }

  private mutating func apply(_ edit: ImportedEdit, _ batch: inout EditBatch) throws(StorageError) {
    let existing = try names.entity(edit.key)
    if let existing {
      if applied[existing] == nil { applied[existing] = try keys(of: existing) }
      // Asked in any case, since it counts what it found.
      let isThere = try isThere(edit, existing)
      if edit.isEmpty || isThere || applied[existing]?.contains(edit.once) == true {
        applied[existing]?.insert(edit.once)
        unchanged += 1
        return
      }
    }
    var draft = edit.draft
    for (field, key) in edit.links.sorted(by: { $0.key < $1.key }) {
      var target = try names.entity(key)
      if target == nil { target = try create(key, Draft(), edit, &batch) }
      draft.set[field] = target.map { JSONText($0.description) }
    }
    if let existing, edit.isExported, draft.log.isEmpty {
      let state = try store.mergedState(of: existing)
      for (field, count) in draft.count { draft.count[field] = count - (state?.counters[field] ?? 0) }
      if draft.body(over: state).isEmpty {
        unchanged += 1
        return
      }
    }
    draft.extra.append((Self.key, JSONText(edit.once)))
    if let existing {
      _ = try batch.make(Edit(.entity(existing), draft, at: edit.at, by: edit.by))
      applied[existing]?.insert(edit.once)
    } else {
      let id = try create(edit.key, draft, edit, &batch)
      applied[id] = [edit.once]
    }
    imported += 1
  }

  /// Whether an exported log entry is in the entity already; each that is there stands for one. Cost: the entity's
  /// changes, once.
  private mutating func isThere(_ edit: ImportedEdit, _ id: EntityID) throws(StorageError) -> Bool {
    guard edit.isExported, let (name, value) = edit.draft.log.first else { return false }
    if entries[id] == nil {
      var found: [LoggedEntry: Int] = [:]
      // As an export has them.
      for (name, log) in try store.state(of: id)?.withoutRedactedWords.logs ?? [:] {
        for entry in log {
          found[LoggedEntry(name: name, value: entry.value, at: entry.at, by: entry.by), default: 0] += 1
        }
      }
      entries[id] = found
    }
    if let at = edit.at, let by = edit.by {
      let entry = LoggedEntry(name: name, value: value, at: at, by: by)
      if let count = entries[id]?[entry], count > 0 {
        entries[id]?[entry] = count - 1
        return true
      }
    }
    // Its words may have been redacted here since.
    guard let origin = edit.origin else { return false }
    return try store.state(of: id)?.logs[name]?.contains { $0.id == origin } == true
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

  private func keys(of entity: EntityID) throws(StorageError) -> Set<String> {
    Set(try store.changes(of: entity).compactMap { ImportMark.key(of: $0.change) })
  }
}

/// A log entry by what an export says of it.
private struct LoggedEntry: Hashable {
  let name: ExactString
  let value: JSONText
  let at: HybridTime
  let by: String
}

/// Finds in a change which imported record it comes from.
enum ImportMark {
  private static let pattern = Array("\"\(EditApplier.key)\":\"".utf8)

  static func key(of change: Change) -> String? {
    // Most changes come from no import; those need no parsing.
    guard change.body.contains(word: pattern),
      let body = try? JSONText(parsing: [UInt8(ascii: "{")] + change.body + [UInt8(ascii: "}")])
    else { return nil }
    return body[EditApplier.key]?.string
  }
}

/// The entities that foreign data names, by type and number.
private struct EntityNames {
  private let desk: Desk
  private var known: [String: [ExactString: EntityID]] = [:]
  /// The types of which all numbers are known.
  private var isLoaded: Set<String> = []
  private var lookups = 0
  /// From so many on, reading all numbers at once costs less than asking for each.
  private static let manyLookups = 100

  init(_ desk: Desk) {
    self.desk = desk
  }

  /// The entity of a type with a `ref`, or of this id; nil where there is none.
  mutating func entity(_ key: EntityKey) throws(StorageError) -> EntityID? {
    if let id = known[key.type]?[key.ref] { return id }
    // Every workspace's settings are one entity of one id, which no change creates.
    if key.type == Vocabulary.settings, key.ref.text == Vocabulary.settingsID.description {
      return Vocabulary.settingsID
    }
    if !isLoaded.contains(key.type) {
      lookups += 1
      if lookups < Self.manyLookups {
        if let id = try desk.entity(ofType: key.type, ref: key.ref.text) {
          add(key, id)
          return id
        }
      } else {
        known[key.type, default: [:]].merge(try load(key.type)) { made, _ in made }
        isLoaded.insert(key.type)
        if let id = known[key.type]?[key.ref] { return id }
      }
    }
    // An export names what has no number by its id.
    guard let id = EntityID(key.ref.text), id.type == key.type, try desk.store.state(of: id) != nil else {
      return nil
    }
    return id
  }

  mutating func add(_ key: EntityKey, _ id: EntityID) {
    known[key.type, default: [:]][key.ref] = id
  }

  /// All numbers of a type.
  private func load(_ type: String) throws(StorageError) -> [ExactString: EntityID] {
    var found: [ExactString: EntityID] = [:]
    func add(_ ref: String?, _ id: EntityID) {
      // Where two have one number, every replica takes the same.
      if let ref { found[ExactString(ref)] = min(found[ExactString(ref)] ?? id, id) }
    }
    switch type {
    case Vocabulary.ticket, Vocabulary.customer:
      for (ref, id) in try desk.refs(ofType: type) { add(ref, id) }
    default:
      try desk.store.forEachState(ofType: type) { (state) throws(StorageError) in
        add(state.text("ref"), state.id)
      }
    }
    return found
  }
}
