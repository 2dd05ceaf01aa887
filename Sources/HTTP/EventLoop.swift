import Glibc

/// Serves connections on one thread: waits until sockets are ready, reads, parses, hands requests to the handler,
/// and sends what it answers.
///
/// It is made on its thread and never leaves it. Other threads reach it through its `Mailbox` only.
final class EventLoop {
  /// Tokens that no connection has, because descriptors are not negative.
  private static let listenerToken = UInt64.max
  private static let mailboxToken = UInt64.max - 1

  let context: ServerContext
  let poller: Poller
  let mailbox: Mailbox
  private let events = EventBuffer(capacity: 256)

  /// By descriptor.
  var connections: [Connection?] = []
  var connectionCount = 0
  var generation: UInt32 = 0
  var deadlines: DeadlineWheel
  var encoder = ResponseEncoder()
  /// One answer being put together.
  var scratch: [UInt8] = []
  let input = InputBuffer(capacity: 64 * 1024)
  var records: [AccessRecord] = []

  /// Milliseconds of the monotonic clock, taken once a turn.
  var now: Int64
  var isListening = false
  /// When a listener that found no free descriptor is tried again.
  var listensAgainAt = Int64.max
  var isStopping = false
  private var stopDeadline = Int64.max

  init(context: ServerContext, poller: Poller, mailbox: Mailbox) {
    self.context = context
    self.poller = poller
    self.mailbox = mailbox
    now = Clock.milliseconds()
    deadlines = DeadlineWheel(now: now)
    scratch.reserveCapacity(4096)
  }

  /// Works until it is told to stop and has done so.
  func run() {
    poller.add(mailbox.descriptor, .readable, token: Self.mailboxToken)
    startListening()
    while !isStopping || (connectionCount > 0 && now < stopDeadline) {
      turn()
    }
    for connection in connections.compactMap(\.self) { close(connection, .stopped) }
    mailbox.shut()
    flushLog()
  }

  private func turn() {
    let count = poller.wait(events, milliseconds: timeout())
    now = Clock.milliseconds()
    var hasMail = false
    for index in 0..<count {
      let (readiness, token) = events.event(index)
      switch token {
      case Self.mailboxToken: hasMail = true
      case Self.listenerToken: acceptConnections()
      default:
        // A connection that was closed in this turn, or another with its descriptor, is not meant.
        if let connection = connection(ConnectionID(token: token)) { handle(readiness, connection) }
      }
    }
    if hasMail { for letter in mailbox.collect() { handle(letter) } }
    for descriptor in deadlines.expire(now: now) {
      if let connection = connections[descriptor] { expired(connection) }
    }
    if now >= listensAgainAt { startListening() }
    flushLog()
  }

  private func timeout() -> Int32 {
    let next = min(deadlines.nextDue ?? .max, listensAgainAt, stopDeadline)
    return next == .max ? -1 : Int32(clamping: max(0, next - now))
  }

  private func handle(_ letter: Mailbox.Letter) {
    switch letter {
    case .answer(let id, let request, let response):
      guard let connection = connection(id), connection.phase == .running, connection.request == request
      else { return response.discard() }
      answer(connection, response)
      resume(connection)
      settle(connection)
    case .stream(let id):
      guard let connection = connection(id), connection.phase == .streaming else { return }
      pump(connection)
      resume(connection)
      settle(connection)
    case .stop(let grace):
      stop(by: now + grace)
    }
  }

  func connection(_ id: ConnectionID) -> Connection? {
    guard id.descriptor < connections.count, let connection = connections[id.descriptor],
      connection.id == id
    else { return nil }
    return connection
  }

  /// Tells poller and wheel what a connection waits for now. Called once after whatever happened to it.
  func settle(_ connection: Connection) {
    guard connection.phase != .closed else { return }
    let wanted = connection.wantedInterest
    if wanted != connection.interest {
      connection.interest = wanted
      poller.change(connection.descriptor, wanted, token: connection.id.token)
    }
    if connection.deadline == .max {
      deadlines.remove(Int(connection.descriptor))
    } else {
      deadlines.set(Int(connection.descriptor), due: connection.deadline)
    }
  }

  func startListening() {
    listensAgainAt = .max
    guard !isStopping, !isListening else { return }
    isListening = poller.add(
      context.listener.descriptor, [.readable, .exclusive], token: Self.listenerToken)
  }

  /// Stops taking connections; `until` is when to try again, `Int64.max` for never.
  func stopListening(until: Int64 = .max) {
    if isListening { poller.remove(context.listener.descriptor) }
    isListening = false
    listensAgainAt = until
  }

  private func flushLog() {
    guard !records.isEmpty else { return }
    context.log?.submit(records)
    records.removeAll(keepingCapacity: true)
  }

  /// Finishes what runs and closes the rest.
  private func stop(by deadline: Int64) {
    stopDeadline = min(stopDeadline, deadline)
    guard !isStopping else { return }
    isStopping = true
    stopListening()
    for connection in connections.compactMap(\.self) {
      switch connection.phase {
      case .reading where connection.isIdle:
        // A request may have come that the loop has not read yet: it is answered.
        if !hasInput(connection) { close(connection, .complete) }
      case .streaming:
        connection.stream?.finish()
        pump(connection)
        settle(connection)
      default: break
      }
    }
  }

  private func hasInput(_ connection: Connection) -> Bool {
    var byte: UInt8 = 0
    return recv(connection.descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) > 0
  }
}

/// The one buffer that a loop reads into. Used by one thread.
final class InputBuffer {
  private let bytes: UnsafeMutableBufferPointer<UInt8>

  init(capacity: Int) {
    bytes = .allocate(capacity: capacity)
    bytes.initialize(repeating: 0)
  }

  deinit {
    bytes.deallocate()
  }

  var capacity: Int { bytes.count }

  /// Reads what has come, up to `room` bytes. Gives what `recv` gives.
  func receive(from socket: Int32, room: Int) -> Int {
    recv(socket, bytes.baseAddress, min(room, bytes.count), 0)
  }

  /// Calls `body` with the first `count` bytes.
  func withBytes<Result>(_ count: Int, _ body: (Span<UInt8>) -> Result) -> Result {
    body(UnsafeBufferPointer(rebasing: bytes[..<count]).span)
  }
}
