import Glibc

/// What waits to be sent on one connection, in order: bytes and parts of files.
struct OutputQueue {
  enum Outcome: Equatable {
    /// All is sent.
    case done
    /// The socket takes no more for now.
    case blocked
    /// There is more, but others are to have their turn.
    case yielded
    /// The connection is broken.
    case failed
    /// A file is shorter than the part of it that was to be sent.
    case fileTooShort
  }

  private var pieces: [BodyPiece] = []
  private var first = 0
  /// How much of the first piece is sent.
  private var sent = 0

  mutating func append(_ piece: BodyPiece) {
    if piece.count > 0 { pieces.append(piece) }
  }

  /// Sends as much as the socket takes, but not much more than `budget` bytes. Gives the number of bytes too.
  mutating func send(to socket: Int32, budget: Int) -> (outcome: Outcome, count: Int) {
    var total = 0
    while first < pieces.count {
      guard total < budget else { return (.yielded, total) }
      let count: Int
      switch pieces[first] {
      case .bytes(let bytes):
        let hasMore = first + 1 < pieces.count
        if hasMore, case .bytes(let following) = pieces[first + 1] {
          count = Transmit.bytes(
            bytes, from: sent, and: following, to: socket, hasMore: first + 2 < pieces.count)
        } else {
          count = Transmit.bytes(bytes, from: sent, to: socket, hasMore: hasMore)
        }
      case .file(let range):
        let length = min(range.length - sent, budget - total)
        count = Transmit.file(range.file.descriptor, from: range.offset + sent, length, to: socket)
        if count == 0 { return (.fileTooShort, total) }
      }
      guard count >= 0 else {
        if errno == EINTR { continue }
        return (errno == EAGAIN ? .blocked : .failed, total)
      }
      total += count
      advance(count)
    }
    pieces = []
    first = 0
    return (.done, total)
  }

  private mutating func advance(_ count: Int) {
    var left = count
    while left > 0 {
      let rest = pieces[first].count - sent
      guard left >= rest else {
        sent += left
        return
      }
      left -= rest
      sent = 0
      pieces[first] = .bytes([])  // its memory or file is not needed any more
      first += 1
    }
  }
}

/// The calls that send. Each gives the number of bytes, or -1 and `errno`. None raises SIGPIPE, which the loop
/// threads block for `sendfile`.
enum Transmit {
  static func bytes(_ bytes: [UInt8], from start: Int = 0, to socket: Int32, hasMore: Bool = false) -> Int {
    bytes.withUnsafeBytes { buffer in
      let rest = UnsafeRawBufferPointer(rebasing: buffer[start...])
      return send(socket, rest.baseAddress, rest.count, flags(hasMore))
    }
  }

  /// Sends two arrays in one call.
  static func bytes(
    _ bytes: [UInt8], from start: Int, and following: [UInt8], to socket: Int32, hasMore: Bool
  ) -> Int {
    bytes.withUnsafeBytes { left in
      following.withUnsafeBytes { right in
        let rest = UnsafeRawBufferPointer(rebasing: left[start...])
        // The kernel only reads through these pointers.
        let first = iovec(iov_base: UnsafeMutableRawPointer(mutating: rest.baseAddress), iov_len: rest.count)
        let second = iovec(
          iov_base: UnsafeMutableRawPointer(mutating: right.baseAddress), iov_len: right.count)
        return withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { vector in
          vector.initializeElement(at: 0, to: first)
          vector.initializeElement(at: 1, to: second)
          var message = msghdr()
          message.msg_iov = vector.baseAddress
          message.msg_iovlen = 2
          return sendmsg(socket, &message, flags(hasMore))
        }
      }
    }
  }

  static func file(_ descriptor: Int32, from start: Int, _ length: Int, to socket: Int32) -> Int {
    var offset = off_t(start)
    return sendfile(socket, descriptor, &offset, length)
  }

  private static func flags(_ hasMore: Bool) -> Int32 {
    Int32(MSG_NOSIGNAL | (hasMore ? MSG_MORE : 0))
  }
}
