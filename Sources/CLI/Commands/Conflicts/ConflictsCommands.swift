import Causality
import Merge
import ServiceDesk

/// Commands about what people disagree on.
enum ConflictsCommands {
  static let group = CommandGroup(
    "conflicts", "See, understand and settle what people disagree about",
    [
      ConflictsList.command, ConflictsShow.command, ConflictsSettle.command, ConflictsUndo.command,
      ConflictsWalk.command,
    ])

  static let conflict = Operand("CONFLICT", "its id, or the start of it")

  /// How many first characters of ids, four or more, tell these apart, and hardly ever mean one of the others too, which are not
  /// looked at: of a thousand lists one has such an id, and a command to which it is given asks which is meant.
  static func width(_ ids: [String], of total: Int) -> Int {
    let ids = Set(ids).sorted()
    var width = 4
    while width < ReplicaID.length, 1 << (5 * width) < 1000 * ids.count * total { width += 1 }
    for (one, other) in zip(ids, ids.dropFirst()) { width = max(width, one.commonPrefix(with: other) + 1) }
    return min(width, ReplicaID.length)
  }
}

extension String {
  fileprivate func commonPrefix(with other: String) -> Int { zip(self, other).prefix { $0 == $1 }.count }
}

extension Context {
  /// The entry of the inbox that somebody means.
  func findConflict(_ text: String, _ desk: Desk) throws(Failure) -> Conflict {
    do {
      return try desk.conflict(text)
    } catch {
      guard case .notFound = error else { throw Failure(error) }
      throw Failure(.notFound, "there is no conflict '\(text)'; 'askonce conflicts' lists the open ones")
    }
  }
}
