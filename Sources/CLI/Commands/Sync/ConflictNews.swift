import Agent
import ServiceDesk

/// What a sync brought that now conflicts with this agent's work.
struct ConflictNews {
  let agent: String
  /// Open ones in which this agent has a part, that were not there before the sync.
  let conflicts: [Conflict]

  /// Looks before and after a sync.
  struct Watch {
    private let desk: Desk

    /// Where it fails, what was there before may be told too.
    init(_ desk: Desk) {
      self.desk = desk
      try? desk.watchConflicts()
    }

    func news() -> ConflictNews {
      let agent = desk.store.configuration.agent
      return ConflictNews(agent: agent, conflicts: (try? desk.newConflicts(concerning: agent)) ?? [])
    }
  }

  /// `2 of your edits now conflict with bo's and carla's: 'askonce conflicts --mine' shows them`; nil where there is none.
  var line: String? {
    guard let first = conflicts.first else { return nil }
    let others = Set(conflicts.flatMap { $0.sides.map(\.by) }).subtracting([agent]).sorted()
    let whose = others.isEmpty ? "" : " with the work of \(others.joined(separator: ", "))"
    let command =
      conflicts.count == 1 ? "askonce conflicts show \(first.id)" : "askonce conflicts --mine"
    return
      "\(Words.count(conflicts.count, "new conflict")) of yours\(whose): '\(command)' shows \(conflicts.count == 1 ? "it" : "them")"
  }
}
