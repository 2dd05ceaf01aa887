import Glibc
import Synchronization

/// Names one connection of one loop: its descriptor, and a number that no other connection with this descriptor has.
struct ConnectionID: Hashable, Sendable {
  let token: UInt64

  init(token: UInt64) {
    self.token = token
  }

  init(descriptor: Int32, generation: UInt32) {
    token = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
  }

  var descriptor: Int { Int(token & 0xFFFF_FFFF) }
}

/// The only way from other threads into an event loop.
final class Mailbox: Sendable {
  enum Letter: Sendable {
    /// The answer to the request with this number on this connection.
    case answer(ConnectionID, request: UInt32, Response)
    /// A stream has something to send, or is to end.
    case stream(ConnectionID)
    /// Stop within this many milliseconds.
    case stop(grace: Int64)
  }

  private struct State {
    var letters: [Letter] = []
    var isOpen = true
  }

  private let state = Mutex(State())
  /// Becomes readable with the first letter.
  let descriptor: Int32

  init() throws(SystemError) {
    descriptor = LinuxCalls.eventDescriptor(0, LinuxCalls.flags)
    guard descriptor >= 0 else { throw SystemError("eventfd") }
  }

  deinit {
    close(descriptor)
  }

  /// Leaves a letter, and wakes the loop if it is the first.
  func post(_ letter: Letter) {
    let (isFirst, isOpen) = state.withLock { state in
      guard state.isOpen else { return (false, false) }
      state.letters.append(letter)
      return (state.letters.count == 1, true)
    }
    if isFirst { eventfdWrite() }
    if !isOpen { Self.discard(letter) }
  }

  /// Takes all letters.
  func collect() -> [Letter] {
    var count: UInt64 = 0
    // It never blocks, and what it gives does not matter.
    _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    return state.withLock { state in
      defer { state.letters = [] }
      return state.letters
    }
  }

  /// Takes no more letters. Streams that would have been sent learn that they are closed.
  func shut() {
    let left = state.withLock { state in
      state.isOpen = false
      defer { state.letters = [] }
      return state.letters
    }
    for letter in left { Self.discard(letter) }
  }

  private func eventfdWrite() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  private static func discard(_ letter: Letter) {
    if case .answer(_, _, let response) = letter { response.discard() }
  }
}
