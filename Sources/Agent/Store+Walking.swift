import Storage

extension Store {
  /// Walks all entities of a type, or of all types, in order, each with its changes: those with a position by it, then
  /// own unsent ones. Cost: per store.
  package func walk(ofType type: String? = nil) throws(StorageError) -> EntityWalk {
    try runs.walk(type: type, newer: newer)
  }
}
