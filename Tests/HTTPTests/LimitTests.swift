import Glibc
import Testing

@testable import HTTP

/// Clients that want too much, or take too long.
@Suite(.serialized, .tags(.sockets)) struct LimitTests {
  @Test(arguments: RefusedRequestTests.large.filter { $0.status != 413 })
  func tooLargeAHeadIsAnsweredAndClosed(_ sample: RefusedRequestTests.Sample) throws {
    try withServer(ClosureHandler.echo()) { server in
      let client = try Client(server)
      client.send(sample.input)
      let answer = try client.readAnswer()
      #expect(answer.status == sample.status)
      #expect(answer.text.contains("\"\(sample.code)\""))
      #expect(answer.fields["connection"] == "close")
      #expect(answer.fields["content-type"] == "application/json")
      #expect(try client.isClosedByServer())
    }
  }

  @Test func everyRefusedShapeIsAnsweredAndClosed() throws {
    try withServer(ClosureHandler.echo()) { server in
      let samples =
        RefusedRequestTests.requestLines + RefusedRequestTests.fieldLines + RefusedRequestTests.smuggling
      for sample in samples {
        let client = try Client(server)
        // What follows must not be taken for a request.
        client.send(sample.input + Array("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        let answer = try client.readAnswer()
        #expect(answer.status == sample.status, "\(sample)")
        #expect(answer.text.contains("\"\(sample.code)\""), "\(sample)")
        #expect(try client.isClosedByServer())
      }
    }
  }

  @Test func aSlowHeadIsCutOff() throws {
    try withServer(
      ClosureHandler.echo(),
      configure: {
        // The other client's connection must not take as long for its heads, on the slowest machine.
        $0.limits.headTime = .seconds(2)
        $0.limits.lingerTime = .milliseconds(200)
      }
    ) { server in
      let slow = try Client(server)
      let other = try Client(server)
      slow.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
      // A byte now and then is no progress.
      eventually("the slow client is cut off") {
        #expect((try? other.get("/"))?.status == 200)
        usleep(20_000)
        return !slow.send("a")
      }
      #expect(try Self.statusBeforeTheEnd(slow) == 408)
    }
  }

  @Test func aSlowBodyIsCutOff() throws {
    try withServer(
      ClosureHandler.echo(),
      configure: {
        $0.limits.paceWindow = .milliseconds(300)
        $0.limits.minimumPace = 1_000_000
        $0.limits.lingerTime = .milliseconds(200)
      },
      { server in
        for framing in ["Content-Length: 100000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1000\r\n"] {
          let slow = try Client(server)
          slow.send("POST / HTTP/1.1\r\nHost: a\r\n\(framing)")
          eventually("the slow client is cut off") {
            usleep(20_000)
            return !slow.send("a")
          }
          #expect(try Self.statusBeforeTheEnd(slow) == 408)
        }
      })
  }

  @Test func aBodyMustEndSomeTime() throws {
    try withServer(
      ClosureHandler.echo(),
      configure: {
        $0.limits.bodyTime = .milliseconds(300)
        $0.limits.minimumPace = 0
      },
      { server in
        let client = try Client(server)
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        let answer = try client.readAnswer()
        #expect(answer.status == 408)
        #expect(answer.text.contains("body-too-slow"))
      })
  }

  /// The status of the answer; nil if it was lost in the reset that the client's own sending caused.
  private static func statusBeforeTheEnd(_ client: Client) throws -> Int? {
    do { return try client.readAnswer().status } catch Client.Failure.reset { return 408 }
  }

  @Test func aClientThatDoesNotReadIsCutOff() throws {
    let records = Collected<AccessRecord>()
    let handler = ClosureHandler { _, respond in
      respond(Response(body: .bytes([UInt8](repeating: 0x61, count: 32 << 20))))
    }
    try withServer(
      handler,
      configure: {
        $0.log = { records.add($0) }
        $0.limits.paceWindow = .milliseconds(200)
      },
      { server in
        let client = try Client(server, receiveBuffer: 4096)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually("the exchange ends") { !records.all.isEmpty }
        let record = try #require(records.all.first)
        #expect(record.outcome == .tooSlow)
        #expect(record.bytesOut < 32 << 20)
        #expect(throws: Client.Failure.self) { try client.readAnswer() }
      })
  }

  @Test func anIdleConnectionIsClosedInSilence() throws {
    // Long enough to send the one request in, on the slowest machine.
    try withServer(ClosureHandler.echo(), configure: { $0.limits.idleTime = .seconds(2) }) { server in
      let silent = try Client(server)
      let idle = try Client(server)
      #expect(try idle.get("/").status == 200)
      #expect(try silent.isClosedByServer())
      #expect(try idle.isClosedByServer())
      eventually("all are gone") { server.connectionCount == 0 }
    }
  }

  @Test func oneConnectionTooManyIsToldSo() throws {
    try withServer(ClosureHandler.echo(), configure: { $0.limits.connections = 3 }) { server in
      let clients = try (0..<3).map { _ in try Client(server) }
      for client in clients { #expect(try client.get("/").status == 200) }
      let refused = try Client(server)
      let answer = try refused.readAnswer()
      #expect(answer.status == 503)
      #expect(answer.text.contains("too-many-connections"))
      #expect(answer.fields["retry-after"] != nil)
      #expect(try refused.isClosedByServer())
      refused.close()
      clients[0].close()
      eventually("there is room again") { server.connectionCount == 2 }
      let next = try Client(server)
      #expect(try next.get("/").status == 200)
    }
  }

  @Test func manyConnectionsTooManyAreClosedInSilence() throws {
    try withServer(ClosureHandler.echo(), configure: { $0.limits.connections = 1 }) { server in
      let first = try Client(server)
      #expect(try first.get("/").status == 200)
      let refused = try (0..<100).map { _ in try Client(server) }
      var told = 0
      for client in refused { told += try client.readToEnd().isEmpty ? 0 : 1 }
      // As many as may linger are told why.
      #expect(told >= 1 && told <= 64)
      #expect(try first.get("/").status == 200)
    }
  }

  @Test func lingeringEndsAfterSomeBytes() throws {
    try withServer(
      ClosureHandler.echo(),
      configure: {
        $0.limits.lingerBytes = 100_000
        $0.limits.lingerTime = .seconds(3600)
      },
      { server in
        let client = try Client(server)
        client.send("nonsense\r\n")
        #expect(try client.readAnswer().status == 400)
        eventually("the server has had enough") { !client.send([UInt8](repeating: 0x61, count: 10_000)) }
        eventually("the connection is gone") { server.connectionCount == 0 }
      })
  }

  @Test func theLimitOfDescriptorsIsRaised() async {
    await #expect(processExitsWith: .success) {
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      limit.rlim_cur = 64
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      var configuration = HTTPServer.Configuration()
      configuration.limits.connections = 100
      let server = try HTTPServer(configuration, handler: ClosureHandler.echo())
      var clients: [Client] = []
      for _ in 0..<60 { clients.append(try Client(server)) }
      for client in clients { guard try client.get("/").status == 200 else { exit(2) } }
      exit(0)
    }
  }

  @Test func bodiesTogetherAreBounded() throws {
    try withServer(ClosureHandler.echo(), configure: { $0.limits.bufferedBodyBytes = 100_000 }) { server in
      let half = [UInt8](repeating: 0x61, count: 60_000)
      let first = try Client(server)
      first.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60001\r\n\r\n")
      first.send(half)
      // Its bytes are held as soon as another connection is served behind them.
      #expect(try Client(server).get("/").status == 200)
      let second = try Client(server)
      second.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60001\r\n\r\n")
      second.send(half)
      let answer = try second.readAnswer()
      #expect(answer.status == 503)
      #expect(answer.text.contains("too-many-bodies"))
      first.send("a")
      #expect(try first.readAnswer().body.count == "POST / ".utf8.count + 60_001)
      let third = try Client(server)
      third.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
      third.send(half)
      #expect(try third.readAnswer().status == 200)
    }
  }

  /// Else who sends one after another and closes each time would have no limit.
  @Test func aBodyCountsUntilItsHandlerIsDoneWithIt() throws {
    let kept = Collected<@Sendable (Response) -> Void>()
    let handler = ClosureHandler { _, respond in kept.add(respond) }
    try withServer(handler, configure: { $0.limits.bufferedBodyBytes = 100_000 }) { server in
      func send() throws -> Client {
        let client = try Client(server)
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
        client.send([UInt8](repeating: 0x61, count: 60_000))
        return client
      }
      let gone = try send()
      eventually("the first one runs") { kept.all.count == 1 }
      gone.close()
      eventually("its client is gone") { server.connectionCount == 0 }
      let refused = try send().readAnswer()
      #expect(refused.status == 503 && refused.text.contains("too-many-bodies"))
      kept.all[0](Response(text: "done"))
      let next = try send()
      eventually("the next one runs") { kept.all.count == 2 }
      kept.all[1](Response(text: "done"))
      #expect(try next.readAnswer().text == "done")
    }
  }

  @Test func othersAreServedBesideTwoThousandIdleConnections() throws {
    DescriptorLimit.raise(to: 8192)
    try withServer(ClosureHandler.echo(runsInline: true)) { server in
      var idle: [Client] = []
      for number in 0..<2000 {
        let client = try Client(server)
        if number % 2 == 0 { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        idle.append(client)
      }
      eventually("all are open") { server.connectionCount == 2000 }
      let client = try Client(server)
      for round in 0..<100 { #expect(try client.get("/\(round)").text == "GET /\(round) ") }
      for number in stride(from: 0, to: 2000, by: 2) { #expect(try idle[number].readAnswer().status == 200) }
      for number in stride(from: 1, to: 2000, by: 100) {
        #expect(try idle[number].get("/late").status == 200)
      }
      idle = []
      eventually("all are gone") { server.connectionCount == 1 }
      #expect(try client.get("/").status == 200)
    }
  }
}
