import Dispatch
import Glibc
import Synchronization
import Testing

@testable import HTTP

/// What handlers may do wrong, and the threads they run on.
@Suite(.serialized, .tags(.sockets)) struct HandlerTests {
  @Test(arguments: [true, false]) func aRequestThatIsDroppedGets500(runsInline: Bool) throws {
    let records = Collected<AccessRecord>()
    let handler = ClosureHandler(admission: { _ in .accept(maximumBody: 0, runsInline: runsInline) }) {
      request, respond in
      if request.head.path == "/good" { respond(Response(text: "good")) }
    }
    try withServer(
      handler, configure: { $0.log = { records.add($0) } },
      { server in
        let client = try Client(server)
        let answer = try client.get("/dropped")
        #expect(answer.status == 500)
        #expect(answer.text.contains("\"unanswered\""))
        // It is the handler's fault, not the client's: the connection stays.
        #expect(try client.get("/good").text == "good")
        eventually("two records") { records.all.count == 2 }
        #expect(records.all.first?.refusal == "unanswered")
      })
  }

  @Test(arguments: [true, false]) func onlyTheFirstAnswerCounts(runsInline: Bool) throws {
    let closed = DispatchSemaphore(value: 0)
    let handler = ClosureHandler(admission: { _ in .accept(maximumBody: 0, runsInline: runsInline) }) {
      request, respond in
      respond(Response(text: "first \(request.head.path)"))
      respond(Response(text: "second"))
      respond(Response(body: .stream(StreamWriter { closed.signal() })))
      DispatchQueue.global().async { respond(Response(text: "third")) }
    }
    try withServer(handler) { server in
      let client = try Client(server)
      for round in 0..<20 {
        #expect(try client.get("/\(round)").text == "first /\(round)")
        #expect(closed.wait(timeout: .now() + 300) == .success)
      }
    }
  }

  @Test(arguments: [true, false]) func anAnswerMayComeLaterFromAnyThread(runsInline: Bool) throws {
    let handler = ClosureHandler(admission: { _ in .accept(maximumBody: 0, runsInline: runsInline) }) {
      request, respond in
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) {
        respond(Response(text: "late \(request.head.path)"))
      }
    }
    try withServer(handler) { server in
      let clients = try (0..<20).map { _ in try Client(server) }
      for (number, client) in clients.enumerated() {
        client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
      }
      for (number, client) in clients.enumerated() {
        #expect(try client.readAnswer().text == "late /\(number)")
      }
    }
  }

  @Test func aHandlerThatKeepsSilentIsAnsweredFor() throws {
    let kept = Collected<@Sendable (Response) -> Void>()
    let handler = ClosureHandler { _, respond in kept.add(respond) }
    try withServer(handler, configure: { $0.limits.answerTime = .milliseconds(100) }) { server in
      let client = try Client(server)
      let answer = try client.get("/")
      #expect(answer.status == 503)
      #expect(answer.text.contains("answer-too-slow"))
      #expect(try client.isClosedByServer())
      kept.all.first?(Response(text: "too late"))
    }
  }

  @Test func handlersRunBesideEachOtherButNotWithoutBound() throws {
    let running = Mutex((now: 0, most: 0))
    let handler = ClosureHandler { _, respond in
      running.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      usleep(20_000)
      running.withLock { $0.now -= 1 }
      respond(Response(text: "done"))
    }
    try withServer(handler, configure: { $0.handlerThreads = 2 }) { server in
      let clients = try (0..<10).map { _ in try Client(server) }
      for client in clients { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
      for client in clients { #expect(try client.readAnswer().text == "done") }
    }
    #expect(running.withLock { $0.most } <= 2)
  }

  @Test func waitingHandlersRunInTheOrderInWhichTheyCame() {
    let queue = WorkQueue(width: 1)
    let order = Collected<Int>()
    let done = DispatchSemaphore(value: 0)
    for number in 0..<5000 {
      queue.submit {
        order.add(number)
        if number == 4999 { done.signal() }
      }
    }
    #expect(done.wait(timeout: .now() + 300) == .success)
    #expect(order.all == Array(0..<5000))
  }

  /// Each may hold a whole body, and others come as fast as they are done.
  @Test func workThatIsDoneIsLetGoWhileOthersWait() {
    let queue = WorkQueue(width: 1)
    let freed = Atomic(0)
    let found = Collected<Int>()
    let (goesOn, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    for number in 0..<50 {
      let load = Load { freed.add(1, ordering: .relaxed) }
      queue.submit {
        if number == 0 { goesOn.wait() }
        found.add(freed.load(ordering: .relaxed))
        withExtendedLifetime(load) {}
        if number == 49 { done.signal() }
      }
    }
    goesOn.signal()
    #expect(done.wait(timeout: .now() + 300) == .success)
    #expect(found.all == Array(0..<50))
  }

  @Test func aLogThatCannotKeepUpLosesRecordsButCountsThem() {
    let release = DispatchSemaphore(value: 0)
    let records = Collected<AccessRecord>()
    let log = AccessLog {
      if records.all.isEmpty { release.wait() }
      records.add($0)
    }
    let batch = (0..<1000).compactMap { status in Self.record(status) }
    for _ in 0..<70 { log.submit(batch) }
    release.signal()
    log.drain()
    log.submit(Array(batch.prefix(2)))
    log.drain()
    let all = records.all
    #expect(all.count == 65_002)
    #expect(all.reduce(0) { $0 + $1.droppedBefore } == 5000)
    #expect(all.prefix(1000).map(\.status) == Array(0..<1000))
  }

  private static func record(_ status: Int) -> AccessRecord? {
    guard let peer = try? SocketAddress.resolve("127.0.0.1:1").first else { return nil }
    return AccessRecord(
      peer: peer, method: "GET", path: "/", status: status, refusal: nil, bytesIn: 0, bytesOut: 0,
      milliseconds: 0,
      outcome: .complete)
  }

  @Test func aBusyHandlerDoesNotHoldTheLoop() throws {
    let release = DispatchSemaphore(value: 0)
    let handler = ClosureHandler(admission: { .accept(maximumBody: 0, runsInline: $0.path == "/quick") }) {
      request, respond in
      if request.head.path == "/slow" { release.wait() }
      respond(Response(text: request.head.path))
    }
    try withServer(handler) { server in
      let slow = try Client(server)
      slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try Client(server).get("/quick").text == "/quick")
      release.signal()
      #expect(try slow.readAnswer().text == "/slow")
    }
  }
}

/// Says when it goes.
private final class Load: Sendable {
  private let freed: @Sendable () -> Void

  init(_ freed: @escaping @Sendable () -> Void) {
    self.freed = freed
  }

  deinit {
    freed()
  }
}
