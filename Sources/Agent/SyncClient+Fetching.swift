import Causality
import Storage
import SyncProtocol

/// What is taken from the server without sending anything: blocks of its log, and whole runs by a store that has nothing yet.
extension SyncClient {
  /// Takes what the server has, without sending anything.
  func pull(_ session: inout SyncSession) throws(SyncError) {
    repeat {
      switch try link.sync(
        session.request(unsent: [], own: ChangeID.maximumSequence, erased: store.erasedPosition))
      {
      case .success(let answer): try take(answer, &session)
      case .failure(let refusal): try heal(refusal, &session)
      }
      count()
    } while !session.isDone(unsent: 0)
  }

  /// Copies the server's runs into an empty mirror, in pieces, going on where an earlier try stopped.
  func fetchRuns(_ session: inout SyncSession) throws(SyncError) {
    for (name, size) in try link.runs() where name.first == store.position + 1 {
      do throws(SyncError) {
        try fetch(name, size)
      } catch {
        // The server may have merged this run meanwhile; then the log brings what is missing.
        guard case .notFound = error else { throw error }
        break
      }
      let isTaken: Bool
      do throws(SyncError) {
        isTaken = try onStore { () throws(StorageError) in try store.finishRun(name) }
      } catch {
        // The server wrote the run anew while it was copied, because something was erased: once more from its start.
        guard case .storage(.damaged) = error else { throw error }
        if refetched.insert(name).inserted { return try fetchRuns(&session) }
        // It lies damaged at the server, whose log has all that is in it.
        report.notes.append(
          "run \(name) is damaged at the server, so its log was fetched instead; tell your operator to run 'askonce admin verify'"
        )
        break
      }
      guard isTaken else {
        // Under a new id the same runs are just another replica's changes.
        try fork(&session)
        return try fetchRuns(&session)
      }
      report.received += Int(name.last - name.first + 1)
    }
    session = newSession()
  }

  private func fetch(_ name: RunName, _ size: Int) throws(SyncError) {
    var offset = try onStore { () throws(StorageError) in try store.startRun(name, size: size) }
    while offset < size {
      let piece = try link.run(
        name, from: offset, count: min(store.environment.sizes.runPiece, size - offset))
      // It is another run by now: the check of the copy finds that, and it is fetched anew.
      guard let piece else { return }
      guard !piece.isEmpty else { throw .interrupted("the server sent nothing of run \(name)") }
      try onStore { () throws(StorageError) in try store.appendRun(name, piece) }
      offset += piece.count
      count()
    }
  }
}
