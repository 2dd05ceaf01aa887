import CLinux
import Glibc

/// The calls of Linux that Swift's `Glibc` module leaves out, in one place.
enum LinuxCalls {
  /// What a socket or descriptor is made with: it does not block, and no child process inherits it.
  static let flags = O_NONBLOCK | O_CLOEXEC

  static func epollCreate(_ flags: Int32) -> Int32 { epoll_create1(flags) }

  static func epollControl(
    _ poller: Int32, _ operation: Int32, _ descriptor: Int32, _ event: UnsafeMutableRawPointer?
  ) -> Int32 {
    epoll_ctl(poller, operation, descriptor, event?.assumingMemoryBound(to: epoll_event.self))
  }

  static func epollWait(
    _ poller: Int32, _ events: UnsafeMutableRawPointer?, _ count: Int32, _ timeout: Int32
  ) -> Int32 {
    epoll_wait(poller, events?.assumingMemoryBound(to: epoll_event.self), count, timeout)
  }

  static func accept(
    _ listener: Int32, _ address: UnsafeMutablePointer<sockaddr>?, _ length: UnsafeMutablePointer<socklen_t>?,
    _ flags: Int32
  ) -> Int32 {
    linux_accept4(listener, address, length, flags)
  }

  static func eventDescriptor(_ value: UInt32, _ flags: Int32) -> Int32 { eventfd(value, flags) }
}
