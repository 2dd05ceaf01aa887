import Glibc

/// What to be told of a descriptor, and what was told. The bits are those of `epoll`.
struct Readiness: OptionSet, Sendable {
  let rawValue: UInt32

  static let readable = Readiness(rawValue: 0x001)
  static let writable = Readiness(rawValue: 0x004)
  /// An error is pending. Told without being asked for.
  static let failed = Readiness(rawValue: 0x008)
  /// Both directions are closed. Told without being asked for.
  static let closed = Readiness(rawValue: 0x010)
  /// The client has closed its direction.
  static let peerClosed = Readiness(rawValue: 0x2000)
  /// Of several pollers that wait for a descriptor, wake only one.
  static let exclusive = Readiness(rawValue: 1 << 28)
}

/// One `epoll` instance: says which descriptors are ready.
final class Poller: Sendable {
  private let descriptor: Int32

  init() throws(SystemError) {
    descriptor = LinuxCalls.epollCreate(O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("epoll_create1") }
  }

  deinit {
    close(descriptor)
  }

  /// Starts watching; `token` comes back with each event. False if the system refuses.
  @discardableResult
  func add(_ watched: Int32, _ interest: Readiness, token: UInt64) -> Bool {
    control(1, watched, interest, token)
  }

  /// Stops watching. Closing the descriptor does so too.
  func remove(_ watched: Int32) {
    _ = control(2, watched, [], 0)
  }

  /// Watches for something else. False if the system refuses.
  @discardableResult
  func change(_ watched: Int32, _ interest: Readiness, token: UInt64) -> Bool {
    control(3, watched, interest, token)
  }

  private func control(_ operation: Int32, _ watched: Int32, _ interest: Readiness, _ token: UInt64) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: EventBuffer.stride, alignment: 8) { event in
      event.storeBytes(of: interest.rawValue, as: UInt32.self)
      event.storeBytes(of: token, toByteOffset: EventBuffer.tokenOffset, as: UInt64.self)
      return LinuxCalls.epollControl(descriptor, operation, watched, event.baseAddress) == 0
    }
  }

  /// Waits until something is ready, at most `milliseconds` (negative: for ever), and gives the number of events in
  /// `events`; 0 if the time passed or a signal came.
  func wait(_ events: EventBuffer, milliseconds: Int32) -> Int {
    max(
      0, Int(LinuxCalls.epollWait(descriptor, events.raw.baseAddress, Int32(events.capacity), milliseconds)))
  }
}

/// Room for what `epoll_wait` tells. Used by one thread.
final class EventBuffer {
  #if arch(x86_64)
    // `struct epoll_event` is packed on this architecture only.
    static let stride = 12
    static let tokenOffset = 4
  #else
    static let stride = 16
    static let tokenOffset = 8
  #endif

  let capacity: Int
  let raw: UnsafeMutableRawBufferPointer

  init(capacity: Int) {
    self.capacity = capacity
    raw = .allocate(byteCount: capacity * Self.stride, alignment: 8)
    raw.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit {
    raw.deallocate()
  }

  /// The event at `index`, which is below the number that `wait` gave.
  func event(_ index: Int) -> (readiness: Readiness, token: UInt64) {
    let start = index * Self.stride
    return (
      Readiness(rawValue: raw.loadUnaligned(fromByteOffset: start, as: UInt32.self)),
      raw.loadUnaligned(fromByteOffset: start + Self.tokenOffset, as: UInt64.self)
    )
  }
}
