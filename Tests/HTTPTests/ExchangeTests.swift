import Dispatch
import Glibc
import Testing

@testable import HTTP

extension Tag {
  /// Needs sockets.
  @Tag static var sockets: Self
}

/// Requests and answers over real sockets.
@Suite(.serialized, .tags(.sockets)) struct ExchangeTests {
  @Test(arguments: [true, false], [1, 2])
  func aConnectionIsKept(runsInline: Bool, loops: Int) throws {
    try withServer(ClosureHandler.echo(runsInline: runsInline), loops: loops) { server in
      for _ in 0..<5 {
        let client = try Client(server)
        for round in 0..<20 {
          let answer = try client.get("/\(round)")
          #expect(answer.status == 200)
          #expect(answer.text == "GET /\(round) ")
          #expect(answer.fields["connection"] == nil)
          #expect(answer.fields["content-type"] == "text/plain")
          #expect(answer.fields["date"]?.hasSuffix(" GMT") == true)
        }
      }
    }
  }

  @Test(arguments: [true, false]) func pipelinedRequestsAreAnsweredInOrder(runsInline: Bool) throws {
    try withServer(ClosureHandler.echo(runsInline: runsInline)) { server in
      let client = try Client(server)
      let requests = (0..<300).map { number in
        number % 3 == 0
          ? "GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n"
          : "POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\(100 + number)"
      }
      client.send(requests.joined())
      for number in 0..<300 {
        let expected = number % 3 == 0 ? "GET /\(number) " : "POST /\(number) \(100 + number)"
        #expect(try client.readAnswer().text == expected)
      }
    }
  }

  @Test(arguments: [100, 10_000, 20_000]) func aClientMayAskMuchBeforeItReads(size: Int) throws {
    let handler = ClosureHandler(admission: { _ in .accept(maximumBody: 0, runsInline: true) }) {
      request, respond in
      respond(
        Response(
          body: .bytes([UInt8](repeating: UInt8(ascii: "x"), count: size) + Array(request.head.path.utf8))))
    }
    try withServer(handler) { server in
      let client = try Client(server, receiveBuffer: 4096)
      let rounds = 8_000_000 / size
      let requests = (0..<min(rounds, 3000)).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
      // Far more than the buffers of both sides hold, but for the smallest: the server must stop reading.
      let descriptor = client.descriptor
      let sender = DispatchQueue(label: "sender")
      sender.async { Self.send(Array(requests.joined().utf8), descriptor) }
      usleep(50_000)
      for number in 0..<requests.count {
        let body = try client.readAnswer().body
        #expect(body.count == size + "/\(number)".utf8.count)
      }
      sender.sync {}
    }
  }

  @Test func answersWaitForEachOtherEvenIfTheSecondIsReadyFirst() throws {
    let handler = ClosureHandler { request, respond in
      let delay = request.head.path == "/slow" ? 50 : 0
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(delay)) {
        respond(Response(text: request.head.path))
      }
    }
    try withServer(handler) { server in
      let client = try Client(server)
      client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /fast HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.readAnswer().text == "/slow")
      #expect(try client.readAnswer().text == "/fast")
    }
  }

  @Test func requestsArriveByteByByte() throws {
    try withServer(ClosureHandler.echo()) { server in
      let client = try Client(server)
      for byte in "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        .utf8
      {
        client.send([byte])
      }
      #expect(try client.readAnswer().text == "POST /a abc")
    }
  }

  @Test func bodiesOfAnySizeArriveWhole() throws {
    let handler = ClosureHandler(admission: { _ in .accept(maximumBody: 8 << 20) }) { request, respond in
      respond(Response(body: .bytes(request.body)))
    }
    try withServer(handler) { server in
      let client = try Client(server)
      for size in [0, 1, 16_383, 16_384, 65_535, 65_536, 65_537, 3_000_001] {
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 + $0 >> 8) }
        let writer = DispatchQueue(label: "sender")
        let descriptor = client.descriptor
        writer.async {
          // The client's own `send` is not to be shared between threads.
          Self.send(
            Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n".utf8) + body, descriptor)
        }
        #expect(try client.readAnswer().body == body)
        writer.sync {}
      }
    }
  }

  private static func send(_ bytes: [UInt8], _ descriptor: Int32) {
    var start = 0
    while start < bytes.count {
      let count = Transmit.bytes(bytes, from: start, to: descriptor)
      guard count > 0 else { return }
      start += count
    }
  }

  @Test func chunkedBodiesArriveWhole() throws {
    try withServer(ClosureHandler.echo()) { server in
      let client = try Client(server)
      for _ in 0..<2 {
        client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for word in ["never", " ", "ask", " twice"] {
          client.send("\(String(word.utf8.count, radix: 16));x=y\r\n\(word)\r\n")
        }
        client.send("0\r\nTrailer: dropped\r\n\r\n")
        #expect(try client.readAnswer().text == "POST /a never ask twice")
      }
    }
  }

  @Test func aHeadRequestGetsNoBody() throws {
    try withServer(ClosureHandler.echo(runsInline: true)) { server in
      let client = try Client(server)
      client.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n")
      let answer = try client.readAnswer(toHead: true)
      #expect(answer.status == 200)
      #expect(answer.fields["content-length"] == "8")
      #expect(try client.get("/b").text == "GET /b ")
    }
  }

  @Test func statusesWithoutABodyHaveNoLength() throws {
    let handler = ClosureHandler { request, respond in
      respond(Response(status: request.head.path == "/204" ? 204 : 304, [("ETag", "\"x\"")], text: "dropped"))
    }
    try withServer(handler) { server in
      let client = try Client(server)
      for status in [204, 304] {
        let answer = try client.get("/\(status)")
        #expect(answer.status == status)
        #expect(answer.fields["content-length"] == nil)
        #expect(answer.fields["etag"] == "\"x\"")
      }
    }
  }

  @Test func olderClientsAreClosedUnlessTheyAskToStay() throws {
    try withServer(ClosureHandler.echo()) { server in
      let one = try Client(server)
      one.send("GET /a HTTP/1.0\r\n\r\n")
      let answer = try one.readAnswer()
      #expect(answer.fields["connection"] == "close")
      #expect(try one.isClosedByServer())
      let two = try Client(server)
      for _ in 0..<2 {
        two.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try two.readAnswer().fields["connection"] == "keep-alive")
      }
      two.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      #expect(try two.readAnswer().fields["connection"] == "close")
      #expect(try two.isClosedByServer())
    }
  }

  @Test func fieldsOfAnAnswerCannotAddOthers() throws {
    let handler = ClosureHandler { _, respond in
      respond(
        Response(
          [
            ("X", "a\r\nSet-Cookie: b"), ("content-length", "999"), ("Connection", "close"),
            ("Transfer-Encoding", "chunked"), ("Date", "never"),
          ], text: "hello"))
    }
    try withServer(handler) { server in
      let client = try Client(server)
      let answer = try client.get("/")
      #expect(answer.fields["x"] == "a  Set-Cookie: b")
      #expect(answer.fields["set-cookie"] == nil && answer.fields["connection"] == nil)
      #expect(answer.fields["transfer-encoding"] == nil && answer.fields["date"] != "never")
      #expect(answer.text == "hello")
      #expect(try client.get("/").status == 200)
    }
  }

  @Test func aListenerNamesItsPort() throws {
    let hasIPv6 = (try? Listener("[::1]:0")) != nil
    for address in ["127.0.0.1:0", "localhost:0"] + (hasIPv6 ? ["[::1]:0"] : []) {
      try withServer(ClosureHandler.echo(), configure: { $0.address = address }) { server in
        #expect(server.address.port > 0)
        let answer = try Client(server).get("/x")
        #expect(answer.text == "GET /x ")
      }
    }
    #expect(throws: SystemError.self) { try Listener("127.0.0.1") }
    #expect(throws: SystemError.self) { try Listener("::1:80") }
    #expect(throws: SystemError.self) { try Listener(":80") }
    let first = try Listener("127.0.0.1:0")
    #expect(throws: SystemError.self) { try Listener(first.address.description) }
  }

  @Test func exchangesAreLogged() throws {
    let records = Collected<AccessRecord>()
    try withServer(
      ClosureHandler.echo(), configure: { $0.log = { records.add($0) } },
      { server in
        let client = try Client(server)
        client.send("POST /a%20b?secret HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        let answer = try client.readAnswer()
        client.send("nonsense\r\n")
        #expect(try client.readAnswer().status == 400)
        eventually("two records") { records.all.count == 2 }
        let first = try #require(records.all.first)
        #expect(first.method == "POST" && first.path == "/a b" && first.status == 200)
        #expect(first.bytesIn == 3 && first.bytesOut == answer.head.utf8.count + answer.body.count)
        #expect(first.outcome == .complete && first.refusal == nil && first.milliseconds >= 0)
        #expect(first.peer.host == "127.0.0.1" && first.peer.port > 0)
        let second = try #require(records.all.last)
        #expect(second.method == "" && second.status == 400 && second.refusal == "malformed-request-line")
      })
  }
}
