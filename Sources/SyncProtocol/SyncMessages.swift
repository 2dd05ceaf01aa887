import Causality
import ChangeCodec
import Codec

/// A place in the workspace's order and the chain's sum there: what a replica tells the server it has.
package struct Cursor: Hashable, Sendable {
  package var position: UInt64
  package var sum: UInt32

  package static let start = Cursor(position: 0, sum: 0)

  package init(position: UInt64, sum: UInt32) {
    self.position = position
    self.sum = sum
  }
}

/// One request of a sync: what the agent has, what it sends, and how much is still to come.
package struct SyncRequest: Sendable {
  /// What the agent's mirror holds.
  package var after: Cursor
  /// The agent's last own sequence, sent or not: a server that has more knows a copied store.
  package var own: UInt64
  /// How many own changes wait behind those of this request.
  package var unsent: Int
  /// Whether the blocks are other replicas' that the server lost.
  package var isRelay: Bool
  /// The position up to which all erasures are carried out in the device's files; nil where it knows of none.
  package var erased: UInt64?
  /// The most bytes of stored members that the answer may hold.
  package var limit: Int
  /// Blocks as `PushBody` encodes them; empty for a pull.
  package var body: [UInt8]

  package static let defaultLimit = 1 << 20

  package init(
    after: Cursor, own: UInt64, unsent: Int = 0, isRelay: Bool = false, erased: UInt64? = nil,
    limit: Int = defaultLimit, body: [UInt8] = []
  ) {
    self.after = after
    self.own = own
    self.unsent = unsent
    self.isRelay = isRelay
    self.erased = erased
    self.limit = limit
    self.body = body
  }
}

/// What the server did with the blocks of a push.
package struct Acknowledgement: Hashable, Sendable {
  /// The last sequence that the server holds durably of the pushing replica.
  package var sequence: UInt64
  /// Where this push was placed and when it was received; nil where the server had a part of it before, and for
  /// relayed blocks: then the blocks come in the answer like any others.
  package var placed: Placed?

  package struct Placed: Hashable, Sendable {
    /// The position of the first new change.
    package var first: UInt64
    /// How many changes were new.
    package var count: Int
    /// Milliseconds since 1970 by the server's clock.
    package var stamp: UInt64

    package init(first: UInt64, count: Int, stamp: UInt64) {
      self.first = first
      self.count = count
      self.stamp = stamp
    }
  }

  package init(sequence: UInt64, placed: Placed? = nil) {
    self.sequence = sequence
    self.placed = placed
  }
}

/// The answer to a sync that the server took.
package struct SyncAnswer<Body: Sendable>: Sendable {
  /// The end of the log, this request's changes included.
  package var head: Cursor
  /// nil when nothing was pushed.
  package var acknowledgement: Acknowledgement?
  /// Members of the log that hold blocks after the request's cursor, as stored; without those that the
  /// acknowledgement places.
  package var body: Body

  package init(head: Cursor, acknowledgement: Acknowledgement?, body: Body) {
    self.head = head
    self.acknowledgement = acknowledgement
    self.body = body
  }
}

/// Why the server did not take a request. The raw values are the wire's codes.
package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable, CaseIterable {
    /// The request does not follow the protocol.
    case malformed = "malformed"
    /// No token, or one that is not known.
    case unauthorized = "unauthorized"
    /// The device was revoked.
    case revoked = "revoked"
    /// The token is of another workspace, the role does not allow it, or the change is another replica's.
    case forbidden = "forbidden"
    /// An erasure from a device that is no supervisor's.
    case notSupervisor = "not-supervisor"
    case notFound = "not-found"
    /// The cursor is not of this log: the server was restored or replaced.
    case diverged = "diverged"
    /// Another device wrote under this replica's id: the store was copied.
    case forked = "forked"
    /// The push does not continue the replica's sequence; `last` says what the server has.
    case gap = "gap"
    case tooLarge = "too-large"
    case tooMany = "too-many"
    /// The server cannot write: its disk is full, or it is stopping.
    case unavailable = "unavailable"
    /// The server failed; the log line has the reason.
    case failed = "failed"
  }

  package let code: Code
  package let message: String
  /// With `gap`: the last sequence that the server holds.
  package let last: UInt64?

  package init(_ code: Code, _ message: String, last: UInt64? = nil) {
    self.code = code
    self.message = message
    self.last = last
  }

  package var description: String { message }

  /// The HTTP status.
  package var status: Int {
    switch code {
    case .malformed: 400
    case .unauthorized, .revoked: 401
    case .forbidden, .notSupervisor: 403
    case .notFound: 404
    case .diverged, .forked, .gap: 409
    case .tooLarge: 413
    case .tooMany: 429
    case .unavailable: 503
    case .failed: 500
    }
  }

  /// The body of the answer.
  package var body: [UInt8] {
    var members: [(String, JSONText)] = [("error", JSONText(code.rawValue)), ("message", JSONText(message))]
    if let last { members.append(("last", JSONText(Int(last)))) }
    return Array((JSONText(object: members).text + "\n").utf8)
  }

  /// Reads the body of an answer; makes the best of one that is not a server's of ours.
  package init(status: Int, body: [UInt8]) {
    let value = try? JSONText(parsing: body)
    let code = value?["error"]?.string.flatMap(Code.init)
    let fallback: Code =
      switch status {
      case 401: .unauthorized
      case 403: .forbidden
      case 404: .notFound
      case 413: .tooLarge
      case 429: .tooMany
      case 408, 425, 502, 503, 504: .unavailable
      case 500...: .failed
      default: .malformed
      }
    var message = value?["message"]?.string ?? "the server answered with status \(status)"
    // Whoever tells it goes on behind it.
    if message.last == "." { message.removeLast() }
    self.init(code ?? fallback, message, last: value?["last"]?.int.flatMap(UInt64.init(exactly:)))
  }
}
