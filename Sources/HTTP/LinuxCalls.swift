import Glibc

/// The calls of Linux that Swift's `Glibc` module leaves out, found by name when the server starts.
///
/// `sys/epoll.h`, `sys/eventfd.h` and the GNU part of `sys/socket.h` are not in that module. A system library target
/// with a module map could replace this file; nothing else knows how the calls are found.
struct LinuxCalls: Sendable {
  typealias Create = @convention(c) @Sendable (Int32) -> Int32
  typealias Control = @convention(c) @Sendable (Int32, Int32, Int32, UnsafeMutableRawPointer?) -> Int32
  typealias Wait = @convention(c) @Sendable (Int32, UnsafeMutableRawPointer?, Int32, Int32) -> Int32
  typealias Accept =
    @convention(c) @Sendable (
      Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?, Int32
    ) -> Int32
  typealias Event = @convention(c) @Sendable (UInt32, Int32) -> Int32

  let epollCreate: Create
  let epollControl: Control
  let epollWait: Wait
  let accept: Accept
  let eventDescriptor: Event

  /// The calls of this process. Throws if the C library lacks one, which none for Linux does.
  static let found: Result<LinuxCalls, SystemError> = Result { () throws(SystemError) in
    // The types above repeat the prototypes of the manual pages; a cast is the only way from an address to a call.
    LinuxCalls(
      epollCreate: unsafeBitCast(try address(of: "epoll_create1"), to: Create.self),
      epollControl: unsafeBitCast(try address(of: "epoll_ctl"), to: Control.self),
      epollWait: unsafeBitCast(try address(of: "epoll_wait"), to: Wait.self),
      accept: unsafeBitCast(try address(of: "accept4"), to: Accept.self),
      eventDescriptor: unsafeBitCast(try address(of: "eventfd"), to: Event.self))
  }

  private static func address(of name: String) throws(SystemError) -> UnsafeMutableRawPointer {
    guard let address = dlsym(nil, name) else { throw SystemError("find \(name)", number: ENOSYS) }
    return address
  }

  /// What a socket or descriptor is made with: it does not block, and no child process inherits it.
  static let flags = O_NONBLOCK | O_CLOEXEC
}
