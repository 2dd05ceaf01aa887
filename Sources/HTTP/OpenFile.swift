import Glibc

/// A file descriptor that is closed with its last owner.
package final class OpenFile: DescriptorOwner {
  /// The open descriptor.
  package let descriptor: Int32

  /// Takes over an open descriptor.
  package init(adopting descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Opens a file for reading. Throws what `open` reports.
  package convenience init(reading path: String) throws(SystemError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open \(path)") }
    self.init(adopting: descriptor)
  }

  deinit {
    close(descriptor)
  }
}
