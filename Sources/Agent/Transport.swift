/// How an agent's requests reach a server: URLSession in the product, a simulated network in tests.
public protocol Transport: Sendable {
  /// Sends one request and waits for the whole answer.
  ///
  /// - Throws: `TransportError` where no whole answer came.
  func exchange(_ call: Call) throws(TransportError) -> Reply
}

/// One request of an agent.
public struct Call: Sendable {
  /// `GET` or `POST`.
  public var method: String
  /// From the root, with the query: `/v1/workspaces/nord/sync?after=0&sum=00000000&own=0`.
  public var path: String
  /// The device's secret.
  public var token: String?
  /// The body; empty where there is none.
  public var body: [UInt8]
  /// The first byte of the resource that is wanted, and how many; nil for all of it.
  public var range: (start: Int, count: Int)?

  /// A call with what is given of it.
  public init(
    _ method: String, _ path: String, token: String? = nil, body: [UInt8] = [],
    range: (start: Int, count: Int)? = nil
  ) {
    self.method = method
    self.path = path
    self.token = token
    self.body = body
    self.range = range
  }
}

/// The answer to a request.
public struct Reply: Sendable {
  /// The status code of HTTP.
  public var status: Int
  /// Names in lower case.
  public var fields: [String: String]
  /// The body; empty where there is none.
  public var body: [UInt8]

  /// An answer with what is given of it.
  public init(status: Int, fields: [String: String], body: [UInt8]) {
    self.status = status
    self.fields = fields
    self.body = body
  }
}

/// A transport that can also follow an answer that does not end, such as server-sent events.
///
/// `SyncClient.waitForNews` listens with it; with any other transport it asks the server now and then.
public protocol StreamingTransport: Transport {
  /// Sends one request and hands over the answer's body as it comes.
  ///
  /// - Parameter take: gets the next bytes, and none at least once a second, also while no answer has begun; false ends
  ///   the request.
  /// - Returns: the answer when it ended, with status 0 where none had begun. A body that was handed over is not in it.
  /// - Throws: `TransportError` where the server was not reached or the connection broke.
  func follow(_ call: Call, _ take: ([UInt8]) -> Bool) throws(TransportError) -> Reply
}

/// Why no whole answer came.
public struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What became of the call, for whoever wonders whether to try again.
  public enum Kind: Hashable, Sendable {
    /// The server was not reached at all, so that this device is offline as far as it can tell.
    case offline
    /// The connection broke on the way.
    case interrupted
    /// The server could not prove who it is, or its address is none: trying again does not help.
    case untrusted
  }

  /// What went wrong, in words for people.
  public let description: String
  /// What became of the call.
  public let kind: Kind

  /// A failure in words for people, and what became of the call.
  public init(_ description: String, kind: Kind = .interrupted) {
    self.description = description
    self.kind = kind
  }
}
