/// A request without its body: what a handler decides on whether it wants the body.
package struct RequestHead: Sendable {
  /// What is to be done.
  package let method: RequestMethod

  /// The decoded path, from the leading slash up to the query. An encoded slash (`%2F`) is decoded here
  /// too; `segments` keeps it apart.
  package let path: String

  /// Whether the request is HTTP/1.1, not HTTP/1.0.
  package let isVersion11: Bool

  /// The header fields.
  package let fields: HeaderFields

  /// The announced length of the body in bytes; nil if there is no body or it is chunked.
  package let contentLength: Int?

  /// Whether the body comes in chunks, of a length that is not known beforehand.
  package let isChunked: Bool

  /// Whether the client waits for a word before it sends the body.
  package let expectsContinue: Bool

  /// Whether the client wants the connection to stay open.
  package let keepsAlive: Bool

  /// Who asks; nil for a head that did not come over a socket.
  package internal(set) var peer: SocketAddress?

  let targetRange: Range<Int>

  /// Whether a body follows, or would.
  package var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

  /// The request target as it was sent: path and query with their escapes.
  package var target: String {
    String(decoding: fields.bytes[targetRange], as: UTF8.self)
  }

  /// The decoded segments of the path: `/a/b%2Fc` gives `["a", "b/c"]`, `/` gives `[]`, `/a/` gives `["a", ""]`.
  package var segments: [String] {
    let range = RequestTarget.pathRange(of: fields.bytes.span, targetRange)
    if range.count == 1 { return [] }
    return fields.bytes[range.lowerBound + 1..<range.upperBound]
      .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { RequestTarget.decode(fields.bytes.span, $0.indices) }
  }

  /// The names and values of the query, decoded, in order. A plus sign stands for itself; a name without
  /// `=` has an empty value.
  package var query: [(name: String, value: String)] {
    let path = RequestTarget.pathRange(of: fields.bytes.span, targetRange)
    guard path.upperBound < targetRange.upperBound else { return [] }
    return fields.bytes[path.upperBound + 1..<targetRange.upperBound]
      .split(separator: UInt8(ascii: "&"))
      .map { item in
        let equals = item.firstIndex(of: UInt8(ascii: "=")) ?? item.endIndex
        let valueStart = min(equals + 1, item.endIndex)
        return (
          RequestTarget.decode(fields.bytes.span, item.startIndex..<equals),
          RequestTarget.decode(fields.bytes.span, valueStart..<item.endIndex)
        )
      }
  }
}
