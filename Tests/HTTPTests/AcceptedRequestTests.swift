import Testing

@testable import HTTP

/// Requests that are taken, with the events they give however they are cut.
@Suite struct AcceptedRequestTests {
  struct Sample: Sendable, CustomTestStringConvertible {
    let name: String
    let input: String
    let events: [Seen]
    var testDescription: String { name }

    init(_ name: String, _ input: String, _ events: [Seen]) {
      self.name = name
      self.input = input
      self.events = events
    }
  }

  static let samples = [
    Sample(
      "the least there is", "GET / HTTP/1.1\r\nHost:\r\n\r\n",
      [.head("GET / -> / 1.1|Host="), .end]),
    Sample(
      "white space around values", "GET / HTTP/1.1\r\nHost: \t a \t\r\nX:b c\r\n\r\n",
      [.head("GET / -> / 1.1|Host=a|X=b c"), .end]),
    Sample(
      "a body by length", "POST /a?b=c HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\n\r\nhello",
      [
        .head("POST /a?b=c -> /a 1.1|Host=a:80|Content-Length=5|length 5"), .body(Array("hello".utf8)), .end,
      ]),
    Sample(
      "a body of no bytes", "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 000\r\n\r\n",
      [.head("PUT /a -> /a 1.1|Host=a|Content-Length=000|length 0"), .end]),
    Sample(
      "a body in chunks",
      "POST / HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n00A\r\n, world!\r\n\r\n0\r\n\r\n",
      [
        .head("POST / -> / 1.1|host=a|Transfer-Encoding=Chunked|chunked"),
        .body(Array("hello, world!\r\n".utf8)), .end,
      ]),
    Sample(
      "chunk extensions and trailers",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "3;a=b;c=\"d;e\"\r\nabc\r\n0 \t;x\r\nDigest: none\r\nContent-Length: 9\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n",
      [
        .head("POST / -> / 1.1|Host=a|Transfer-Encoding=chunked|chunked"), .body(Array("abc".utf8)), .end,
        .head("GET / -> / 1.1|Host=b"), .end,
      ]),
    Sample(
      "three requests in a row",
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\r\n"
        + "DELETE /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      [
        .head("GET /1 -> /1 1.1|Host=a"), .end,
        .head("POST /2 -> /2 1.1|Host=a|Content-Length=2|length 2"), .body(Array("\r\n".utf8)), .end,
        .head("DELETE /3 -> /3 1.1|Host=a|Connection=close|closes"), .end,
      ]),
    Sample(
      "one empty line before each request",
      "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      [.head("GET / -> / 1.1|Host=a"), .end, .head("GET / -> / 1.1|Host=a"), .end]),
    Sample(
      "HTTP/1.0 closes", "GET / HTTP/1.0\r\n\r\n", [.head("GET / -> / 1.0|closes"), .end]),
    Sample(
      "HTTP/1.0 that asks to stay", "GET / HTTP/1.0\r\nConnection: foo, Keep-Alive\r\n\r\n",
      [.head("GET / -> / 1.0|Connection=foo, Keep-Alive"), .end]),
    Sample(
      "close in a list", "GET / HTTP/1.1\r\nHost: a\r\nConnection: te ,\tCLOSE\r\n\r\n",
      [.head("GET / -> / 1.1|Host=a|Connection=te ,\tCLOSE|closes"), .end]),
    Sample(
      "an expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
      [
        .head("POST / -> / 1.1|Host=a|Expect=100-Continue|Content-Length=1|length 1|expects"), .body([0x78]),
        .end,
      ]),
    Sample(
      "HTTP/1.0 cannot expect", "POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n",
      [.head("POST / -> / 1.0|Expect=100-continue|closes"), .end]),
    Sample(
      "any token is a method", "M-SEARCH*!#$%&'+.^_`|~0 / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
      [.head("M-SEARCH*!#$%&'+.^_`|~0 / -> / 1.1|Host=[::1]:80"), .end]),
    Sample(
      "an escaped path", "GET /a%20b/%C3%A4%2f?q=%25&e HTTP/1.1\r\nHost: a\r\n\r\n",
      [.head("GET /a%20b/%C3%A4%2f?q=%25&e -> /a b/ä/ 1.1|Host=a"), .end]),
  ]

  @Test(arguments: samples) func givesTheSameEventsHoweverItIsCut(_ sample: Sample) {
    let input = Array(sample.input.utf8)
    #expect(ParserEvents.of(input) == sample.events)
    #expect(ParserEvents.bytewise(input) == sample.events)
    for cut in 0...input.count where ParserEvents.of(input, cuts: [cut]) != sample.events {
      Issue.record("cut behind \(cut) bytes")
    }
  }

  @Test func everyPrefixIsIncomplete() {
    let input = Array(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n".utf8)
    for count in 0..<input.count {
      let seen = ParserEvents.of(Array(input[..<count]))
      #expect(!seen.contains(.end))
      #expect(!seen.contains { if case .refused = $0 { true } else { false } })
    }
  }

  @Test func aParserIsIdleBetweenRequestsOnly() {
    var parser = RequestParser(limits: Limits())
    let input = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx".utf8)
    #expect(parser.isIdle)
    for byte in input {
      var offset = 0
      let piece = [byte]
      if case .head = parser.next(piece.span, from: &offset) { parser.maximumBody = 1 }
      if byte != input.last { #expect(!parser.isIdle) }
    }
    let nothing: [UInt8] = []
    var offset = 0
    guard case .end = parser.next(nothing.span, from: &offset) else {
      Issue.record("the request does not end")
      return
    }
    #expect(parser.isIdle)
    #expect(!parser.isInHead)
  }

  @Test func repeatedFieldsAreJoined() throws {
    let head = try #require(parse("GET / HTTP/1.1\r\nHost: a\r\nAccept: x\r\nACCEPT: y\r\n\r\n"))
    #expect(head.fields["accept"] == "x, y")
    #expect(head.fields["Missing"] == nil)
    #expect(head.fields.count == 3)
  }

  @Test func segmentsAndQueryAreDecodedOneByOne() throws {
    let head = try #require(parse("GET /v1/a%2Fb/?x=1%262&y&=z&x=%3D+ HTTP/1.1\r\nHost: a\r\n\r\n"))
    #expect(head.segments == ["v1", "a/b", ""])
    #expect(head.query.map(\.name) == ["x", "y", "", "x"])
    #expect(head.query.map(\.value) == ["1&2", "", "z", "=+"])
    let root = try #require(parse("GET /? HTTP/1.1\r\nHost: a\r\n\r\n"))
    #expect(root.segments.isEmpty && root.query.isEmpty && root.path == "/")
  }

  private func parse(_ text: String) -> RequestHead? {
    var parser = RequestParser(limits: Limits())
    var offset = 0
    let bytes = Array(text.utf8)
    guard case .head(let head) = parser.next(bytes.span, from: &offset) else { return nil }
    return head
  }
}
