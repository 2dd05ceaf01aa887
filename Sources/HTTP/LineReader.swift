import Glibc

/// Collects lines that end with CR LF from pieces of input that are cut anywhere.
///
/// It keeps what it has collected in one array, so that a request head is stored once, and copies each
/// byte once.
struct LineReader: Sendable {
  enum Outcome {
    /// The input is used up and holds no line end.
    case incomplete
    /// Where in `bytes` the line is, without its CR LF.
    case line(Range<Int>)
    /// The line has more bytes than the limit, its line end included.
    case tooLong
    /// A line feed without a carriage return before it.
    case bareLineFeed
  }

  /// The lines so far with their line ends, and the beginning of the next one.
  private(set) var bytes: [UInt8] = []
  private var start = 0

  /// Whether nothing has been collected.
  var isEmpty: Bool { bytes.isEmpty }

  /// The bytes of whole lines so far.
  var countOfLines: Int { start }

  /// Takes input from `offset` up to the end of a line. The outcome does not depend on how the input is cut.
  mutating func next(_ input: Span<UInt8>, from offset: inout Int, limit: Int) -> Outcome {
    let first = offset
    let available = input.count - first
    guard available > 0 else { return .incomplete }
    let lineFeed = input.withUnsafeBufferPointer { buffer -> Int? in
      guard let base = buffer.baseAddress, let found = memchr(base + first, 0x0A, available) else {
        return nil
      }
      return UnsafeRawPointer(base).distance(to: found)
    }
    let end = lineFeed.map { $0 + 1 } ?? input.count
    let length = bytes.count - start + (end - first)
    guard length <= limit, lineFeed != nil || length < limit else { return .tooLong }
    if bytes.isEmpty { bytes.reserveCapacity(min(available, 2048)) }
    input.withUnsafeBufferPointer { buffer in
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[first..<end]))
    }
    offset = end
    guard lineFeed != nil else { return .incomplete }
    let lineStart = start
    start = bytes.count
    guard length >= 2, bytes[bytes.count - 2] == .carriageReturn else { return .bareLineFeed }
    return .line(lineStart..<bytes.count - 2)
  }

  /// Forgets the lines, but keeps the memory for the next.
  mutating func removeLines() {
    bytes.removeAll(keepingCapacity: true)
    start = 0
  }

  /// Hands the lines over and starts anew without memory.
  mutating func takeLines() -> [UInt8] {
    defer {
      bytes = []
      start = 0
    }
    return bytes
  }
}
