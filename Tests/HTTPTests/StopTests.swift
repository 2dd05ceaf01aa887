import Dispatch
import Glibc
import Testing

@testable import HTTP

/// How a server ends.
@Suite(.serialized, .tags(.sockets)) struct StopTests {
  @Test(arguments: [1, 2]) func runningRequestsFinishAndIdleConnectionsClose(loops: Int) throws {
    let waiting = Collected<@Sendable (Response) -> Void>()
    let handler = ClosureHandler { request, respond in
      if request.head.path == "/wait" { waiting.add(respond) } else { respond(Response(text: "now")) }
    }
    try withServer(handler, loops: loops) { server in
      let idle = try Client(server)
      #expect(try idle.get("/").text == "now")
      let running = try Client(server)
      running.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
      let sending = try Client(server)
      sending.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
      eventually("the request runs") { waiting.all.count == 1 && server.connectionCount == 3 }
      // The two bytes of the body are in the loop's hands when a later request is answered.
      #expect(try idle.get("/").text == "now")

      server.stop(grace: .seconds(60))
      #expect(try idle.isClosedByServer())
      #expect(throws: Client.Failure.self) { try Client(server) }
      sending.send("llo")
      let second = try sending.readAnswer()
      #expect(second.text == "now" && second.fields["connection"] == "close")
      sending.close()
      waiting.all.first?(Response(text: "finished"))
      let first = try running.readAnswer()
      #expect(first.text == "finished" && first.fields["connection"] == "close")
      #expect(try running.isClosedByServer())
      running.close()
      server.waitUntilStopped()
      #expect(server.connectionCount == 0)
    }
  }

  @Test func theGraceTimeEnds() throws {
    let kept = Collected<@Sendable (Response) -> Void>()
    let records = Collected<AccessRecord>()
    let handler = ClosureHandler { _, respond in kept.add(respond) }
    try withServer(
      handler, configure: { $0.log = { records.add($0) } },
      { server in
        let client = try Client(server)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually("the request runs") { kept.all.count == 1 }
        server.stop(grace: .milliseconds(100))
        server.waitUntilStopped()
        #expect(try client.isClosedByServer())
        #expect(records.all.map(\.outcome) == [.stopped])
        // Nobody waits for this any more.
        let closed = DispatchSemaphore(value: 0)
        kept.all.first?(Response(body: .stream(StreamWriter { closed.signal() })))
        #expect(closed.wait(timeout: .now() + 300) == .success)
      })
  }

  @Test func aSecondStopCutsTheGraceTimeShort() throws {
    let kept = Collected<@Sendable (Response) -> Void>()
    try withServer(ClosureHandler { _, respond in kept.add(respond) }) { server in
      let client = try Client(server)
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      eventually("the request runs") { kept.all.count == 1 }
      server.stop(grace: .seconds(3600))
      server.stop(grace: .zero)
      server.waitUntilStopped()
      #expect(try client.isClosedByServer())
    }
  }

  @Test func aServerStopsWhenItIsReleased() throws {
    var server: HTTPServer? = try HTTPServer(.init(), handler: ClosureHandler.echo())
    let client = try Client(#require(server))
    #expect(try client.get("/").status == 200)
    server = nil
    #expect(try client.isClosedByServer())
  }

  @Test func itStopsOnASignal() async {
    await #expect(processExitsWith: .success) {
      let server = try HTTPServer(.init(), handler: ClosureHandler.echo())
      signal(SIGTERM, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
      source.setEventHandler { server.stop(grace: .seconds(5)) }
      source.resume()
      let client = try Client(server)
      guard try client.get("/").status == 200 else { exit(2) }
      kill(getpid(), SIGTERM)
      server.waitUntilStopped()
      source.cancel()
      exit(try client.isClosedByServer() ? 0 : 3)
    }
  }
}
