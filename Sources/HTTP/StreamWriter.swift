import Dispatch
import Synchronization

/// The handler's end of a streamed response body, such as server-sent events.
///
/// Make one, keep it, answer with `Response.Body.stream` of it, and push bytes from any thread at any later time. No
/// thread waits for it; an idle stream is a few hundred bytes. When the last reference is released, the stream ends.
///
/// ```swift
/// let writer = StreamWriter { subscribers.remove(id) }
/// subscribers.add(id, writer)
/// respond(Response([("Content-Type", "text/event-stream")], body: .stream(writer)))
/// ```
package final class StreamWriter: Sendable {
  /// What became of some bytes.
  package enum WriteResult: Sendable {
    /// They will be sent.
    case accepted
    /// They were dropped whole, because the client is slow and the buffer is full.
    case full
    /// They were dropped, because one side has closed the stream.
    case closed
  }

  let buffer: StreamBuffer

  /// A writer that buffers up to `capacity` bytes while the client does not take them. `onClose` is called once, on a
  /// Dispatch thread, when either side has closed the stream; it must not block.
  package init(capacity: Int = 64 * 1024, onClose: (@Sendable () -> Void)? = nil) {
    buffer = StreamBuffer(capacity: capacity, onClose: onClose)
  }

  deinit {
    buffer.finish()
  }

  /// Queues bytes for sending, all or none of them. What is written before the answer is given is sent behind its
  /// head.
  @discardableResult
  package func write(_ bytes: [UInt8]) -> WriteResult {
    buffer.write(bytes)
  }

  /// Ends the body behind what was written so far. Later calls do nothing.
  package func close() {
    buffer.finish()
  }

  /// Whether one side has closed the stream.
  package var isClosed: Bool { buffer.isClosed }
}

/// What writer and connection share of a stream.
final class StreamBuffer: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    /// Whether the handler has ended the body.
    var isFinished = false
    /// Whether the connection is gone.
    var isDisconnected = false
    /// Whether the loop knows that there is something to do.
    var isSignalled = false
    var mailbox: Mailbox?
    var connection = ConnectionID(token: 0)
    var onClose: (@Sendable () -> Void)?

    /// The mailbox, if the loop is to be told now.
    mutating func signal() -> Mailbox? {
      guard let mailbox, !isSignalled else { return nil }
      isSignalled = true
      return mailbox
    }

    mutating func takeOnClose() -> (@Sendable () -> Void)? {
      defer { onClose = nil }
      return onClose
    }
  }

  /// Where all `onClose` calls run: in order, off the loops.
  private static let callbacks = DispatchQueue(label: "http.streams")

  private let capacity: Int
  private let state: Mutex<State>

  init(capacity: Int, onClose: (@Sendable () -> Void)?) {
    self.capacity = capacity
    state = Mutex(State(onClose: onClose))
  }

  var isClosed: Bool {
    state.withLock { $0.isFinished || $0.isDisconnected }
  }

  func write(_ bytes: [UInt8]) -> StreamWriter.WriteResult {
    let (result, signalled) = state.withLock {
      state -> (StreamWriter.WriteResult, (Mailbox, ConnectionID)?) in
      guard !state.isFinished, !state.isDisconnected else { return (.closed, nil) }
      guard state.bytes.count + bytes.count <= capacity else { return (.full, nil) }
      guard !bytes.isEmpty else { return (.accepted, nil) }
      state.bytes.append(contentsOf: bytes)
      return (.accepted, state.signal().map { ($0, state.connection) })
    }
    if let (mailbox, connection) = signalled { mailbox.post(.stream(connection)) }
    return result
  }

  /// The handler ends the body.
  func finish() {
    let (signalled, callback) = state.withLock {
      state -> ((Mailbox, ConnectionID)?, (@Sendable () -> Void)?) in
      guard !state.isFinished, !state.isDisconnected else { return (nil, nil) }
      state.isFinished = true
      return (state.signal().map { ($0, state.connection) }, state.takeOnClose())
    }
    if let (mailbox, connection) = signalled { mailbox.post(.stream(connection)) }
    if let callback { Self.callbacks.async(execute: callback) }
  }

  /// The connection is gone, or there will be none.
  func disconnect() {
    let callback = state.withLock { state in
      state.isDisconnected = true
      state.bytes = []
      state.mailbox = nil
      return state.takeOnClose()
    }
    if let callback { Self.callbacks.async(execute: callback) }
  }

  /// From now on the loop behind `mailbox` sends what is written. It looks once by itself.
  func connect(_ mailbox: Mailbox, _ connection: ConnectionID) {
    state.withLock { state in
      state.mailbox = mailbox
      state.connection = connection
      state.isSignalled = true
    }
  }

  /// Takes what is to be sent now, and whether it is the last.
  func take() -> (bytes: [UInt8], isLast: Bool) {
    state.withLock { state in
      state.isSignalled = false
      defer { state.bytes = [] }
      return (state.bytes, state.isFinished)
    }
  }
}
