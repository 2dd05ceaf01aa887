import Glibc
import Testing

@testable import HTTP

/// What the handler says to a head, and the word that a client waits for before it sends the body.
@Suite(.serialized, .tags(.sockets)) struct AdmissionTests {
  private static let handler = ClosureHandler(
    admission: { head in
      switch head.path {
      case "/locked": .refuse(Response(status: 401, text: "who are you"))
      case "/small": .accept(maximumBody: 4)
      default: .accept(maximumBody: 1 << 20)
      }
    },
    { request, respond in
      respond(Response(text: "\(request.body.count)"))
    })

  @Test func theBodyIsAskedFor() throws {
    try withServer(Self.handler) { server in
      let client = try Client(server)
      for _ in 0..<3 {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        let interim = try client.readAnswer()
        #expect(interim.head == "HTTP/1.1 100 Continue\r\n\r\n")
        client.send("hello")
        #expect(try client.readAnswer().text == "5")
      }
      client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
      #expect(try client.readAnswer().status == 100)
      client.send("3\r\nabc\r\n0\r\n\r\n")
      #expect(try client.readAnswer().text == "3")
    }
  }

  @Test func aBodyThatIsHereAlreadyIsNotAskedFor() throws {
    try withServer(Self.handler) { server in
      let client = try Client(server)
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")
      #expect(try client.readAnswer().text == "5")
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n")
      #expect(try client.readAnswer().text == "0")
    }
  }

  @Test func aHeadIsRefusedBeforeTheBodyIsSent() throws {
    try withServer(Self.handler) { server in
      for (path, status) in [("/locked", 401), ("/small", 413)] {
        let client = try Client(server)
        client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        let answer = try client.readAnswer()
        #expect(answer.status == status)
        #expect(answer.fields["connection"] == "close")
        #expect(try client.isClosedByServer())
      }
    }
  }

  @Test func aRefusedHeadWithoutABodyKeepsTheConnection() throws {
    try withServer(Self.handler) { server in
      let client = try Client(server)
      for _ in 0..<3 {
        let answer = try client.get("/locked")
        #expect(answer.status == 401 && answer.text == "who are you")
        #expect(answer.fields["connection"] == nil)
      }
      #expect(try client.get("/").text == "0")
    }
  }

  @Test func theAnswerReachesAClientThatSendsOn() throws {
    try withServer(Self.handler) { server in
      let client = try Client(server)
      client.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n")
      let block = [UInt8](repeating: 0x61, count: 100_000)
      for _ in 0..<20 where !client.send(block) { break }
      let answer = try client.readAnswer()
      #expect(answer.status == 413)
      #expect(answer.text.contains("too-large"))
      #expect(try client.isClosedByServer())
    }
  }

  @Test func aChunkedBodyIsRefusedWhereItGrowsTooLarge() throws {
    try withServer(Self.handler) { server in
      let client = try Client(server)
      client.send("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1\r\n")
      #expect(try client.readAnswer().status == 413)
      #expect(try client.isClosedByServer())
    }
  }
}
