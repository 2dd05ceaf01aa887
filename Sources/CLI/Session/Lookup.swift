import Agent
import Causality
import Merge

/// Finds the entity that somebody means by what they typed.
struct Lookup {
  let store: Store

  init(_ store: Store) { self.store = store }

  /// - Parameter type: the only type wanted; nil for any.
  /// - Throws: `Failure`, `.notFound` where nothing fits and `.ambiguous` where several do.
  func entity(_ text: String, type: String? = nil) throws -> EntityID {
    let full = text.contains("/") ? text : type.map { "\($0)/\(text)" } ?? text
    guard let id = EntityID(full), try store.state(of: id) != nil else {
      throw Failure(.notFound, "there is no \(type ?? "entity") '\(text)' in this store")
    }
    return id
  }

  func state(_ text: String, type: String? = nil) throws -> EntityState {
    let id = try entity(text, type: type)
    guard let state = try store.state(of: id) else {
      throw Failure(.notFound, "there is no \(type ?? "entity") '\(text)' in this store")
    }
    return state
  }
}
