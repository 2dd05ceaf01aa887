import Codec
import Glibc

/// What a file is, without keeping what is in it.
enum FileChecksum {
  /// The size in bytes and the SHA-256 of a file as it lies on the disk.
  static func read(_ path: String) throws(Failure) -> (size: Int, sha256: String) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure(path) }
    defer { close(file) }
    var sum = SHA256()
    var size = 0
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = piece.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
      if count == 0 { return (size, sum.hex()) }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure(path)
      }
      sum.add(piece[..<count])
      size += count
    }
  }

  private static func failure(_ path: String) -> Failure {
    Failure(errno == ENOENT ? .notFound : .failed, "cannot read \(path): \(String(cString: strerror(errno)))")
  }
}
