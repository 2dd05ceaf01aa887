import Merge
import Storage

/// Why the desk could not do what was asked.
public enum DeskError: Error, Sendable, CustomStringConvertible {
  /// Nothing has this name.
  case notFound(String)
  /// More than one thing has this name; the first 20 of them.
  case ambiguous(String, candidates: [Candidate])
  /// What was asked makes no sense, and why.
  case impossible(String)
  /// The store refused.
  case storage(StorageError)

  /// One of several things that a name may mean.
  public struct Candidate: Hashable, Sendable {
    public let id: EntityID
    /// The shortest text that names only this one.
    public let shortID: String
    /// A ticket's subject, a customer's name, or else the `ref`; empty where it has none.
    public let title: String
  }

  public var description: String {
    switch self {
    case .notFound(let text): "nothing here is named \"\(text)\""
    case .ambiguous(let text, let candidates):
      "\"\(text)\" can mean \(candidates.count)\(candidates.count < 20 ? "" : " or more"): "
        + candidates.prefix(10).map { "\($0.id.type) \($0.shortID) \($0.title)" }.joined(separator: ", ")
        + (candidates.count > 10 ? ", ..." : "")
    case .impossible(let reason): reason
    case .storage(let error): error.description
    }
  }
}
