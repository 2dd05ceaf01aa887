import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// The entity that a person means.
  ///
  /// Cost: a few pages, however large the store is.
  /// - Parameters:
  ///   - text: `type/replica.sequence`, `replica.sequence`, the value of a `ref`, a prefix of the replica with the
  ///     sequence (`k7f3.418`), or four or more characters of the replica alone if it made only one such entity. The
  ///     first of these forms that names anything counts, and each may stand behind a type (`ticket/k7f3.418`).
  ///   - type: only entities of this type; nil for any.
  /// - Throws: `DeskError.notFound`, or `.ambiguous` with those that it can mean, at most 20.
  public func resolve(_ text: String, type: String? = nil) throws(DeskError) -> EntityID {
    let found: [EntityID]
    let candidates: [DeskError.Candidate]
    do throws(StorageError) {
      // A whole id needs no tables, which might have to be made first.
      if let id = try whole(text, type) { return id }
      (found, candidates) = try reading { () throws(StorageError) in
        let found = try named(text, type: type)
        guard found.count > 1 else { return (found, []) }
        return (found, try found.prefix(20).map { (id) throws(StorageError) in try candidate(id) })
      }
    } catch {
      throw .storage(error)
    }
    guard let first = found.first else { throw .notFound(text) }
    if found.count > 1 { throw .ambiguous(text, candidates: candidates) }
    return first
  }

  /// The entity of a type with just this `ref`; the least where several have it, so that every replica takes the same
  /// one. Cost: a few pages, however large the store is.
  package func entity(ofType type: String, ref: String) throws(StorageError) -> EntityID? {
    try reading { () throws(StorageError) in
      var least: EntityID?
      for id in try tables.entities(.ref(ref)) where id.type == type {
        if try hasRef(id, ref) { least = min(least ?? id, id) }
      }
      return least
    }
  }

  /// The shortest text that names only this entity, whatever else of its type there is: four or more characters of its
  /// replica, a dot and the sequence.
  public func shortID(_ id: EntityID) -> String { shortID(id.origin) }

  /// The shortest text that names only this change: four or more characters of its replica, a dot and the sequence.
  public func shortID(_ id: ChangeID) -> String {
    let length = knownReplicas.prefixLength(of: id.replica)
    return "\("\(id.replica)".prefix(length)).\(id.sequence)"
  }

  /// The entity whose id is the text, where the text or the caller says its type. Cost: its members in the runs.
  private func whole(_ text: String, _ type: String?) throws(StorageError) -> EntityID? {
    let written = EntityID(text)
    let typed = type.flatMap { type in ChangeID(text).flatMap { EntityID(type: type, origin: $0) } }
    guard let id = written ?? typed, type == nil || id.type == type else { return nil }
    return try store.changes(of: id).isEmpty ? nil : id
  }

  /// The entities that a text can mean, ordered: those of the first form that it has.
  func named(_ text: String, type: String?) throws(StorageError) -> [EntityID] {
    if let id = try whole(text, type) { return [id] }
    let types = type.map { [$0] } ?? tables.types
    var found: [EntityID] = []
    if let origin = ChangeID(text) {
      for type in types {
        if let id = EntityID(type: type, origin: origin), try tables.contains(id) { found.append(id) }
      }
      if !found.isEmpty { return found }
    }
    for id in try tables.entities(.ref(text)) where type == nil || id.type == type {
      if try hasRef(id, text) { found.append(id) }
    }
    if found.isEmpty { found = try startingWith(text, types) }
    // A type in front of any other form. A `ref` that holds a slash itself has had its turn.
    if found.isEmpty, let slash = text.firstIndex(of: "/"), types.contains(String(text[..<slash])) {
      found = try named(String(text[text.index(after: slash)...]), type: String(text[..<slash]))
    }
    return found
  }

  private func hasRef(_ id: EntityID, _ text: String) throws(StorageError) -> Bool {
    try store.state(of: id)?.registers["ref"]?.heads.contains { $0.value.plain == text } == true
  }

  /// The entities whose ids begin with a prefix of the replica, with or without a sequence behind it; without, the first
  /// few.
  private func startingWith(_ text: String, _ types: [String]) throws(StorageError) -> [EntityID] {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first, let prefix = ReplicaPrefix(first) else { return [] }
    // Fewer characters alone are rather a mistyped word or number than an id.
    guard parts.count == 2 else {
      return first.utf8.count < 4 ? [] : try tables.entities(prefix, types, limit: 21)
    }
    guard let sequence = UInt64(parts[1]), "\(sequence)" == parts[1], sequence > 0 else { return [] }
    var found: [EntityID] = []
    for type in types {
      for replica in knownReplicas.matching(prefix) {
        if let id = EntityID(type: type, origin: ChangeID(replica, sequence)), try tables.contains(id) {
          found.append(id)
        }
      }
    }
    // Some tickets have ids that follow from what they are about: their replica made nothing.
    guard found.isEmpty else { return found }
    let derived = types.filter { $0 == Vocabulary.ticket || $0 == Vocabulary.outreach }
    return try tables.entities(prefix, derived, limit: 21).filter { $0.origin.sequence == sequence }
  }

  private func candidate(_ id: EntityID) throws(StorageError) -> DeskError.Candidate {
    let values = try tables.values(of: id)
    let title: String? =
      switch id.type {
      case Vocabulary.ticket: values.map { TicketRow(id, $0).subject }
      case Vocabulary.customer: values.map { CustomerRow(id, $0).name }
      default:
        try store.state(of: id).flatMap { state in
          let fields: [ExactString] = ["name", "title", "text", "subject", "ref"]
          return fields.lazy.compactMap { state.text($0) }.first
        }
      }
    return DeskError.Candidate(id: id, shortID: shortID(id), title: title ?? "")
  }

  /// The replicas that made any change here.
  private var knownReplicas: SortedReplicas {
    if let replicas, replicas.position == store.position { return replicas.names }
    let names = SortedReplicas(store.knownReplicas)
    replicas = (names, store.position)
    return names
  }
}
