import Agent
import Causality
import Codec
import Import
import Merge
import ServiceDesk
import Storage

/// The entities that foreign data names, by type and number.
struct EntityNames {
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

  /// The entity that an edit is on; nil where there is none. Of an exported record it is the one of its id, for there may be
  /// others with its number.
  mutating func entity(of edit: ImportedEdit) throws(StorageError) -> EntityID? {
    if let id = edit.entity, id.type == edit.key.type, try desk.store.state(of: id) != nil { return id }
    return try entity(edit.key)
  }

  /// Whether a value names the entity that an export calls so. Cost: the state of that entity.
  func isCalled(_ value: String, _ key: EntityKey) throws(StorageError) -> Bool {
    guard let id = EntityID(value), id.type == key.type else { return false }
    return try desk.store.state(of: id)?.text("ref") == key.ref.text || id.description == key.ref.text
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
