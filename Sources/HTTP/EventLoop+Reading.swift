import Glibc
import Synchronization

extension EventLoop {
  /// Reads of one connection in a row, so that one that sends fast does not keep the others waiting.
  private static let readsInTurn = 4

  /// What is read of a client from which no body is expected. It bounds what is kept of requests that are sent
  /// before the one in front of them is answered.
  private static let headRoom = 16 * 1024

  /// Acts on what the poller said of a connection.
  func handle(_ readiness: Readiness, _ connection: Connection) {
    let isReading = connection.phase == .reading || connection.phase == .lingering
    if !isReading {
      if readiness.contains(.failed) || readiness.contains(.closed) {
        return close(connection, .clientClosed)
      }
      if readiness.contains(.peerClosed) {
        // Who has sent a request and then closes its direction may still want the answer; but the answer to a
        // stream's client going is to go too.
        if connection.phase == .streaming { return close(connection, .clientClosed) }
        connection.peerHasClosed = true
      }
      if readiness.contains(.readable) { connection.isPaused = true }
      if readiness.contains(.writable), connection.isBlocked { writable(connection) }
    } else {
      read(connection)
    }
    settle(connection)
  }

  private func read(_ connection: Connection) {
    for _ in 0..<Self.readsInTurn {
      let room = connection.exchange == nil ? Self.headRoom : input.capacity
      let count = input.receive(from: connection.descriptor, room: room)
      if count > 0 {
        if connection.phase == .lingering {
          connection.lingeredBytes += count
          guard connection.lingeredBytes <= context.limits.lingerBytes else {
            return close(connection, .complete)
          }
        } else {
          input.withBytes(count) { bytes in
            let end = process(connection, bytes, from: 0)
            if end < bytes.count, connection.phase != .closed, connection.phase != .lingering {
              connection.unread = bytes.withUnsafeBufferPointer { Array($0[end...]) }
              connection.unreadOffset = 0
            }
          }
        }
        // Less than there is room for means that no more has come.
        if count < room { return }
      } else if count == 0 {
        return endOfInput(connection)
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR {
        return close(connection, .clientClosed)
      }
      guard connection.phase == .reading || connection.phase == .lingering else { return }
    }
  }

  /// The client has closed its direction, and all that it sent is read.
  private func endOfInput(_ connection: Connection) {
    connection.peerHasClosed = true
    if connection.phase == .reading, !connection.isIdle {
      refuse(connection, .truncated)
    } else {
      close(connection, .complete)
    }
  }

  /// Goes on with the input that waited while a request was answered.
  func resume(_ connection: Connection) {
    guard connection.phase == .reading else { return }
    connection.isPaused = false
    guard !connection.unread.isEmpty else { return }
    let bytes = connection.unread
    let start = connection.unreadOffset
    connection.unread = []
    let end = process(connection, bytes.span, from: start)
    if end < bytes.count, connection.phase != .closed, connection.phase != .lingering {
      connection.unread = bytes
      connection.unreadOffset = end
    }
  }

  /// Feeds input to the parser until it is used up or the connection is busy with an answer. Gives the offset of
  /// what is left.
  private func process(_ connection: Connection, _ bytes: Span<UInt8>, from start: Int) -> Int {
    var offset = start
    while connection.phase == .reading {
      switch connection.parser.next(bytes, from: &offset) {
      case .needMore:
        waitForMore(connection)
        return offset
      case .head(let head):
        begin(connection, head)
      case .body(let range):
        receive(connection, bytes, range)
      case .end:
        run(connection)
      case .refused(let refusal):
        refuse(connection, refusal)
      }
    }
    return offset
  }

  private func waitForMore(_ connection: Connection) {
    if let exchange = connection.exchange {
      guard exchange.owesContinue else { return }
      connection.exchange?.owesContinue = false
      // Nothing waits in front of it: a request is read only when the answer before it is sent.
      sendInterim(connection)
    } else if connection.parser.isInHead, connection.finalDeadline == .max {
      connection.finalDeadline = now + context.times.head
      connection.deadline = connection.finalDeadline
    }
  }

  /// A head is complete: asks the handler.
  private func begin(_ connection: Connection, _ parsed: RequestHead) {
    var head = parsed
    head.peer = connection.peer
    var exchange = Exchange(head, sentBefore: connection.sentBytes)
    switch context.handler.admit(head) {
    case .accept(let maximumBody, let runsInline):
      exchange.runsInline = runsInline
      connection.exchange = exchange
      connection.parser.maximumBody = max(0, maximumBody)
      connection.finalDeadline = now + context.times.body
      connection.pace = Pace(now: now, progress: 0, window: context.times.window)
      connection.deadline = min(connection.finalDeadline, connection.pace.windowEnd)
    case .refuse(let response):
      if head.hasBody {
        exchange.closes = true
        exchange.lingers = true
      }
      connection.exchange = exchange
      connection.parser.abandonBody()
      answer(connection, response)
    }
  }

  private func receive(_ connection: Connection, _ bytes: Span<UInt8>, _ range: Range<Int>) {
    let share = connection.exchange?.share ?? BodyShare(context)
    connection.exchange?.share = share
    let held = share.add(range.count)
    connection.exchange?.bytesIn += range.count
    guard held <= context.limits.bufferedBodyBytes else { return refuse(connection, .outOfBodyMemory) }
    connection.exchange?.owesContinue = false
    bytes.withUnsafeBufferPointer { buffer in
      connection.exchange?.body.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[range]))
    }
  }

  /// A request is complete: hands it to the handler.
  private func run(_ connection: Connection) {
    guard let exchange = connection.exchange, let head = exchange.head else { return }
    connection.phase = .running
    connection.request &+= 1
    connection.deadline = now + context.times.answer
    connection.exchange?.body = []
    connection.exchange?.share = nil
    let request = Request(head: head, body: exchange.body)
    let responder = Responder(
      mailbox: mailbox, connection: connection.id, request: connection.request,
      share: exchange.share, isInline: exchange.runsInline)
    let handler = context.handler
    if exchange.runsInline {
      handler.handle(request) { responder.answer($0) }
      if let response = responder.takeAnswer() { answer(connection, response) }
    } else {
      context.workers.submit { handler.handle(request) { responder.answer($0) } }
    }
  }
}
