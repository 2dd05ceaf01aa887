import Causality
import Codec
import Merge
import Storage

/// One edit to be made.
public struct Edit: Sendable {
  public enum Target: Sendable {
    case entity(EntityID)
    /// A new entity of a type.
    case new(type: String)
  }

  public var target: Target
  public var draft: Draft
  /// When it was made; nil for now. For imports.
  public var at: HybridTime?
  /// Who made it; nil for the store's agent. For imports.
  public var by: String?

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
  /// When this returns, the edits survive `kill -9` and power loss. Cost: one write and one sync for all of
  /// them, and for each the state of its entity.
  /// - Returns: for each edit its change; nil where it would change nothing.
  /// - Throws: `StorageError`; then none of the edits was made.
  @discardableResult
  public func commit(_ edits: [Edit]) throws(StorageError) -> [Change?] {
    precondition(access == .writing, "only a store that was opened for writing can be edited")
    if isInDoubt { try reopen() }
    var made: [Change?] = []
    var sequence = own.lastSequence
    var clock = self.clock
    do throws(StorageError) {
      for edit in edits {
        let id = ChangeID(replica, sequence + 1)
        let entity: EntityID
        var state: EntityState?
        switch edit.target {
        case .entity(let existing):
          entity = existing
          state = try self.state(of: existing)
        case .new(let type):
          guard let new = EntityID(type: type, origin: id) else {
            throw .refused("\"\(type)\" is not an entity type: 1 to 32 of a-z 0-9 _ -, a letter first")
          }
          entity = new
        }
        let body = edit.draft.body(over: state)
        if body.isEmpty, entity.origin != id {
          made.append(nil)
          continue
        }
        let at = edit.at ?? clock.tick(wall: environment.now())
        let change = Change(
          id: id, at: at, seen: mirror.last, by: edit.by ?? configuration.agent, on: entity, body: body)
        try check(change)
        sequence += 1
        made.append(change)
        newer[entity, default: []].append(PlacedChange(change))
      }
      let changes = made.compactMap(\.self)
      try onDisk { () throws(DiskError) in try own.append(changes) }
    } catch {
      index()
      throw error
    }
    self.clock = clock
    return made
  }

  /// Makes one edit. Returns its change; nil where it would change nothing.
  @discardableResult
  public func commit(_ edit: Edit) throws(StorageError) -> Change? {
    try commit([edit])[0]
  }

  /// Whatever a person typed goes through the check that a server makes.
  private func check(_ change: Change) throws(StorageError) {
    do {
      _ = try ChangeLine.parse(ChangeLine.bytes(change).span)
    } catch {
      throw .refused("the edit of \(change.on) was not made: \(error.reason)")
    }
  }
}
