/// An answer to a request.
///
/// The server adds `Date`, `Content-Length` or `Transfer-Encoding`, and `Connection`; fields of these names in
/// `headers` are left out. To a HEAD request everything but the body is sent.
package struct Response: Sendable {
  /// The status code, 200 to 599; others are sent as 500.
  package var status: Int

  /// Names and values in the order in which they are sent. Control bytes in them are sent as spaces.
  package var headers: [(name: String, value: String)]

  /// What is sent behind the head.
  package var body: Body

  /// Whether the connection closes behind this answer, although the client would keep it.
  package var closesConnection = false

  /// The `Refusal.code` of an answer that the server itself gave, for the log.
  var refusalCode: String?

  /// What a response carries.
  package enum Body: Sendable {
    /// Bytes at hand; empty for no body.
    case bytes([UInt8])
    /// Bytes and parts of files, sent in this order. Their total length is announced beforehand.
    case pieces([BodyPiece])
    /// What a writer pushes until one side closes it.
    case stream(StreamWriter)
  }

  /// An answer with any body.
  package init(status: Int = 200, _ headers: [(name: String, value: String)] = [], body: Body = .bytes([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// An answer with a text for a body; set `Content-Type` yourself.
  package init(status: Int = 200, _ headers: [(name: String, value: String)] = [], text: String) {
    self.init(status: status, headers, body: .bytes(Array(text.utf8)))
  }

  /// Tells a stream that nobody will read it, because the answer cannot be sent.
  func discard() {
    if case .stream(let writer) = body { writer.buffer.disconnect() }
  }
}

extension Refusal {
  /// The answer as JSON: `{"error":CODE,"message":SENTENCE}`.
  package var response: Response {
    // Neither text needs escaping, as the properties promise.
    var response = Response(
      status: status, [("Content-Type", "application/json")],
      text: "{\"error\":\"\(code)\",\"message\":\"\(sentence)\"}\n")
    if status == 503 { response.headers.append(("Retry-After", "5")) }
    response.closesConnection = true
    return response
  }
}

/// A part of a response body.
package enum BodyPiece: Sendable {
  /// Bytes at hand.
  case bytes([UInt8])
  /// A part of a file, which the kernel sends without a copy.
  case file(FileRange)

  /// The length in bytes.
  package var count: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .file(let range): range.length
    }
  }
}

/// A part of an open file that does not change while it is sent.
///
/// If the file turns out to be shorter, the connection is cut, so that the client does not take the part for the
/// whole.
package struct FileRange: Sendable {
  /// Keeps the descriptor open until the range has been sent.
  package let file: any DescriptorOwner
  /// The first byte to send, from the start of the file.
  package let offset: Int
  /// How many bytes to send.
  package let length: Int

  /// A part of a file. Negative numbers count as 0.
  package init(_ file: any DescriptorOwner, offset: Int, length: Int) {
    self.file = file
    self.offset = max(0, offset)
    self.length = max(0, length)
  }
}

/// An object that keeps a file descriptor open as long as it lives.
package protocol DescriptorOwner: AnyObject, Sendable {
  /// The open descriptor. The server only calls `sendfile` with it, at offsets of its own.
  var descriptor: Int32 { get }
}
