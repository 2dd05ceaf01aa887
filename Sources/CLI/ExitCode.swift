/// How a command ended, as a script sees it. `askonce help exit-codes` prints this table.
public enum ExitCode: Int32, Sendable, CaseIterable {
  case ok = 0
  case failed = 1
  case usage = 2
  case notFound = 3
  case ambiguous = 4
  case conflict = 5
  case locked = 6
  case damaged = 7
  case offline = 8
  case refused = 9
  case full = 10
  case partial = 11
  case version = 12

  /// The word that `--json` uses for it.
  public var name: String {
    switch self {
    case .ok: "ok"
    case .failed: "failed"
    case .usage: "usage"
    case .notFound: "not-found"
    case .ambiguous: "ambiguous"
    case .conflict: "conflict"
    case .locked: "locked"
    case .damaged: "damaged"
    case .offline: "offline"
    case .refused: "refused"
    case .full: "disk-full"
    case .partial: "partial"
    case .version: "version"
    }
  }

  /// What it means, in words.
  public var meaning: String {
    switch self {
    case .ok: "done; nothing to do counts as done"
    case .failed: "the command failed for a reason that no other code names"
    case .usage: "the command line is wrong; nothing was done"
    case .notFound: "there is no such entity, store, file or workspace; or nothing is known"
    case .ambiguous: "an id or name fits several; or what is known may not be used"
    case .conflict: "people disagree, or what is there already stands against it"
    case .locked: "another process is writing to the store; try again"
    case .damaged: "a file is damaged; 'askonce verify' says what to do"
    case .offline: "the server was not reached or has too much to do; trying again later may help"
    case .refused:
      "the server does not know this device or does not allow it (401, 403), or is not to be trusted; "
        + "or a secret that is never kept"
    case .full: "the disk is full; nothing was half written in the store"
    case .partial:
      "done but for what was reported: rejected rows, output that could not be written, repairs that need a sync"
    case .version: "files or a server of a later version; use a newer askonce"
    }
  }
}
