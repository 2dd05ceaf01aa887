import Dispatch
import Glibc
import Testing

@testable import HTTP

/// Response bodies that a handler writes over time.
@Suite(.serialized, .tags(.sockets)) struct StreamTests {
  /// Answers `/live` with a stream that the test holds.
  private struct Live {
    let writers = Collected<StreamWriter>()
    let closed = DispatchSemaphore(value: 0)

    func handler(capacity: Int = 64 * 1024, runsInline: Bool = false) -> ClosureHandler {
      ClosureHandler(admission: { _ in .accept(maximumBody: 0, runsInline: runsInline) }) {
        request, respond in
        guard request.head.path == "/live" else { return respond(Response(text: "plain")) }
        let writer = StreamWriter(capacity: capacity) { closed.signal() }
        writers.add(writer)
        writer.write(Array(": hello\n\n".utf8))
        respond(Response([("Content-Type", "text/event-stream")], body: .stream(writer)))
      }
    }

    func isClosed() -> Bool { closed.wait(timeout: .now() + 300) == .success }
  }

  private static let request = "GET /live HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test(arguments: [true, false]) func eventsArriveAsTheyAreWritten(runsInline: Bool) throws {
    let live = Live()
    try withServer(live.handler(runsInline: runsInline)) { server in
      let client = try Client(server)
      client.send(Self.request)
      let (status, _, fields) = try client.readHead()
      #expect(status == 200)
      #expect(fields["transfer-encoding"] == "chunked" && fields["content-length"] == nil)
      #expect(fields["content-type"] == "text/event-stream")
      #expect(try client.readChunk() == Array(": hello\n\n".utf8))
      let writer = try #require(live.writers.all.first)
      for number in 0..<50 {
        #expect(writer.write(Array("data: \(number)\n\n".utf8)) == .accepted)
        #expect(try client.readChunk() == Array("data: \(number)\n\n".utf8))
      }
      #expect(!writer.isClosed)
      writer.close()
      #expect(try client.readChunk() == nil)
      #expect(writer.isClosed && live.isClosed())
      #expect(writer.write([0x61]) == .closed)
      // The connection is as good as before.
      #expect(try client.get("/").text == "plain")
    }
  }

  @Test func manyThreadsWriteToManyStreams() throws {
    let live = Live()
    try withServer(live.handler(), loops: 2) { server in
      let clients = try (0..<50).map { _ in try Client(server) }
      for client in clients { client.send(Self.request) }
      for client in clients { #expect(try client.readHead().status == 200) }
      eventually("all streams are open") { live.writers.all.count == 50 }
      let writers = live.writers.all
      DispatchQueue.concurrentPerform(iterations: 8) { thread in
        for writer in writers { writer.write(Array("data: \(thread)\n\n".utf8)) }
      }
      for writer in writers { writer.close() }
      for client in clients {
        var text: [UInt8] = []
        while let chunk = try client.readChunk() { text += chunk }
        let lines = Set(String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init))
        #expect(lines == Set([": hello"] + (0..<8).map { "data: \($0)" }))
      }
    }
  }

  @Test(arguments: [true, false]) func theWriterLearnsThatTheClientIsGone(aborts: Bool) throws {
    let live = Live()
    try withServer(live.handler()) { server in
      let client = try Client(server)
      client.send(Self.request)
      _ = try client.readHead()
      if aborts { client.abort() } else { client.close() }
      #expect(live.isClosed())
      #expect(live.writers.all.first?.write([0x61]) == .closed)
      eventually("the connection is gone") { server.connectionCount == 0 }
    }
  }

  @Test func aSlowClientsBufferIsBounded() throws {
    let live = Live()
    try withServer(live.handler(capacity: 10_000)) { server in
      let client = try Client(server, receiveBuffer: 4096)
      client.send(Self.request)
      #expect(try client.readHead().status == 200)
      let writer = try #require(live.writers.all.first)
      let block = [UInt8](repeating: 0x61, count: 1000)
      var accepted = 0
      var full = 0
      // Whatever the kernel buffers, some time nothing fits any more.
      while full < 100, accepted < 100_000_000 {
        if writer.write(block) == .accepted { accepted += block.count } else { full += 1 }
        if full > 0 { usleep(200) }
      }
      #expect(full == 100)
      #expect(!writer.isClosed)
      writer.close()
      var received = 0
      while let chunk = try client.readChunk() { received += chunk.count }
      #expect(received == accepted + ": hello\n\n".utf8.count)
    }
  }

  @Test func aStreamEndsWithItsWriter() throws {
    let closed = DispatchSemaphore(value: 0)
    let handler = ClosureHandler { _, respond in
      let writer = StreamWriter { closed.signal() }
      writer.write(Array("bye".utf8))
      respond(Response(body: .stream(writer)))
    }
    try withServer(handler) { server in
      let client = try Client(server)
      #expect(try client.get("/").text == "bye")
      #expect(closed.wait(timeout: .now() + 300) == .success)
    }
  }

  @Test func olderClientsReadUntilTheEnd() throws {
    let live = Live()
    try withServer(live.handler()) { server in
      let client = try Client(server)
      client.send("GET /live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let (_, _, fields) = try client.readHead()
      #expect(fields["connection"] == "close" && fields["transfer-encoding"] == nil)
      live.writers.all.first?.write(Array("data: 1\n\n".utf8))
      live.writers.all.first?.close()
      #expect(try client.readToEnd() == Array(": hello\n\ndata: 1\n\n".utf8))
    }
  }

  @Test func aHeadRequestForAStreamClosesIt() throws {
    let live = Live()
    try withServer(live.handler()) { server in
      let client = try Client(server)
      client.send("HEAD /live HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.readAnswer(toHead: true).status == 200)
      #expect(live.isClosed())
      #expect(try client.get("/").text == "plain")
    }
  }

  @Test func stoppingEndsStreams() throws {
    let live = Live()
    try withServer(live.handler()) { server in
      let client = try Client(server)
      client.send(Self.request)
      _ = try client.readHead()
      #expect(try client.readChunk() != nil)
      server.stop(grace: .seconds(30))
      #expect(try client.readChunk() == nil)
      #expect(try client.isClosedByServer())
      client.close()
      server.waitUntilStopped()
      #expect(live.isClosed())
    }
  }
}
