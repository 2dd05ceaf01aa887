/// How an agent's requests reach a server: URLSession in the product, a simulated network in tests.
package protocol Transport: Sendable {
  /// Sends one request and waits for the whole answer.
  ///
  /// - Throws: `TransportError` where no whole answer came.
  func exchange(_ call: Call) throws(TransportError) -> Reply
}

/// One request of an agent.
package struct Call: Sendable {
  package var method: String
  /// From the root, with the query: `/v1/workspaces/nord/sync?after=0&sum=00000000&own=0`.
  package var path: String
  /// The device's secret.
  package var token: String?
  package var body: [UInt8]
  /// The first byte of the resource that is wanted, and how many; nil for all of it.
  package var range: (start: Int, count: Int)?

  package init(
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
package struct Reply: Sendable {
  package var status: Int
  /// Names in lower case.
  package var fields: [String: String]
  package var body: [UInt8]

  package init(status: Int, fields: [String: String], body: [UInt8]) {
    self.status = status
    self.fields = fields
    self.body = body
  }
}

/// Why no whole answer came. Trying again later may help.
package struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String
  /// Whether the server was not reached at all, so that this device is offline as far as it can tell.
  package let isOffline: Bool

  package init(_ description: String, isOffline: Bool = false) {
    self.description = description
    self.isOffline = isOffline
  }
}
