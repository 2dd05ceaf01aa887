import Agent
import ServiceDesk
import Storage

/// Why a command ended early: rendered once, at the edge.
package struct Failure: Error, Hashable, Sendable {
  package let code: ExitCode
  /// What went wrong and what to do, as one sentence without a full stop.
  package let message: String
  /// For a usage error the command whose help is worth a look: `customer new`.
  package var command: String?

  package init(_ code: ExitCode, _ message: String, command: String? = nil) {
    self.code = code
    self.message = message
    self.command = command
  }

  package static func usage(_ message: String) -> Failure { Failure(.usage, message) }

  /// Refuses a word that is none of those that something takes.
  ///
  /// - Parameter name: what takes it: `--status`.
  static func word(_ text: String, of name: String, _ words: [String]) -> Failure {
    let near = Suggestion.nearest(to: text, among: words).map { "; did you mean '\($0)'?" }
    return .usage("\(name) is one of \(words.joined(separator: ", ")), not '\(text)'\(near ?? "")")
  }
}

extension Failure {
  /// Finds the code that any error of the lower layers stands for.
  package init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as StorageError: self.init(Self.code(of: error), error.description)
    case let error as DeskError: self.init(error)
    case let error as SettlingError: self.init(Self.code(of: error), error.description)
    case let error as SyncError: self.init(Self.code(of: error), error.description)
    default: self.init(.failed, "\(error)")
    }
  }

  private static func code(of error: StorageError) -> ExitCode {
    switch error {
    case .disk, .workspaceUnreadable, .refused, .readOnly: .failed
    case .locked: .locked
    case .noStore: .notFound
    case .storeExists, .otherWorkspace: .conflict
    case .laterVersion: .version
    case .damaged, .workspaceDamaged: .damaged
    case .full: .full
    }
  }

  private static func code(of error: SettlingError) -> ExitCode {
    switch error {
    case .unfit: .usage
    case .stale: .conflict
    case .secret: .refused
    case .storage(let error): code(of: error)
    }
  }

  private static func code(of error: SyncError) -> ExitCode {
    switch error {
    case .offline, .interrupted, .busy, .server: .offline
    case .unauthorized, .forbidden, .untrusted: .refused
    case .notFound, .notJoined: .notFound
    case .tooLarge: .failed
    case .mismatch: .version
    case .otherHistory, .moved: .conflict
    case .storage(let error): code(of: error)
    }
  }
}
