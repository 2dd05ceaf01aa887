import Storage
import SyncProtocol

/// Why a sync did not finish. What was edited is safe in the store, and what was exchanged before counts.
public enum SyncError: Error, Sendable, CustomStringConvertible {
  /// The server was not reached.
  case offline(String)
  /// The connection broke or the answer was damaged.
  case interrupted(String)
  /// The server did not prove who it is.
  case untrusted(String)
  /// The store is bound to no server.
  case notJoined
  /// The token is not known: the device was revoked, or the server lost its enrolment.
  case unauthorized(String)
  /// The server does not allow it.
  case forbidden(String)
  /// The workspace is not there.
  case notFound(String)
  /// A change or request is larger than the server takes.
  case tooLarge(String)
  /// The server has too much to do, or is not there behind its proxy. It may say for how many seconds it wants to be
  /// left alone.
  case busy(String, retryAfter: Int?)
  /// The server failed.
  case server(String)
  /// The server and this program do not understand each other.
  case mismatch(String)
  /// The server at this address shares no history with the store.
  case otherHistory(String)
  /// The store joined another server since the client was made, whose address this is. Its token must go to no other one: make
  /// a client with a transport that leads there.
  case moved(String)
  /// The local store refused.
  case storage(StorageError)

  /// Whether trying again later may help without anybody doing something.
  public var isTemporary: Bool {
    switch self {
    case .offline, .interrupted, .busy, .server: true
    default: false
    }
  }

  /// What went wrong and what to do, in words for people.
  public var description: String {
    switch self {
    case .offline(let reason):
      "the server was not reached: \(reason). Your edits are safe; they are sent when you sync again"
    case .interrupted(let reason):
      "the connection broke: \(reason). Nothing is lost; sync again to go on from there"
    case .untrusted(let reason):
      "the server is not to be trusted: \(reason). Nothing was sent; check the address and this device's clock, or "
        + "ask your operator about the certificate"
    case .notJoined: "this store has no server; join one with 'askonce join URL --code CODE'"
    case .unauthorized(let reason):
      "\(reason). Ask your operator for a new invitation, then run 'askonce join URL --code CODE'; unsent edits stay"
    case .forbidden(let reason): "the server does not allow this: \(reason). Ask your operator"
    case .notFound(let reason):
      "\(reason). Check the address, or ask your operator whether the workspace was moved"
    case .tooLarge(let reason):
      "\(reason). Shorten the entry, or ask your operator about the proxy's body limit"
    case .busy(let reason, let seconds): "the server is busy: \(reason). Try again in \(Self.wait(seconds))"
    case .server(let reason): "the server failed: \(reason). Try again; if it stays, tell your operator"
    case .mismatch(let reason): "\(reason). Use the same version of askonce on both sides"
    case .otherHistory(let server):
      "\(server) knows nothing of what this store holds, so it may be another company's server: nothing was sent and nothing "
        + "changed. Ask your operator for a new code; join with it in a new folder, with --store, or with --restored where this "
        + "is your server and was set up anew"
    case .moved(let server):
      "the store joined \(server) meanwhile, so nothing was sent to the server before; sync again"
    case .storage(let error): error.description
    }
  }

  /// For how many seconds the server asked to be left alone.
  public var retryAfter: Int? {
    guard case .busy(_, let seconds) = self else { return nil }
    return seconds
  }

  private static func wait(_ seconds: Int?) -> String {
    switch seconds {
    case .some(0...99): "\(seconds ?? 0) s"
    case .some(100..<7200): "\(((seconds ?? 0) + 59) / 60) minutes"
    case .some: "some hours"
    case nil: "a minute"
    }
  }

  package init(_ error: TransportError) {
    self =
      switch error.kind {
      case .offline: .offline(error.description)
      case .interrupted: .interrupted(error.description)
      case .untrusted: .untrusted(error.description)
      }
  }

  /// What an answer says that is no success.
  package init(_ reply: Reply) {
    guard 300..<400 ~= reply.status else {
      self.init(Refusal(status: reply.status, body: reply.body), retryAfter: RetryAfter.seconds(reply.fields))
      return
    }
    // It is not followed: a token must not go where nobody sent it.
    let location = reply.fields["location"] ?? "another address, which it does not name"
    let server = location.firstRange(of: "/v1/").map { String(location[..<$0.lowerBound]) } ?? location
    self = .notFound("the server sends requests on to \(server)")
  }

  package init(_ refusal: Refusal, retryAfter: Int? = nil) {
    self =
      switch refusal.code {
      case .unauthorized, .revoked: .unauthorized(refusal.message)
      case .forbidden, .notSupervisor: .forbidden(refusal.message)
      case .notFound: .notFound(refusal.message)
      case .tooLarge: .tooLarge(refusal.message)
      case .tooMany, .unavailable: .busy(refusal.message, retryAfter: retryAfter)
      case .failed: .server(refusal.message)
      case .malformed, .diverged, .forked, .gap: .mismatch(refusal.message)
      }
  }
}
