/// One connection as its loop sees it. Only the loop's thread touches it.
///
/// An idle connection holds no buffer: what is read goes through the loop's own.
final class Connection {
  enum Phase {
    /// Waits for a request, or for the rest of one.
    case reading
    /// A handler has the request.
    case running
    /// The rest of an answer waits for the socket.
    case writing
    /// A stream is the body of the answer.
    case streaming
    /// All is said; what still comes is dropped, so that the last answer arrives.
    case lingering
    case closed
  }

  let descriptor: Int32
  let id: ConnectionID
  let peer: SocketAddress

  var phase = Phase.reading
  var parser: RequestParser
  /// The request that is being read or answered.
  var exchange: Exchange?
  /// The number of the request that a handler has.
  var request: UInt32 = 0
  var output = OutputQueue()
  /// The body that is being sent, in phase `streaming`.
  var stream: StreamBuffer?

  /// What came behind the request that is being answered, from `unreadOffset`.
  var unread: [UInt8] = []
  var unreadOffset = 0

  /// What the poller was asked for.
  var interest: Readiness = [.readable, .peerClosed]
  /// Input has come that nobody wants yet.
  var isPaused = false
  /// The socket took less than there is to send.
  var isBlocked = false
  /// The client has closed its direction.
  var peerHasClosed = false

  /// When the loop looks again; milliseconds.
  var deadline = Int64.max
  /// When the head, the body or the answer must be complete, whatever the pace.
  var finalDeadline = Int64.max
  /// The pace of the body or of the answer.
  var pace = Pace(now: 0, progress: 0, window: 0)
  /// Bytes that the kernel took for sending.
  var sentBytes = 0
  /// Bytes that were dropped in phase `lingering`.
  var lingeredBytes = 0

  init(descriptor: Int32, id: ConnectionID, peer: SocketAddress, limits: Limits) {
    self.descriptor = descriptor
    self.id = id
    self.peer = peer
    parser = RequestParser(limits: limits)
  }

  /// What the poller should be asked for now.
  var wantedInterest: Readiness {
    if phase == .lingering { return .readable }
    var wanted: Readiness = []
    if !isPaused { wanted.insert(.readable) }
    if !peerHasClosed { wanted.insert(.peerClosed) }
    if isBlocked { wanted.insert(.writable) }
    return wanted
  }

  /// Whether it stands between two requests, with nothing of the next one here.
  var isIdle: Bool { phase == .reading && exchange == nil && parser.isIdle && unread.isEmpty }
}

/// One request and its answer, from the head to the last byte sent.
struct Exchange {
  /// Nil if the head was refused.
  var head: RequestHead?
  var body: [UInt8] = []
  /// What the body takes of the limit of all bodies; nil before there is one, and once a handler has it.
  var share: BodyShare?
  var runsInline = false
  /// Whether the client waits for `100 Continue`.
  var owesContinue = false
  /// Whether the connection closes behind the answer.
  var closes = true
  /// Whether the client may still be sending, so that closing at once could destroy the answer.
  var lingers = true
  var isChunked = false
  var status = 0
  var refusal: String?
  var bytesIn = 0
  var sentBefore = 0
  /// Nanoseconds.
  var startedAt: Int64 = 0

  /// An exchange without a head.
  init(sentBefore: Int) {
    self.sentBefore = sentBefore
    startedAt = Clock.nanoseconds()
  }

  init(_ head: RequestHead, sentBefore: Int) {
    self.init(sentBefore: sentBefore)
    self.head = head
    owesContinue = head.expectsContinue && head.hasBody
    closes = !head.keepsAlive
    lingers = false
  }
}
