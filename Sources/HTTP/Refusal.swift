/// Why the server itself, not the handler, turns a request down. The connection closes after it.
package struct Refusal: Error, Hashable, Sendable {
  /// The status code of the answer.
  package let status: Int
  /// A word for programs, stable between versions: lower-case letters, digits, hyphens and dots.
  package let code: String
  /// A sentence for people that says what is wrong, without quotation marks and backslashes.
  package let sentence: String

  /// A refusal of one's own, for a handler or a test.
  package init(_ status: Int, _ code: String, _ sentence: String) {
    self.status = status
    self.code = code
    self.sentence = sentence
  }
}

// The request line.
extension Refusal {
  static let requestLineMalformed = Refusal(
    400, "malformed-request-line", "The request line is not METHOD SP TARGET SP VERSION.")
  static let methodMalformed = Refusal(400, "malformed-method", "The method is not a token.")
  static let versionMalformed = Refusal(
    400, "malformed-version", "The request line does not end with a version such as HTTP/1.1.")
  static let versionUnsupported = Refusal(
    505, "unsupported-version", "This server speaks HTTP/1.1 and HTTP/1.0.")
  static let targetForm = Refusal(
    400, "target-form", "The request target must be a path that starts with a slash.")
  static let targetCharacter = Refusal(
    400, "target-character", "The request target has a character that must be percent-encoded.")
  static let targetEscape = Refusal(
    400, "target-escape", "The request target has a percent sign without two hexadecimal digits.")
  static let targetControl = Refusal(
    400, "target-control-byte", "The request target has an encoded control byte.")
  static let targetNotUTF8 = Refusal(
    400, "target-not-utf8", "The request target does not decode to UTF-8.")
  static let targetDotSegment = Refusal(
    400, "target-dot-segment", "The request path has a segment of dots.")
  static let requestLineTooLong = Refusal(
    414, "request-line-too-long", "The request line is longer than this server accepts.")
}

// Lines and header fields.
extension Refusal {
  static let bareLineFeed = Refusal(
    400, "bare-line-feed", "A line ends with a line feed alone; lines end with CR LF.")
  static let controlByte = Refusal(
    400, "control-byte", "A line has a NUL or another control byte in it.")
  static let headTooLarge = Refusal(
    431, "head-too-large", "The request line and header fields are larger than this server accepts.")
  static let tooManyFields = Refusal(
    431, "too-many-fields", "The request has more header fields than this server accepts.")
  static let foldedField = Refusal(
    400, "folded-field", "A header field is continued on a second line; this form is obsolete.")
  static let spaceBeforeColon = Refusal(
    400, "space-before-colon", "A header field has white space before its colon.")
  static let fieldMalformed = Refusal(
    400, "malformed-field", "A header line is not NAME: VALUE with a token for a name.")
  static let hostMissing = Refusal(400, "host-missing", "An HTTP/1.1 request needs a Host field.")
  static let hostRepeated = Refusal(400, "host-repeated", "The request has more than one Host field.")
  static let hostMalformed = Refusal(400, "malformed-host", "The Host field is not a host and port.")
  static let expectationUnknown = Refusal(
    417, "unknown-expectation", "The only expectation this server knows is 100-continue.")
}

// The framing of the body.
extension Refusal {
  static let lengthMalformed = Refusal(
    400, "malformed-content-length", "Content-Length is not one decimal number.")
  static let lengthRepeated = Refusal(
    400, "content-length-repeated", "The request has more than one Content-Length field.")
  static let lengthAndEncoding = Refusal(
    400, "content-length-with-transfer-encoding",
    "The request has both Content-Length and Transfer-Encoding.")
  static let encodingMalformed = Refusal(
    400, "malformed-transfer-encoding", "Transfer-Encoding is not a list of which chunked is the last.")
  static let encodingUnknown = Refusal(
    501, "unknown-transfer-coding", "The only transfer coding this server knows is chunked.")
  static let encodingInOldVersion = Refusal(
    400, "transfer-encoding-in-http-1.0", "HTTP/1.0 has no Transfer-Encoding.")
  static let bodyTooLarge = Refusal(
    413, "too-large", "The request body is larger than this resource accepts.")
  static let chunkSizeMalformed = Refusal(
    400, "malformed-chunk-size", "A chunk does not start with its size in hexadecimal digits.")
  static let chunkLineTooLong = Refusal(
    400, "chunk-extensions-too-long", "The chunk extensions are longer than this server accepts.")
  static let chunkEndMalformed = Refusal(
    400, "malformed-chunk-end", "A chunk is not followed by CR LF where its size says it ends.")
  static let trailersTooLarge = Refusal(
    431, "trailers-too-large", "The trailer fields are larger than this server accepts.")
  static let truncated = Refusal(
    400, "truncated-request", "The connection was closed by the client before the request was complete.")
}

// Load, time and handlers.
extension Refusal {
  static let headTooSlow = Refusal(408, "head-too-slow", "The request head took too long to arrive.")
  static let bodyTooSlow = Refusal(408, "body-too-slow", "The request body arrived too slowly.")
  static let tooManyConnections = Refusal(
    503, "too-many-connections", "The server has as many connections as it takes; try again later.")
  static let outOfBodyMemory = Refusal(
    503, "too-many-bodies", "The server holds as many request bodies as it takes; try again later.")
  static let answerTooSlow = Refusal(
    503, "answer-too-slow", "The server did not find an answer in time; try again later.")
  static let unanswered = Refusal(500, "unanswered", "The server dropped the request without an answer.")
}
