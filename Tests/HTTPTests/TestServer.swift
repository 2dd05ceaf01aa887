import Glibc
import Synchronization
import Testing

@testable import HTTP

/// A handler made of two closures.
struct ClosureHandler: RequestHandler {
  var admission: @Sendable (RequestHead) -> Admission = { _ in .accept(maximumBody: 1 << 20) }
  let answer: @Sendable (Request, @escaping @Sendable (Response) -> Void) -> Void

  init(
    admission: @escaping @Sendable (RequestHead) -> Admission = { _ in .accept(maximumBody: 1 << 20) },
    _ answer: @escaping @Sendable (Request, @escaping @Sendable (Response) -> Void) -> Void
  ) {
    self.admission = admission
    self.answer = answer
  }

  func admit(_ head: RequestHead) -> Admission { admission(head) }

  func handle(_ request: Request, respond: @escaping @Sendable (Response) -> Void) {
    answer(request, respond)
  }

  /// Answers with method, path and body; on the loop itself if `runsInline`.
  static func echo(runsInline: Bool = false, maximumBody: Int = 1 << 20) -> ClosureHandler {
    ClosureHandler(admission: { _ in .accept(maximumBody: maximumBody, runsInline: runsInline) }) {
      request, respond in
      respond(
        Response(
          [("Content-Type", "text/plain")],
          text: "\(request.head.method) \(request.head.path) \(String(decoding: request.body, as: UTF8.self))"
        ))
    }
  }
}

/// Runs `body` with a server on a port that the system picks; the server has stopped when this returns.
func withServer(
  _ handler: any RequestHandler, loops: Int = 1,
  configure: (inout HTTPServer.Configuration) -> Void = { _ in },
  _ body: (HTTPServer) throws -> Void
) throws {
  var configuration = HTTPServer.Configuration()
  configuration.loops = loops
  configure(&configuration)
  let server = try HTTPServer(configuration, handler: handler)
  defer {
    server.stop(grace: .zero)
    server.waitUntilStopped()
  }
  try body(server)
}

/// Waits until something that another thread does has happened; an issue after five minutes: the pool that runs handlers also runs the tests, and may be busy for long.
func eventually(_ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool) {
  let end = Clock.milliseconds() + 300_000
  while !condition() {
    guard Clock.milliseconds() < end else {
      Issue.record("did not happen: \(what)", sourceLocation: sourceLocation)
      return
    }
    usleep(2000)
  }
}

/// A list that threads add to.
final class Collected<Element: Sendable>: Sendable {
  private let elements = Mutex<[Element]>([])

  var all: [Element] { elements.withLock { $0 } }

  func add(_ element: Element) {
    elements.withLock { $0.append(element) }
  }
}
