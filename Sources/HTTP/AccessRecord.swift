/// What there is to log of one request, or of a connection that brought none.
package struct AccessRecord: Sendable {
  /// How the exchange ended.
  package enum Outcome: String, Sendable {
    /// The answer went out whole.
    case complete
    /// The client closed the connection before.
    case clientClosed = "client-closed"
    /// The client took the answer too slowly.
    case tooSlow = "too-slow"
    /// A file was shorter than the part of it that had been promised.
    case fileTooShort = "file-too-short"
    /// The server stopped before.
    case stopped
  }

  /// The client's address and port.
  package let peer: SocketAddress
  /// The method; empty if the request line never came or was no such thing.
  package let method: String
  /// The decoded path without the query; empty as `method`.
  package let path: String
  /// The status code that was sent; 0 if none was.
  package let status: Int
  /// The `Refusal.code` if the server turned the request down itself.
  package let refusal: String?
  /// Bytes of the request body without its framing.
  package let bytesIn: Int
  /// Bytes of head and body that the kernel took for sending.
  package let bytesOut: Int
  /// Milliseconds from the end of the request head to the end of the answer.
  package let milliseconds: Double
  /// How it ended.
  package let outcome: Outcome
  /// How many records were dropped before this one, because the log could not keep up.
  package internal(set) var droppedBefore = 0
}
