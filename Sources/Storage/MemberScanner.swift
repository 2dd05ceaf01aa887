import Codec

/// Reads a file of gzip members one after another, in pieces, without holding the file in memory.
struct MemberScanner {
  struct Member {
    let text: [UInt8]
    let start: Int
    let end: Int
  }

  private let file: any DiskFile
  private let path: String
  private let inflater = Inflater()
  private var buffer: [UInt8] = []
  private var bufferStart: Int
  private var isAtEnd = false
  /// Where the next member starts.
  private(set) var offset: Int

  private static let piece = 1 << 18

  init(_ file: any DiskFile, path: String, from offset: Int = 0) {
    self.file = file
    self.path = path
    self.offset = offset
    bufferStart = offset
  }

  /// The next member; nil at the end of the file.
  ///
  /// - Throws: `StorageError.damaged` where it is cut off or damaged; `offset` says where it starts.
  mutating func next(limit: Int) throws(StorageError) -> Member? {
    if offset - bufferStart > buffer.count / 2 {
      buffer.removeFirst(min(buffer.count, offset - bufferStart))
      bufferStart = offset
    }
    while true {
      if offset - bufferStart < buffer.count {
        var text: [UInt8] = []
        do {
          let end = try inflater.inflateMember(
            buffer.span, from: offset - bufferStart, limit: limit, to: &text)
          let member = Member(text: text, start: offset, end: bufferStart + end)
          offset = member.end
          return member
        } catch {
          guard error == .truncated, !isAtEnd else {
            throw .damaged(Damage(file: path, offset: offset, reason: error.description))
          }
        }
      } else if isAtEnd {
        return nil
      }
      let more = try onDisk { () throws(DiskError) in
        try file.read(at: bufferStart + buffer.count, count: max(Self.piece, buffer.count))
      }
      buffer += more
      isAtEnd = more.isEmpty
    }
  }
}
