import Storage
import SyncProtocol

/// A request to the server, freed from HTTP's details: what a socket or a simulator hands in.
package struct ServerRequest: Sendable {
  package var method: String
  /// The path's parts, decoded.
  package var path: [String]
  package var parameters: [String: String]
  /// The bearer token.
  package var token: String?
  package var body: [UInt8]
  /// The byte range of a GET, first to last; last is nil for up to the end.
  package var range: (first: Int, last: Int?)?

  package init(
    method: String, path: [String], parameters: [String: String] = [:], token: String? = nil,
    body: [UInt8] = [],
    range: (first: Int, last: Int?)? = nil
  ) {
    self.method = method
    self.path = path
    self.parameters = parameters
    self.token = token
    self.body = body
    self.range = range
  }
}

/// The server's answer.
package struct ServerResponse: Sendable {
  package enum Body: Sendable {
    case bytes([UInt8])
    /// Parts of files, one after another.
    case extents([ServerLog.Extent])
    /// The head now and whenever it moves, until the client goes or may not ask any more.
    case live(ServerData.Hosted, Device)
  }

  package var status: Int
  package var fields: [(name: String, value: String)]
  package var body: Body

  package init(status: Int = 200, fields: [(name: String, value: String)] = [], body: Body) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  package init(json text: String, status: Int = 200) {
    self.init(
      status: status, fields: [("Content-Type", "application/json")], body: .bytes(Array((text + "\n").utf8)))
  }

  package init(_ refusal: Refusal) {
    self.init(
      status: refusal.status, fields: [("Content-Type", "application/json")], body: .bytes(refusal.body))
    if refusal.code == .tooMany || refusal.code == .unavailable { fields.append(("Retry-After", "5")) }
    if refusal.status == 401 { fields.append(("WWW-Authenticate", "Bearer")) }
  }
}
