import Glibc

extension EventLoop {
  /// A body up to this size is copied behind its head, which is cheaper than a second buffer in the call.
  private static let copiedBody = 16 * 1024

  /// Bytes of one connection in a row, so that one that reads fast does not keep the others waiting.
  private static let sentInTurn = 4 * 1024 * 1024

  /// What was written to one stream is taken so often in a row, for the same reason.
  private static let takesInTurn = 16

  /// Answers for the server itself, and closes.
  func refuse(_ connection: Connection, _ refusal: Refusal) {
    if connection.exchange == nil { connection.exchange = Exchange(sentBefore: connection.sentBytes) }
    connection.exchange?.closes = true
    connection.exchange?.lingers = true
    connection.exchange?.refusal = refusal.code
    answer(connection, context.refusalResponse(refusal))
  }

  /// Sends the answer to the request at hand, or as much of it as the socket takes.
  func answer(_ connection: Connection, _ response: Response) {
    guard var exchange = connection.exchange else { return response.discard() }
    if response.closesConnection || isStopping {
      exchange.lingers = exchange.lingers || !exchange.closes
      exchange.closes = true
    }
    if let code = response.refusalCode { exchange.refusal = code }
    var shape = ResponseEncoder.Context(
      isHead: exchange.head?.method == .head, isVersion11: exchange.head?.isVersion11 ?? true,
      keepsAlive: !exchange.closes)
    scratch.removeAll(keepingCapacity: true)
    let framing = encoder.encode(response, &shape, seconds: Clock.wallSeconds(), into: &scratch)
    exchange.status = ResponseEncoder.status(of: response)
    exchange.closes = !shape.keepsAlive
    exchange.isChunked = framing == .chunked
    connection.exchange = exchange
    connection.phase = .writing
    connection.finalDeadline = now + context.times.write
    switch response.body {
    case .bytes(let bytes) where framing == .length: send(connection, bytes)
    case .pieces(let pieces) where framing == .length: send(connection, pieces)
    case .stream(let writer) where framing != .none:
      connection.stream = writer.buffer
      connection.phase = .streaming
      connection.finalDeadline = .max
      connection.deadline = .max
      writer.buffer.connect(mailbox, connection.id)
      connection.output.append(.bytes(scratch))
      pump(connection)
    default:
      response.discard()
      send(connection, [] as [UInt8])
    }
  }

  /// Sends the head in `scratch`, and bytes behind it.
  private func send(_ connection: Connection, _ bytes: [UInt8]) {
    guard bytes.count <= Self.copiedBody else {
      connection.output.append(.bytes(scratch))
      connection.output.append(.bytes(bytes))
      return push(connection)
    }
    scratch.append(contentsOf: bytes)
    let count = Transmit.bytes(scratch, to: connection.descriptor)
    if count == scratch.count {
      connection.sentBytes += count
      return answered(connection)
    }
    if count >= 0 {
      connection.sentBytes += count
      connection.output.append(.bytes(Array(scratch[count...])))
    } else {
      connection.output.append(.bytes(scratch))
    }
    // Says what went wrong, or that the socket is full.
    push(connection)
  }

  private func send(_ connection: Connection, _ pieces: [BodyPiece]) {
    connection.output.append(.bytes(scratch))
    for piece in pieces { connection.output.append(piece) }
    push(connection)
  }

  /// Sends what waits; then the exchange ends.
  private func push(_ connection: Connection) {
    if flush(connection) { answered(connection) }
  }

  /// Sends what waits. False if something is left or the connection is gone.
  private func flush(_ connection: Connection) -> Bool {
    let (outcome, count) = connection.output.send(to: connection.descriptor, budget: Self.sentInTurn)
    connection.sentBytes += count
    switch outcome {
    case .done:
      connection.isBlocked = false
      return true
    case .blocked, .yielded:
      if !connection.isBlocked {
        connection.isBlocked = true
        connection.pace = Pace(now: now, progress: acknowledged(connection), window: context.times.window)
        connection.deadline = min(connection.finalDeadline, connection.pace.windowEnd)
      }
    case .failed: close(connection, .clientClosed)
    case .fileTooShort: close(connection, .fileTooShort)
    }
    return false
  }

  /// The socket takes more.
  func writable(_ connection: Connection) {
    if connection.phase == .streaming {
      pump(connection)
    } else {
      push(connection)
    }
    resume(connection)
  }

  /// Sends what has been written to the stream, until the socket is full.
  func pump(_ connection: Connection) {
    guard let stream = connection.stream, let isChunked = connection.exchange?.isChunked else { return }
    for _ in 0..<Self.takesInTurn {
      guard flush(connection) else { return }
      connection.deadline = .max
      let (bytes, isLast) = stream.take()
      connection.output.append(.bytes(isChunked ? ResponseEncoder.chunk(bytes, isLast: isLast) : bytes))
      if isLast {
        stream.disconnect()
        connection.stream = nil
        connection.phase = .writing
        connection.finalDeadline = now + context.times.write
        return push(connection)
      }
      if bytes.isEmpty { return }
    }
    mailbox.post(.stream(connection.id))
  }

  /// Asks for the body that the client holds back.
  func sendInterim(_ connection: Connection) {
    let line = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    // The socket's buffer is empty enough, unless the client never reads: then it is not worth waiting for.
    guard Transmit.bytes(line, to: connection.descriptor) == line.count else {
      return close(connection, .clientClosed)
    }
    connection.sentBytes += line.count
  }

  /// The answer is sent whole.
  private func answered(_ connection: Connection) {
    guard let exchange = connection.exchange else { return }
    endExchange(connection, .complete)
    if exchange.closes || isStopping {
      return finish(connection, lingers: exchange.lingers || !exchange.closes)
    }
    connection.phase = .reading
    connection.finalDeadline = .max
    connection.deadline = now + context.times.idle
  }

  /// A deadline has come.
  func expired(_ connection: Connection) {
    guard now >= connection.deadline else { return settle(connection) }
    switch connection.phase {
    case .reading where connection.exchange == nil:
      if connection.parser.isInHead { refuse(connection, .headTooSlow) } else { close(connection, .complete) }
    case .reading:
      if !keepsUp(connection, connection.exchange?.bytesIn ?? 0) { refuse(connection, .bodyTooSlow) }
    case .running:
      refuse(connection, .answerTooSlow)
    case .writing, .streaming:
      if connection.isBlocked, !keepsUp(connection, acknowledged(connection)) {
        close(connection, .tooSlow)
      }
    case .lingering:
      close(connection, .complete)
    case .closed: break
    }
    settle(connection)
  }

  private func keepsUp(_ connection: Connection, _ progress: Int) -> Bool {
    guard now < connection.finalDeadline,
      connection.pace.keepsUp(
        now: now, progress: progress, window: context.times.window, minimum: context.limits.minimumPace)
    else { return false }
    connection.deadline = min(connection.finalDeadline, connection.pace.windowEnd)
    return true
  }

  /// Bytes that the client's side has acknowledged: those that left, less those that the kernel still holds.
  private func acknowledged(_ connection: Connection) -> Int {
    var queued: Int32 = 0
    guard ioctl(connection.descriptor, UInt(TIOCOUTQ), &queued) == 0 else { return connection.sentBytes }
    return connection.sentBytes - Int(queued)
  }
}
