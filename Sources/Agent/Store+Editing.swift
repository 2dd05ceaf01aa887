import Causality
import Codec
import Merge
import Storage

/// One edit to be made.
public struct Edit: Sendable {
  /// What an edit is on.
  public enum Target: Sendable {
    case entity(EntityID)
    /// A new entity of a type.
    case new(type: String)
  }

  /// What it is on.
  public var target: Target
  /// What it changes.
  public var draft: Draft
  /// When it was made, for imports; nil for the time of the commit.
  public var at: HybridTime?
  /// Who made it, for imports; nil for the store's agent.
  public var by: String?
  /// Whether only this entity's own values are meant, not those of entities that it is shown as one with.
  package var alone = false
  /// The change's body as it is to be, instead of what the draft makes of it. For replays of changes.
  package var body: [UInt8]?

  /// An edit by the store's agent now, or by whom and when an import says.
  public init(_ target: Target, _ draft: Draft, at: HybridTime? = nil, by: String? = nil) {
    self.target = target
    self.draft = draft
    self.at = at
    self.by = by
  }
}

extension Store {
  /// Makes edits: builds the changes, appends them durably, and folds them in.
  ///
  /// When this returns, the edits survive `kill -9` and power loss. What they say is not judged here, secrets neither: of a service
  /// desk `Desk.record` keeps these out. Cost: one write and one sync for all of them, and for each the state of its entity.
  /// - Returns: for each edit its change; nil where it would change nothing.
  /// - Throws: `StorageError`, `.readOnly` for a store that was opened for reading; then none of the edits was made.
  @discardableResult
  public func commit(_ edits: [Edit]) throws(StorageError) -> [Change?] {
    try commit { (batch) throws(StorageError) in
      var made: [Change?] = []
      for edit in edits { made.append(try batch.make(edit)) }
      return made
    }
  }

  /// Makes edits of which each may depend on those before it, and appends all of them durably.
  ///
  /// - Throws: `StorageError`; then none of the edits was made.
  package func commit<Result>(
    _ make: (inout EditBatch) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    try requireWriting()
    try settleDoubt()
    var batch = EditBatch(self)
    let result: Result
    do throws(StorageError) {
      result = try make(&batch)
      try onDisk { () throws(DiskError) in try own.append(batch.changes, lines: batch.lines.span) }
    } catch {
      index()
      throw error
    }
    clock = batch.clock
    return result
  }

  /// Makes one edit, as several are made. Returns its change; nil where it would change nothing.
  @discardableResult
  public func commit(_ edit: Edit) throws(StorageError) -> Change? {
    try commit([edit])[0]
  }
}

/// Edits that are made together: each sees those before it, and nothing is durable yet.
package struct EditBatch {
  private let store: Store
  fileprivate var clock: HybridClock
  fileprivate private(set) var changes: [Change] = []
  /// The changes as the store's file holds them.
  fileprivate private(set) var lines: [UInt8] = []

  fileprivate init(_ store: Store) {
    self.store = store
    clock = store.clock
  }

  /// Makes one edit. Returns its change; nil where it would change nothing.
  ///
  /// - Throws: `StorageError`; the edits before it stay, so a caller may go on after `.refused`.
  package mutating func make(_ edit: Edit) throws(StorageError) -> Change? {
    let id = ChangeID(store.replica, store.own.lastSequence + UInt64(changes.count) + 1)
    guard edit.body != nil || !edit.draft.set.values.contains(Thinning.mark) else {
      throw .refused("\(Thinning.mark.text) stands for a value that is no longer kept, so it cannot be set")
    }
    let entity: EntityID
    var state: EntityState?
    switch edit.target {
    case .entity(let existing):
      entity = existing
      // Of entities that are shown as one the author sees the heads of all, so a value replaces them all.
      if edit.body == nil, edit.draft.needsState {
        state = try edit.alone ? store.state(of: existing) : store.mergedState(of: existing)
      }
    case .new(let type):
      guard let new = EntityID(type: type, origin: id) else {
        throw .refused("\"\(type)\" is not an entity type: 1 to 32 of a-z 0-9 _ -, a letter first")
      }
      entity = new
    }
    let body = edit.body ?? edit.draft.body(over: state)
    if store.isErased(entity), !edit.draft.erase {
      // What an erasure leaves of it is all that counts, such as that a conflict about the erasure is settled.
      let change = Change(
        id: id, at: .zero, seen: store.mirror.last, by: store.configuration.agent, on: entity, body: body)
      guard change.isStub, !body.isEmpty else {
        throw .refused("\(entity) was erased, so nothing can be written on it any more")
      }
    }
    if body.isEmpty, entity.origin != id { return nil }
    var clock = self.clock
    let at = edit.at ?? clock.tick(wall: store.environment.now())
    let change = Change(
      id: id, at: at, seen: store.mirror.last, by: edit.by ?? store.configuration.agent, on: entity,
      body: body)
    do {
      try ChangeLine.writeValid(change, to: &lines)
    } catch {
      throw .refused("the edit of \(change.on) was not made: \(error.reason)")
    }
    self.clock = clock
    changes.append(change)
    store.addNewer(store.unplaced(change))
    return change
  }
}
