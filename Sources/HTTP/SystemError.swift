import Glibc

/// A system call that failed.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried.
  package let call: String
  /// The error number, such as `EADDRINUSE`.
  package let number: Int32

  /// The failure of the call that was made last on this thread.
  init(_ call: String) {
    self.call = call
    number = errno
  }

  init(_ call: String, number: Int32) {
    self.call = call
    self.number = number
  }

  /// The call and the system's words for the error.
  package var description: String {
    "\(call): \(strerror(number).map { String(cString: $0) } ?? "error \(number)")"
  }
}
