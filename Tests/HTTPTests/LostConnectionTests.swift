import Dispatch
import Glibc
import Testing

@testable import HTTP

/// Clients that go, at any moment.
@Suite(.serialized, .tags(.sockets)) struct LostConnectionTests {
  @Test func aRequestThatEndsEarlyIsToldSo() throws {
    try withServer(ClosureHandler.echo()) { server in
      let parts = [
        "G", "GET / HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
      ]
      for part in parts {
        let client = try Client(server)
        client.send(part)
        client.closeSending()
        let answer = try client.readAnswer()
        #expect(answer.status == 400)
        #expect(answer.text.contains("truncated-request"))
        #expect(try client.isClosedByServer())
      }
      let silent = try Client(server)
      silent.closeSending()
      #expect(try silent.readToEnd().isEmpty)
    }
  }

  @Test(arguments: [true, false]) func aClientThatOnlyStopsSendingIsAnswered(runsInline: Bool) throws {
    try withServer(ClosureHandler.echo(runsInline: runsInline)) { server in
      let client = try Client(server)
      client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
      client.closeSending()
      #expect(try client.readAnswer().text == "GET /1 ")
      #expect(try client.readAnswer().text == "GET /2 ")
      #expect(try client.isClosedByServer())
    }
  }

  @Test func clientsThatVanishHarmNobody() throws {
    let large = [UInt8](repeating: 0x61, count: 4 << 20)
    let handler = ClosureHandler(admission: {
      .accept(maximumBody: 1 << 20, runsInline: $0.path == "/inline")
    }) {
      request, respond in
      if request.head.path == "/later" {
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(10)) {
          respond(Response(body: .bytes(large)))
        }
      } else {
        respond(Response(body: .bytes(large)))
      }
    }
    let records = Collected<AccessRecord>()
    try withServer(
      handler, configure: { $0.log = { records.add($0) } },
      { server in
        let starts = [
          "GET /later HTTP/1.1\r\nHost: a\r\n\r\n", "GET /inline HTTP/1.1\r\nHost: a\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", "",
        ]
        for round in 0..<60 {
          let client = try Client(server, receiveBuffer: 4096)
          client.send(starts[round % starts.count])
          if round % 2 == 0 { usleep(1000) }
          if round % 3 == 0 { client.close() } else { client.abort() }
        }
        eventually("all are gone") { server.connectionCount == 0 }
        let client = try Client(server)
        #expect(try client.get("/inline").body.count == large.count)
        eventually("they are logged") { records.all.contains { $0.outcome == .clientClosed } }
      })
  }

  @Test func noFreeDescriptorMeansWaitingNotSpinning() async {
    await #expect(processExitsWith: .success) {
      let server = try HTTPServer(.init(), handler: ClosureHandler.echo())
      let waiting = try Client(server)
      #expect(try waiting.get("/").status == 200)
      // A socket for the client, then no descriptor is left for the server's end of its connection.
      let late = server.address.makeSocket()
      var limit = rlimit(rlim_cur: 256, rlim_max: 256)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      var filled: [Int32] = []
      while case let copy = dup(0), copy >= 0 { filled.append(copy) }
      guard server.address.withSystemAddress({ connect(late, $0, $1) }) == 0 else { exit(2) }
      let before = Self.processorMilliseconds()
      usleep(1_000_000)
      guard Self.processorMilliseconds() - before < 300 else { exit(3) }
      // Who is connected is served meanwhile; who waits is served when there is room.
      guard try waiting.get("/").status == 200 else { exit(4) }
      for copy in filled { close(copy) }
      let request = Array("GET / HTTP/1.0\r\n\r\n".utf8)
      guard Transmit.bytes(request, to: late) == request.count else { exit(5) }
      var answer = [UInt8](repeating: 0, count: 12)
      guard recv(late, &answer, 12, Int32(MSG_WAITALL)) == 12, answer == Array("HTTP/1.1 200".utf8) else {
        exit(6)
      }
      server.stop(grace: .zero)
      server.waitUntilStopped()
      exit(0)
    }
  }

  /// What this process has computed so far.
  static func processorMilliseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
