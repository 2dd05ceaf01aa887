import Agent
import Merge
import ServiceDesk
import Storage

extension Context {
  /// Opens the store's desk, and compacts the store afterwards where it was written to and that is due.
  ///
  /// - Parameter tries: how often the lock is tried.
  func withDesk(
    _ access: Store.Access, tries: Int = lockTries, _ body: (Desk) throws -> Void
  ) throws -> ExitCode {
    let store = try open(access, tries: tries)
    let desk = Desk(store)
    let progress = Progress(errors)
    desk.onProgress = { progress.update("indexing: \(Words.grouped($0.done)) of \(Words.grouped($0.total))") }
    defer { progress.end() }
    try body(desk)
    if case .writing = access {
      // Who waits for the result should not wait for this too.
      output.flush()
      try store.compact()
    }
    return .ok
  }

  /// The entity that somebody means by what they typed.
  ///
  /// - Parameter type: the only type wanted; nil for any.
  func find(_ text: String, type: String? = nil, _ desk: Desk) throws(Failure) -> EntityID {
    do {
      return try desk.resolve(text, type: type)
    } catch {
      guard case .notFound = error else { throw Failure(error) }
      throw Failure(
        .notFound, "there is no \(type ?? "entity") '\(text)' in this store; 'askonce sync' fetches new ones")
    }
  }
}

extension Failure {
  init(_ error: DeskError) {
    switch error {
    case .notFound(let text): self.init(.notFound, "there is nothing named '\(text)' in this store")
    case .storage(let error): self.init(error)
    case .secret: self.init(.refused, error.description)
    case .invalid: self.init(.failed, error.description)
    case .ambiguous(let text, let candidates):
      let width = candidates.map { $0.shortID.count }.max() ?? 0
      let lines = candidates.prefix(10).map { candidate in
        "\n  \(candidate.id.type) \(candidate.shortID)"
          + String(repeating: " ", count: width - candidate.shortID.count)
          + "  \(Plain.line(candidate.title))"
      }
      let more = candidates.count > 10 ? "\n  and more" : ""
      self.init(.ambiguous, "'\(text)' can mean several:" + lines.joined() + more)
    }
  }
}
