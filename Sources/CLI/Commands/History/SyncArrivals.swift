import Agent
import ServiceDesk

extension Context {
  /// Runs a command on the history of the entity that a text names.
  func withHistory(
    of text: String, _ body: (Desk, EntityHistory) throws -> Void
  ) throws -> ExitCode {
    try withDesk(.reading) { desk in
      guard let history = try desk.history(of: try find(text, desk)) else { return }
      if history.isThinned { note(try RetentionCommand.missing(desk)) }
      try body(desk, history)
    }
  }
}

/// Through which sync of this device a change came.
struct SyncArrivals {
  private let journal: SyncJournal
  private let replica: String

  init(_ desk: Desk) {
    journal = desk.store.syncJournal
    replica = "\(desk.store.replica)"
  }

  /// When it came here, milliseconds since 1970; nil for this device's own, and where that is not noted.
  func arrival(_ step: HistoryStep) -> UInt64? {
    guard "\(step.replica)" != replica, let position = step.position else { return nil }
    return journal.arrival(of: position)?.at
  }
}
