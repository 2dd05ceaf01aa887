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
  /// What entities that came from elsewhere are here, by the change that created them there; nil until somebody asks.
  private var imported: [ChangeID: EntityID]?
  /// What tickets of the file are called here, and the other way round.
  private var here: [EntityID: EntityID] = [:]
  private var there: [EntityID: EntityID] = [:]
  /// From so many on, reading all numbers at once costs less than asking for each.
  private static let manyLookups = 100

  init(_ desk: Desk) {
    self.desk = desk
  }

  /// The entity that an edit is on; nil where there is none. Of an exported record it is the one of its id, for there may be
  /// others with its number, or the one that was brought here under that id.
  mutating func entity(of edit: ImportedEdit) throws(StorageError) -> EntityID? {
    if let id = edit.entity, id.type == edit.key.type {
      if try desk.store.state(of: id) != nil { return id }
      if let here = try imported(id) {
        // It may have got another number here, and the file calls it by this one.
        if try entity(edit.key) == nil { add(edit.key, here) }
        return here
      }
    }
    return try entity(edit.key)
  }

  /// Keeps which ticket of a file an entity is.
  mutating func note(_ exported: EntityID?, _ id: EntityID) {
    guard let exported, exported != id, id.type == Vocabulary.ticket else { return }
    here[exported] = id
    there[id] = exported
  }

  /// What an entity of the file, or of a file before it, is here; nil where it did not come yet.
  mutating func here(_ id: EntityID) throws(StorageError) -> EntityID? {
    if try desk.store.state(of: id) != nil { return id }
    if let here = here[id] { return here }
    return try imported(id)
  }

  /// What the file calls a ticket; nil where it did not bring it yet.
  func there(_ id: EntityID) -> EntityID? { there[id] }

  /// What an entity of another workspace is here, erased or not; nil where it never came. Cost: the store, once.
  private mutating func imported(_ id: EntityID) throws(StorageError) -> EntityID? {
    if imported == nil {
      var found: [ChangeID: EntityID] = [:]
      let walk = try desk.store.walk()
      while let (_, changes) = try walk.next() {
        for placed in changes where placed.change.creates {
          if let first = FirstID.of(placed.change) { found[first.id] = placed.change.on }
        }
      }
      imported = found
    }
    return imported?[id.origin].flatMap { $0.type == id.type ? $0 : nil }
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
    guard let id = EntityID(key.ref.text), id.type == key.type else { return nil }
    return try desk.store.state(of: id) == nil ? imported(id) : id
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
