import Synchronization

/// What the loops of one server share.
final class ServerContext: Sendable {
  let limits: Limits
  let times: Times
  let handler: any RequestHandler
  let refusalResponse: @Sendable (Refusal) -> Response
  let workers: WorkQueue
  let log: AccessLog?
  let listener: Listener

  /// Open connections over all loops.
  let connections = Atomic(0)
  /// Bytes of request bodies held over all loops and handlers; see `BodyShare`.
  let bodyBytes = Atomic(0)

  init(_ configuration: HTTPServer.Configuration, listener: Listener, handler: any RequestHandler) {
    limits = configuration.limits
    times = Times(configuration.limits)
    self.handler = handler
    refusalResponse = configuration.refusalResponse
    workers = WorkQueue(width: configuration.handlerThreads)
    log = configuration.log.map { AccessLog($0) }
    self.listener = listener
  }
}

/// The times of `Limits` in milliseconds.
struct Times: Sendable {
  let idle, head, body, answer, write, window, linger: Int64

  init(_ limits: Limits) {
    idle = limits.idleTime.wholeMilliseconds
    head = limits.headTime.wholeMilliseconds
    body = limits.bodyTime.wholeMilliseconds
    answer = limits.answerTime.wholeMilliseconds
    write = limits.writeTime.wholeMilliseconds
    window = limits.paceWindow.wholeMilliseconds
    linger = limits.lingerTime.wholeMilliseconds
  }
}

/// What one request's body takes of `Limits.bufferedBodyBytes`, until it is answered or nobody can answer it any more.
///
/// It does not end with the connection: a body that waits for a handler takes its memory also when its client is gone.
final class BodyShare: Sendable {
  private let context: ServerContext
  private let count = Atomic(0)

  init(_ context: ServerContext) {
    self.context = context
  }

  deinit {
    release()
  }

  /// Counts more bytes. Returns how many there are over all bodies.
  func add(_ bytes: Int) -> Int {
    count.add(bytes, ordering: .relaxed)
    return context.bodyBytes.add(bytes, ordering: .relaxed).newValue
  }

  /// Gives all of it back; more than once does nothing.
  func release() {
    context.bodyBytes.subtract(count.exchange(0, ordering: .relaxed), ordering: .relaxed)
  }
}
