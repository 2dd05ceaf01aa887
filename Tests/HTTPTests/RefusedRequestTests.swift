import Testing

@testable import HTTP

/// Requests that are refused, with the same code however they are cut.
@Suite struct RefusedRequestTests {
  struct Sample: Sendable, CustomTestStringConvertible {
    let input: [UInt8]
    let status: Int
    let code: String
    var testDescription: String {
      "\(code): \(String(decoding: input.prefix(60), as: UTF8.self).debugDescription)"
    }

    init(_ input: String, _ status: Int, _ code: String) {
      self.init(Array(input.utf8), status, code)
    }

    init(_ input: [UInt8], _ status: Int, _ code: String) {
      self.input = input
      self.status = status
      self.code = code
    }
  }

  /// A request line and Host with more fields.
  private static func fields(_ fields: String) -> String {
    "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n"
  }

  private static func chunked(_ body: String) -> String {
    fields("Transfer-Encoding: chunked") + body
  }

  static let requestLines = [
    Sample("GET /\r\n\r\n", 400, "malformed-request-line"),
    Sample("GET\r\n", 400, "malformed-request-line"),
    Sample("\r\n\r\nGET / HTTP/1.1\r\n", 400, "malformed-request-line"),
    Sample(" GET / HTTP/1.1\r\n", 400, "malformed-method"),
    Sample("G(T / HTTP/1.1\r\n", 400, "malformed-method"),
    Sample("G\u{7F}T / HTTP/1.1\r\n", 400, "malformed-method"),
    Sample("GÄT / HTTP/1.1\r\n", 400, "malformed-method"),
    Sample([0x16, 0x03, 0x01, 0x02, 0x00], 400, "malformed-method"),
    Sample("GET / HTTP/1.1 \r\n", 400, "malformed-version"),
    Sample("GET / http/1.1\r\n", 400, "malformed-version"),
    Sample("GET / HTTP/1\r\n", 400, "malformed-version"),
    Sample("GET / HTTP/1.10\r\n", 400, "malformed-version"),
    Sample("GET / HTTP/1.1\tx\r\n", 400, "malformed-version"),
    Sample("GET / HTTP/1.2\r\n", 505, "unsupported-version"),
    Sample("GET / HTTP/0.9\r\n", 505, "unsupported-version"),
    Sample("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "unsupported-version"),
    Sample("OPTIONS * HTTP/1.1\r\n", 400, "target-form"),
    Sample("CONNECT a:443 HTTP/1.1\r\n", 400, "target-form"),
    Sample("GET http://a/ HTTP/1.1\r\n", 400, "target-form"),
    Sample("GET  / HTTP/1.1\r\n", 400, "target-form"),
    Sample("GET /a b HTTP/1.1\r\n", 400, "target-character"),
    Sample("GET /a#b HTTP/1.1\r\n", 400, "target-character"),
    Sample("GET /a\"b HTTP/1.1\r\n", 400, "target-character"),
    Sample("GET /a\\b HTTP/1.1\r\n", 400, "target-character"),
    Sample("GET /ä HTTP/1.1\r\n", 400, "target-character"),
    Sample("GET /a\u{0}b HTTP/1.1\r\n", 400, "control-byte"),
    Sample("GET /\tb HTTP/1.1\r\n", 400, "target-character"),
    Sample("GET /\rb HTTP/1.1\r\n", 400, "control-byte"),
    Sample("GET /a% HTTP/1.1\r\n", 400, "target-escape"),
    Sample("GET /a%4 HTTP/1.1\r\n", 400, "target-escape"),
    Sample("GET /a%4g HTTP/1.1\r\n", 400, "target-escape"),
    Sample("GET /a?b=%%20 HTTP/1.1\r\n", 400, "target-escape"),
    Sample("GET /a%00 HTTP/1.1\r\n", 400, "target-control-byte"),
    Sample("GET /a%0d%0aX HTTP/1.1\r\n", 400, "target-control-byte"),
    Sample("GET /a?%7F HTTP/1.1\r\n", 400, "target-control-byte"),
    Sample("GET /%ff HTTP/1.1\r\n", 400, "target-not-utf8"),
    Sample("GET /%C0%AF HTTP/1.1\r\n", 400, "target-not-utf8"),
    Sample("GET /.. HTTP/1.1\r\n", 400, "target-dot-segment"),
    Sample("GET /a/../b HTTP/1.1\r\n", 400, "target-dot-segment"),
    Sample("GET /a/./b HTTP/1.1\r\n", 400, "target-dot-segment"),
    Sample("GET /a/%2e%2E/b HTTP/1.1\r\n", 400, "target-dot-segment"),
    Sample("GET /a/..%2fb HTTP/1.1\r\n", 400, "target-dot-segment"),
    Sample("GET / HTTP/1.1\n", 400, "bare-line-feed"),
    Sample("\nGET / HTTP/1.1\r\n", 400, "bare-line-feed"),
  ]

  static let fieldLines = [
    Sample(fields("X: a\nY: b"), 400, "bare-line-feed"),
    Sample("GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "bare-line-feed"),
    Sample("GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "bare-line-feed"),
    Sample(fields("X: a\r b"), 400, "control-byte"),
    Sample(fields("X: a\rY: b"), 400, "control-byte"),
    Sample(fields("X: a\u{0}"), 400, "control-byte"),
    Sample(fields("X\u{0}: a"), 400, "control-byte"),
    Sample(fields("X: \u{7F}"), 400, "control-byte"),
    Sample(fields("X: \u{1B}[2J"), 400, "control-byte"),
    Sample(fields("X: a\r\n b"), 400, "folded-field"),
    Sample(fields("X: a\r\n\tb"), 400, "folded-field"),
    Sample("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "folded-field"),
    Sample("GET / HTTP/1.1\r\n \r\n\r\n", 400, "folded-field"),
    Sample(fields("X : a"), 400, "space-before-colon"),
    Sample(fields("Content-Length\t: 1"), 400, "space-before-colon"),
    Sample(fields("X"), 400, "malformed-field"),
    Sample(fields(": a"), 400, "malformed-field"),
    Sample(fields("X Y: a"), 400, "malformed-field"),
    Sample(fields("X(y): a"), 400, "malformed-field"),
    Sample(fields("Ü: a"), 400, "malformed-field"),
    Sample("GET / HTTP/1.1\r\n\r\n", 400, "host-missing"),
    Sample("GET / HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n", 400, "host-repeated"),
    Sample("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "host-repeated"),
    Sample("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "malformed-host"),
    Sample("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "malformed-host"),
    Sample("GET / HTTP/1.1\r\nHost: a?\r\n\r\n", 400, "malformed-host"),
    Sample(fields("Expect: something"), 417, "unknown-expectation"),
    Sample(fields("Expect: 100-continue, x"), 417, "unknown-expectation"),
  ]

  /// Shapes by which one server is made to see another body than the next.
  static let smuggling = [
    Sample(fields("Content-Length: 5\r\nContent-Length: 5"), 400, "content-length-repeated"),
    Sample(fields("Content-Length: 5\r\nContent-length: 6"), 400, "content-length-repeated"),
    Sample(fields("Content-Length: 5, 5"), 400, "malformed-content-length"),
    Sample(fields("Content-Length: +5"), 400, "malformed-content-length"),
    Sample(fields("Content-Length: -1"), 400, "malformed-content-length"),
    Sample(fields("Content-Length: 0x5"), 400, "malformed-content-length"),
    Sample(fields("Content-Length: 5 5"), 400, "malformed-content-length"),
    Sample(fields("Content-Length: 5;"), 400, "malformed-content-length"),
    Sample(fields("Content-Length:"), 400, "malformed-content-length"),
    Sample(fields("Content-Length: 18446744073709551621"), 400, "malformed-content-length"),
    Sample(fields("Content-Length: 9223372036854775808"), 400, "malformed-content-length"),
    Sample(fields("Content-Length: ５"), 400, "malformed-content-length"),
    Sample(
      fields("Content-Length: 3\r\nTransfer-Encoding: chunked"), 400,
      "content-length-with-transfer-encoding"),
    Sample(
      fields("Transfer-Encoding: chunked\r\nContent-Length: 3"), 400,
      "content-length-with-transfer-encoding"),
    Sample(
      fields("Transfer-Encoding: gzip\r\nContent-Length: 3"), 400, "content-length-with-transfer-encoding"),
    Sample(fields("Transfer-Encoding: identity"), 501, "unknown-transfer-coding"),
    Sample(fields("Transfer-Encoding: gzip, chunked"), 501, "unknown-transfer-coding"),
    Sample(fields("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"), 501, "unknown-transfer-coding"),
    Sample(fields("Transfer-Encoding: xchunked"), 501, "unknown-transfer-coding"),
    Sample(fields("Transfer-Encoding: chunked, identity"), 501, "unknown-transfer-coding"),
    Sample(fields("Transfer-Encoding: chunked, chunked"), 400, "malformed-transfer-encoding"),
    Sample(
      fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400, "malformed-transfer-encoding"),
    Sample(fields("Transfer-Encoding: chunked;q=1"), 400, "malformed-transfer-encoding"),
    Sample(fields("Transfer-Encoding: \"chunked\""), 400, "malformed-transfer-encoding"),
    Sample(fields("Transfer-Encoding: chunked,"), 400, "malformed-transfer-encoding"),
    Sample(fields("Transfer-Encoding:"), 400, "malformed-transfer-encoding"),
    Sample(fields("Transfer-Encoding: \u{0B}chunked"), 400, "control-byte"),
    Sample(fields("Transfer-Encoding : chunked"), 400, "space-before-colon"),
    Sample(fields("X: y\r\n Transfer-Encoding: chunked"), 400, "folded-field"),
    Sample(
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
      "transfer-encoding-in-http-1.0"),
    Sample(chunked("\r\n"), 400, "malformed-chunk-size"),
    Sample(chunked("g\r\n"), 400, "malformed-chunk-size"),
    Sample(chunked("-1\r\n"), 400, "malformed-chunk-size"),
    Sample(chunked("0x5\r\nhello\r\n"), 400, "malformed-chunk-size"),
    Sample(chunked(" 5\r\nhello\r\n"), 400, "malformed-chunk-size"),
    Sample(chunked("5 \r\nhello\r\n"), 400, "malformed-chunk-size"),
    Sample(chunked("5 5\r\nhello\r\n"), 400, "malformed-chunk-size"),
    Sample(chunked("1000000000000000\r\n"), 400, "malformed-chunk-size"),
    Sample(chunked("5\nhello\r\n"), 400, "bare-line-feed"),
    Sample(chunked("5;a\rb\r\nhello\r\n"), 400, "control-byte"),
    Sample(chunked("5;\u{0}\r\nhello\r\n"), 400, "control-byte"),
    Sample(chunked("5\r\nhello0\r\n"), 400, "malformed-chunk-end"),
    Sample(chunked("5\r\nhello\n0\r\n"), 400, "malformed-chunk-end"),
    Sample(chunked("5\r\nhello\r0\r\n"), 400, "malformed-chunk-end"),
    Sample(chunked("5\r\nhelloXX"), 400, "malformed-chunk-end"),
    Sample(chunked("0\r\nX: y\n\r\n"), 400, "bare-line-feed"),
    Sample(chunked("0\r\nX: y\r\n z\r\n\r\n"), 400, "folded-field"),
    Sample(chunked("0\r\nGET / HTTP/1.1\r\n\r\n"), 400, "malformed-field"),
    Sample(chunked("0\r\nX : y\r\n\r\n"), 400, "space-before-colon"),
  ]

  static let large = [
    Sample("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\n", 414, "request-line-too-long"),
    Sample(fields("X: \(String(repeating: "a", count: 17_000))"), 431, "head-too-large"),
    Sample(
      fields((0..<90).map { "X\($0): \(String(repeating: "a", count: 250))" }.joined(separator: "\r\n")),
      431, "head-too-large"),
    Sample(fields((0..<100).map { "X\($0): a" }.joined(separator: "\r\n")), 431, "too-many-fields"),
    Sample(fields("Content-Length: 1048577"), 413, "too-large"),
    Sample(fields("Content-Length: 999999999999999999"), 413, "too-large"),
    Sample(chunked("100001\r\n"), 413, "too-large"),
    Sample(chunked("fffffffffffffff\r\n"), 413, "too-large"),
    Sample(chunked("5;\(String(repeating: "a", count: 5000))\r\n"), 400, "chunk-extensions-too-long"),
    Sample(
      chunked(String(repeating: "1;\(String(repeating: "a", count: 800))\r\nx\r\n", count: 6)), 400,
      "chunk-extensions-too-long"),
    Sample(chunked("0\r\nX: \(String(repeating: "a", count: 5000))\r\n\r\n"), 431, "trailers-too-large"),
    Sample(
      chunked("0\r\n\(String(repeating: "X: \(String(repeating: "a", count: 100))\r\n", count: 50))\r\n"),
      431, "trailers-too-large"),
  ]

  @Test(arguments: requestLines + fieldLines + smuggling)
  func isRefusedHoweverItIsCut(_ sample: Sample) {
    let whole = ParserEvents.of(sample.input)
    #expect(whole.last == .refused(sample.status, sample.code))
    #expect(!whole.contains(.end))
    #expect(ParserEvents.bytewise(sample.input) == whole)
    for cut in 0...sample.input.count where ParserEvents.of(sample.input, cuts: [cut]) != whole {
      Issue.record("cut behind \(cut) bytes")
    }
  }

  @Test(arguments: large)
  func tooMuchIsRefusedHoweverItIsCut(_ sample: Sample) {
    let whole = ParserEvents.of(sample.input)
    #expect(whole.last == .refused(sample.status, sample.code))
    #expect(ParserEvents.bytewise(sample.input) == whole)
    let cuts = stride(from: 0, to: sample.input.count, by: max(1, sample.input.count / 50))
    for cut in cuts where ParserEvents.of(sample.input, cuts: [cut]) != whole {
      Issue.record("cut behind \(cut) bytes")
    }
  }

  @Test func limitsAreExact() {
    var limits = Limits()
    let line = "GET /abc HTTP/1.1\r\n"
    let request = Array((line + "Host: a\r\n\r\n").utf8)
    limits.requestLineBytes = line.utf8.count
    limits.headBytes = request.count
    limits.headerCount = 1
    let accepted = ParserEvents.of(request, limits: limits)
    #expect(accepted == [.head("GET /abc -> /abc 1.1|Host=a"), .end])
    #expect(ParserEvents.bytewise(request, limits: limits) == accepted)
    limits.headBytes -= 1
    #expect(ParserEvents.of(request, limits: limits).last == .refused(431, "head-too-large"))
    #expect(ParserEvents.bytewise(request, limits: limits).last == .refused(431, "head-too-large"))
    limits.requestLineBytes -= 1
    #expect(ParserEvents.of(request, limits: limits).last == .refused(414, "request-line-too-long"))
    #expect(ParserEvents.bytewise(request, limits: limits).last == .refused(414, "request-line-too-long"))
  }

  @Test func theLargestBodyIsTakenAndNotAByteMore() {
    let fixed = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd".utf8)
    let chunks = Array(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n".utf8)
    for input in [fixed, chunks] {
      #expect(ParserEvents.of(input, maximumBody: 4).last == .end)
      #expect(ParserEvents.of(input, maximumBody: 3).last == .refused(413, "too-large"))
    }
  }

  @Test func aRefusalStays() {
    var parser = RequestParser(limits: Limits())
    var offset = 0
    let first = Array("GET / HTTP/3.0\r\n".utf8)
    _ = parser.next(first.span, from: &offset)
    offset = 0
    let second = Array("GET / HTTP/1.1\r\n".utf8)
    guard case .refused(let refusal) = parser.next(second.span, from: &offset) else {
      Issue.record("the parser went on")
      return
    }
    #expect(refusal.code == "unsupported-version")
  }
}
