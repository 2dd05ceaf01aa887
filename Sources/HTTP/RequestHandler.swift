/// What answers requests. One object serves all connections at once.
package protocol RequestHandler: Sendable {
  /// Decides from the head whether the body may come, and how large it may be.
  ///
  /// Called on an event loop, before any byte of the body is asked for: it must be quick and must not block. Here is
  /// the place to check a token, a path and a method.
  func admit(_ head: RequestHead) -> Admission

  /// Answers a request whose body is complete, by calling `respond` once, now or later, on any thread. Later calls
  /// do nothing; if `respond` is released without a call, the client gets 500.
  ///
  /// Called on a thread of the server's pool, or on the event loop if the admission says so.
  func handle(_ request: Request, respond: @escaping @Sendable (Response) -> Void)
}

/// What a handler says to a request head.
package enum Admission: Sendable {
  /// Take the body if it has at most `maximumBody` bytes; a larger one is answered with 413.
  ///
  /// `runsInline` asks for `handle` on the event loop itself, which saves two thread changes. Only for handlers that
  /// take microseconds and never block: while they run, nobody else is served.
  case accept(maximumBody: Int, runsInline: Bool = false)
  /// Send this answer instead. If a body is on its way, the connection closes behind the answer.
  case refuse(Response)
}

/// A complete request.
package struct Request: Sendable {
  /// Method, path and header fields.
  package let head: RequestHead
  /// The body without its transfer coding; empty if there is none.
  package let body: [UInt8]

  /// A request as a handler gets it.
  package init(head: RequestHead, body: [UInt8]) {
    self.head = head
    self.body = body
  }
}
