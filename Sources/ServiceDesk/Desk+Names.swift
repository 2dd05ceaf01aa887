import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// The entity that a person means.
  ///
  /// - Parameters:
  ///   - text: `type/replica.sequence`, `replica.sequence`, a prefix of the replica with the sequence
  ///     (`k7f3.418`), a prefix of the replica alone if it made only one such entity, or the value of a `ref`.
  ///   - type: only entities of this type; nil for any.
  /// - Throws: `DeskError.notFound`, or `.ambiguous` with those that it can mean.
  public func resolve(_ text: String, type: String? = nil) throws(DeskError) -> EntityID {
    let found = try onStore { () throws(StorageError) in
      var exact: [EntityID] = []
      var near: [EntityID] = []
      try store.forEachState(ofType: type) { (state) throws(StorageError) in
        let origin = state.id.origin
        let replica = origin.replica.description
        if "\(origin)" == text || "\(state.id)" == text { exact.append(state.id) }
        if state.text("ref") == text { exact.append(state.id) }
        let parts = text.split(separator: ".")
        if let prefix = parts.first, replica.hasPrefix(prefix),
          parts.count == 1 || "\(origin.sequence)" == parts[1]
        {
          near.append(state.id)
        }
      }
      return exact.isEmpty ? near : exact
    }
    guard let first = found.first else { throw .notFound(text) }
    if found.count == 1 { return first }
    let candidates = try onStore { () throws(StorageError) in
      try found.prefix(20).map { (id) throws(StorageError) in try candidate(id) }
    }
    throw .ambiguous(text, candidates: candidates)
  }

  private func candidate(_ id: EntityID) throws(StorageError) -> DeskError.Candidate {
    let state = try store.state(of: id)
    let title = state?.text("subject") ?? state?.text("name") ?? state?.text("ref") ?? ""
    return DeskError.Candidate(id: id, shortID: shortID(id), title: title)
  }

  /// The shortest text that names only this entity among those of its type: four or more characters of its
  /// replica, a dot and the sequence.
  public func shortID(_ id: EntityID) -> String {
    "\(id.origin.replica)".prefix(4) + ".\(id.origin.sequence)"
  }

  func onStore<Result>(_ body: () throws(StorageError) -> Result) throws(DeskError) -> Result {
    do {
      return try body()
    } catch {
      throw .storage(error)
    }
  }
}
