import Testing

@testable import HTTP

/// The bytes of response heads.
@Suite struct ResponseEncoderTests {
  private static let seconds = 784_111_777

  private func encode(
    _ response: Response, isHead: Bool = false, isVersion11: Bool = true, keepsAlive: Bool = true
  ) -> (String, ResponseEncoder.Framing, Bool) {
    var encoder = ResponseEncoder()
    var context = ResponseEncoder.Context(isHead: isHead, isVersion11: isVersion11, keepsAlive: keepsAlive)
    var output: [UInt8] = []
    let framing = encoder.encode(response, &context, seconds: Self.seconds, into: &output)
    return (String(decoding: output, as: UTF8.self), framing, context.keepsAlive)
  }

  @Test func datesAreAsRFC9110Writes() {
    #expect(HTTPDate.text(Self.seconds) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate.text(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
    #expect(HTTPDate.text(1_709_164_800) == "Thu, 29 Feb 2024 00:00:00 GMT")
  }

  @Test func aHeadIsWrittenInFull() {
    let (text, framing, keepsAlive) = encode(Response(status: 404, [("X-Y", "z")], text: "0123456789"))
    #expect(
      text
        == "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 10\r\nX-Y: z\r\n\r\n"
    )
    #expect(framing == .length && keepsAlive)
  }

  @Test func framingFollowsBodyStatusAndVersion() {
    let stream = Response(body: .stream(StreamWriter()))
    #expect(encode(stream).1 == .chunked)
    #expect(encode(stream).0.contains("Transfer-Encoding: chunked"))
    #expect(encode(stream, isVersion11: false).1 == .close)
    #expect(!encode(stream, isVersion11: false).2)
    #expect(encode(stream, isHead: true).1 == .none)
    #expect(encode(Response(text: "abc"), isHead: true).0.contains("Content-Length: 3"))
    #expect(encode(Response(text: "abc"), isHead: true).1 == .none)
    for status in [204, 304] {
      let (text, framing, _) = encode(Response(status: status, text: "abc"))
      #expect(framing == .none && !text.contains("Content-Length"))
    }
    #expect(encode(Response(), keepsAlive: false).0.contains("\r\nConnection: close\r\n"))
    #expect(encode(Response(), isVersion11: false).0.contains("\r\nConnection: keep-alive\r\n"))
  }

  @Test func chunksAreWritten() {
    func text(_ body: String, isLast: Bool) -> String {
      String(decoding: ResponseEncoder.chunk(Array(body.utf8), isLast: isLast), as: UTF8.self)
    }
    #expect(text("", isLast: false) == "")
    #expect(text("0123456789abcdefg", isLast: false) == "11\r\n0123456789abcdefg\r\n")
    #expect(text("a", isLast: true) == "1\r\na\r\n0\r\n\r\n")
    #expect(text("", isLast: true) == "0\r\n\r\n")
  }

  @Test func addressesAreReadAsTheyAreWritten() throws {
    for text in ["127.0.0.1:0", "10.1.2.3:65535", "[::1]:8080", "[2001:db8::1]:443"] {
      let addresses = try SocketAddress.resolve(text)
      #expect(addresses.map(\.description) == [text])
      #expect(try SocketAddress.resolve(text) == addresses)
      #expect(Set(addresses + addresses).count == 1)
    }
    for text in ["", "127.0.0.1", "127.0.0.1:", ":1", "::1:80", "127.0.0.1:65536", "127.0.0.1:-1", "a b:80x"]
    {
      #expect(throws: SystemError.self) { try SocketAddress.resolve(text) }
    }
  }

  @Test func statusesOutOfRangeAreErrors() {
    for status in [-1, 0, 100, 199, 600, 1000] {
      #expect(encode(Response(status: status)).0.hasPrefix("HTTP/1.1 500 "))
    }
    #expect(encode(Response(status: 299)).0.hasPrefix("HTTP/1.1 299 "))
  }
}
