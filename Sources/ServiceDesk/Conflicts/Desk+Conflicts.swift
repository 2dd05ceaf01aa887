import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// The inbox: what people disagree about and have to settle, the most harmful first.
  ///
  /// Cost: a page for the first 64 open ones without a filter; else per entry; and what changed since the last question.
  /// - Returns: at most `limit` entries, and how many there are in all.
  public func conflicts(
    _ filter: ConflictFilter = ConflictFilter(), limit: Int = 50
  ) throws(StorageError) -> (conflicts: [Conflict], total: Int) {
    if filter.isPlain {
      let (conflicts, total) = try inbox.first(max(0, limit))
      return (try withholding(conflicts), total)
    }
    var filter = filter
    // What is said of a merged customer, or settled on one, may name any of its profiles.
    if let customer = filter.customer { filter.profiles = Set(try store.members(of: customer)) }
    if let on = filter.on { filter.on = try store.members(of: on).first ?? on }
    let all = try inbox.all(openOnly: !filter.includesClosed).filter(filter.passes)
    return (try withholding(Array(all.prefix(max(0, limit)))), all.count)
  }

  /// How many conflicts are open. Cost: a header, and what changed since the last question.
  public func openConflictCount() throws(StorageError) -> Int { try inbox.openCount() }

  /// The ids of all entries, or of all open ones. Cost: a page for up to 64 open ones; else per entry.
  package func conflictIDs(openOnly: Bool) throws(StorageError) -> [String] {
    try inbox.ids(openOnly: openOnly)
  }

  /// Everything about one entity, and those that it is shown as one with: open, settled, ruled and equal. Cost: the entity, and
  /// what it has to do with.
  public func conflicts(of id: EntityID) throws(StorageError) -> [Conflict] {
    let whole = try store.members(of: id).first ?? id
    let found = try reading { () throws(StorageError) in try CaseReader(forOneOf: self).conflicts(of: whole) }
    return try withholding(found.sorted(by: InboxFile.precedes))
  }

  /// The entry that an id or the start of one names.
  ///
  /// - Throws: `DeskError.notFound`, or `.ambiguous` with those that it can mean.
  public func conflict(_ text: String) throws(DeskError) -> Conflict {
    let found: [Conflict]
    do throws(StorageError) {
      let prefix = text.lowercased()
      found =
        text.isEmpty
        ? [] : try withholding(inbox.all(openOnly: false).filter { $0.id.hasPrefix(prefix) })
    } catch {
      throw .storage(error)
    }
    // An exact id, or the only open one that begins so, is what is meant.
    if let exact = found.first(where: { $0.id == text }) { return exact }
    let open = found.filter { $0.state == .open }
    if let only = open.count == 1 ? open[0] : found.count == 1 ? found[0] : nil { return only }
    guard !found.isEmpty else { throw .notFound(text) }
    throw .ambiguous(
      text,
      candidates: found.prefix(20).map { DeskError.Candidate(id: $0.on, shortID: $0.id, title: $0.says) })
  }

  /// Begins to watch for conflicts that come up. Cost: next to nothing, but the first time.
  public func watchConflicts() throws(StorageError) { try inbox.watch() }

  /// Open entries that came up since `watchConflicts()` or the last question; each is told once. Cost: what is new.
  ///
  /// - Parameter agent: only those in which this agent has a part; nil for all.
  public func newConflicts(concerning agent: String? = nil) throws(StorageError) -> [Conflict] {
    try withholding(inbox.takeArrivals { conflict in agent.map(conflict.concerns) ?? true })
  }

  /// The changes of an entity in order, with what its authors knew of each other; nil where nothing of it is known.
  /// Of an entity that is shown as one with others it is the history of all of them. Cost: their members in the runs.
  public func history(of id: EntityID) throws(StorageError) -> EntityHistory? { try told(of: id)?.history }

  /// What a history is made of.
  func told(of id: EntityID) throws(StorageError) -> ToldChanges? {
    let changes = try store.changes(of: id)
    guard !changes.isEmpty else { return nil }
    guard changes.contains(where: { $0.change.body.contains(word: BodyWords.same) }) else {
      return ToldChanges(members: [id], changes: changes)
    }
    let members = try store.members(of: id)
    guard members.count > 1 else { return ToldChanges(members: [id], changes: changes) }
    var all = changes
    for member in members where member != id { all += try store.changes(of: member) }
    return ToldChanges(members: members, changes: all)
  }
}

extension Desk {
  /// All entries, found anew from all changes: what the inbox must be, for checks. Cost: per store.
  package func survey() throws(StorageError) -> [Conflict] {
    try reading { () throws(StorageError) in try InboxSurvey(self).conflicts() }.sorted(
      by: InboxFile.precedes)
  }
}
