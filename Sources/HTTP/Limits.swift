/// How much of everything the server takes from clients before it says no.
///
/// The defaults suit a server behind a reverse proxy or on an office network. Every limit protects
/// memory, descriptors or time against clients that are hostile, broken or merely slow.
package struct Limits: Sendable {
  /// Bytes of one request line with its line end; a longer one is answered with 414.
  package var requestLineBytes = 8 * 1024

  /// Bytes of request line and header fields together, line ends included; more is answered with 431.
  package var headBytes = 16 * 1024

  /// Header fields of one request; more is answered with 431.
  package var headerCount = 100

  /// Bytes of all chunk extensions of one body, which are read and ignored; more is answered with 400.
  package var chunkExtensionBytes = 4 * 1024

  /// Bytes of the trailer section of one chunked body, which is read and dropped; more is answered
  /// with 431.
  package var trailerBytes = 4 * 1024

  /// Open connections, idle ones included. One more is answered with 503 and closed.
  package var connections = 4096

  /// Bytes of request bodies held at once, over all connections and those that handlers have; one more is answered with 503.
  /// A handler bounds a single body through `Admission`.
  package var bufferedBodyBytes = 256 * 1024 * 1024

  /// How long a connection may stay open between two requests, or before its first.
  package var idleTime = Duration.seconds(75)

  /// How long a request head may take from its first byte to its last; slower is answered with 408.
  package var headTime = Duration.seconds(10)

  /// How long one request body may take in all; slower is answered with 408.
  package var bodyTime = Duration.seconds(15 * 60)

  /// How long a handler may take to answer; after that 503 is sent for it.
  package var answerTime = Duration.seconds(120)

  /// How long one response that is not a stream may take to send; slower is cut off.
  package var writeTime = Duration.seconds(60 * 60)

  /// The span over which `minimumPace` is averaged, so that a phone in a lift survives.
  package var paceWindow = Duration.seconds(20)

  /// Bytes a second, averaged over each `paceWindow`, that a client must send of a body, or acknowledge
  /// of a response that waits for it; slower is cut off. Zero asks for nothing.
  package var minimumPace = 256

  /// How long the server reads on after its last answer on a connection, so that the answer is not
  /// destroyed by a reset before the client has seen it.
  package var lingerTime = Duration.seconds(5)

  /// Bytes that are read and dropped in that time, at most.
  package var lingerBytes = 8 * 1024 * 1024

  /// The defaults.
  package init() {}
}

extension Duration {
  /// Whole milliseconds, at least 0 and at most ten years.
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    return max(0, min(seconds, 315_360_000) * 1000 + attoseconds / 1_000_000_000_000_000)
  }
}
