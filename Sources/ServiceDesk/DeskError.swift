import Agent
import Causality
import Codec
import Merge
import Storage

/// Why the desk could not do what was asked.
public enum DeskError: Error, Sendable, CustomStringConvertible {
  /// Nothing has this name.
  case notFound(String)
  /// More than one thing has this name; the first 20 of them.
  case ambiguous(String, candidates: [Candidate])
  /// What must not be kept: a PIN, a password, a card number, a security answer. Why it was taken for one.
  case secret(String)
  /// What was asked for makes no sense, or not now; what is missing.
  case invalid(String)
  /// The store refused.
  case storage(StorageError)

  /// One of several things that a name may mean.
  public struct Candidate: Hashable, Sendable {
    /// The entity that may be meant.
    public let id: EntityID
    /// The shortest text that names only this one.
    public let shortID: String
    /// A ticket's subject, a customer's name, or else the `ref`; empty where it has none.
    public let title: String

    package init(id: EntityID, shortID: String, title: String) {
      self.id = id
      self.shortID = shortID
      self.title = title
    }
  }

  /// What went wrong and what to do, in words for people.
  public var description: String {
    switch self {
    case .notFound(let text): "nothing here is named \"\(text)\""
    case .ambiguous(let text, let candidates):
      "\"\(text)\" can mean \(candidates.count)\(candidates.count < 20 ? "" : " or more"): "
        + candidates.prefix(10).map { "\($0.id.type) \($0.shortID) \($0.title)" }.joined(separator: ", ")
        + (candidates.count > 10 ? ", ..." : "")
    case .secret(let reason): "secrets are never kept: \(reason)"
    case .invalid(let reason): reason
    case .storage(let error): error.description
    }
  }
}

extension Desk {
  /// Runs what only the store can fail at.
  func stored<Result>(_ body: () throws(StorageError) -> Result) throws(DeskError) -> Result {
    do throws(StorageError) { return try body() } catch { throw .storage(error) }
  }

  /// The state of an entity that has to be there, with those that it is shown as one with.
  func known(_ id: EntityID) throws(DeskError) -> EntityState {
    guard let state = try stored({ () throws(StorageError) in try store.mergedState(of: id) }) else {
      throw .notFound(id.description)
    }
    return state
  }

  /// The state of an entity that has to be there and of one type.
  ///
  /// - Throws: `DeskError.invalid` for one of another type, `.notFound` where nothing is known of it.
  @discardableResult
  func known(_ id: EntityID, as type: String) throws(DeskError) -> EntityState {
    guard id.type == type else { throw .invalid("\(id) is no \(type), but of type \(id.type)") }
    return try known(id)
  }

  /// Makes one edit of anything, as `Store.commit` does, unless a field of it would hold what is never kept, or it gives something to a
  /// customer who was erased. What else a field may hold, it does not check: see `BuiltInField`.
  ///
  /// For what no other call says: JSON as a value, fields and types of an app's own, and several fields, sets and log entries in one
  /// edit. Words in logs are not judged. Cost: as a commit, and the settings.
  /// - Returns: the change; nil where it would change nothing.
  /// - Throws: `DeskError.secret` with why it was taken for a secret, `.invalid` for a `customer` who was erased.
  @discardableResult
  public func record(_ edit: Edit) throws(DeskError) -> Change? {
    try record([edit])[0]
  }

  /// Makes several edits, all of them or none, as `record` makes one. Cost: one write and one sync for all of them, and the settings.
  ///
  /// - Returns: for each edit its change; nil where it would change nothing.
  @discardableResult
  public func record(_ edits: [Edit]) throws(DeskError) -> [Change?] {
    if edits.contains(where: { !$0.draft.set.isEmpty }) {
      let secrets = try settings().secrets
      for edit in edits { try check(edit, secrets) }
    }
    return try stored { () throws(StorageError) in try store.commit(edits) }
  }

  private func check(_ edit: Edit, _ secrets: Secrets) throws(DeskError) {
    let type =
      switch edit.target {
      case .entity(let id): id.type
      case .new(let type): type
      }
    for (field, value) in edit.draft.set {
      if let reason = secrets.reason(type: type, field: field, value: value) { throw .secret(reason) }
    }
    // Whose form is open while a sync brings the erasure would else bring back what everybody has just forgotten.
    if let customer = edit.draft.set["customer"] { try refuseErased(EntityID(customer.plain)) }
  }

  /// Makes a new entity as `record` makes an edit.
  func create(
    _ type: String, _ draft: Draft, at: HybridTime? = nil, by: String? = nil
  ) throws(DeskError) -> Change {
    guard let change = try record(Edit(.new(type: type), draft, at: at, by: by)) else {
      throw .storage(.refused("a new \(type) changes nothing"))
    }
    return change
  }

  /// Makes one edit.
  @discardableResult
  func commit(_ edit: Edit) throws(DeskError) -> Change? {
    try stored { () throws(StorageError) in try store.commit(edit) }
  }
}
