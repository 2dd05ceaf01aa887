/// Takes a body in chunks apart (RFC 9112, section 7.1). Extensions and trailer fields are bounded,
/// checked and dropped.
struct ChunkedDecoder: Sendable {
  private enum State {
    case size
    case data(Int)
    case carriageReturn
    case lineFeed
    case trailers
  }

  private let limits: Limits
  private let maximumBody: Int
  private var state = State.size
  private var received = 0
  private var extensionBytes = 0
  private var trailerBytes = 0
  private var reader = LineReader()

  /// A decoder that refuses the chunk with which the body would exceed `maximumBody` bytes.
  init(limits: Limits, maximumBody: Int) {
    self.limits = limits
    self.maximumBody = maximumBody
  }

  /// The next event, as `RequestParser.next`.
  mutating func next(_ input: Span<UInt8>, from offset: inout Int) -> RequestParser.Event {
    do throws(Refusal) {
      while true {
        switch state {
        case .size:
          guard let line = try sizeLine(input, from: &offset) else { return .needMore }
          let (size, rest) = try Self.chunkSize(reader.bytes.span, line)
          extensionBytes += rest
          reader.removeLines()
          guard size <= maximumBody - received else { return .refused(.bodyTooLarge) }
          received += size
          state = size == 0 ? .trailers : .data(size)
        case .data(let remaining):
          let count = min(remaining, input.count - offset)
          guard count > 0 else { return .needMore }
          state = count == remaining ? .carriageReturn : .data(remaining - count)
          defer { offset += count }
          return .body(offset..<offset + count)
        case .carriageReturn, .lineFeed:
          guard offset < input.count else { return .needMore }
          let isFirst = if case .carriageReturn = state { true } else { false }
          guard input[offset] == (isFirst ? .carriageReturn : .lineFeed) else {
            return .refused(.chunkEndMalformed)
          }
          offset += 1
          state = isFirst ? .lineFeed : .size
        case .trailers:
          guard let line = try trailerLine(input, from: &offset) else { return .needMore }
          if line.isEmpty { return .end }
          _ = try HeadParser.split(reader.bytes.span, line)
          trailerBytes += line.count + 2
          reader.removeLines()
        }
      }
    } catch {
      return .refused(error)
    }
  }

  private mutating func sizeLine(
    _ input: Span<UInt8>, from offset: inout Int
  ) throws(Refusal) -> Range<Int>? {
    // 16 digits and CR LF stand beside the extensions.
    let limit = 18 + limits.chunkExtensionBytes - extensionBytes
    switch reader.next(input, from: &offset, limit: limit) {
    case .incomplete: return nil
    case .line(let line): return line
    case .tooLong: throw .chunkLineTooLong
    case .bareLineFeed: throw .bareLineFeed
    }
  }

  private mutating func trailerLine(
    _ input: Span<UInt8>, from offset: inout Int
  ) throws(Refusal) -> Range<Int>? {
    switch reader.next(input, from: &offset, limit: limits.trailerBytes + 2 - trailerBytes) {
    case .incomplete: return nil
    case .line(let line): return line
    case .tooLong: throw .trailersTooLarge
    case .bareLineFeed: throw .bareLineFeed
    }
  }

  /// Reads `1*HEXDIG [ BWS ";" anything ]`. Gives the number of bytes behind the digits too.
  private static func chunkSize(
    _ bytes: Span<UInt8>, _ line: Range<Int>
  ) throws(Refusal) -> (size: Int, extensionBytes: Int) {
    var size = 0
    var index = line.lowerBound
    while index < line.upperBound, let digit = bytes[index].hexadecimalValue {
      // 15 digits fit in an Int; sizes are not written with more.
      guard index - line.lowerBound < 15 else { throw .chunkSizeMalformed }
      size = size << 4 | digit
      index += 1
    }
    guard index > line.lowerBound else { throw .chunkSizeMalformed }
    let end = index
    while index < line.upperBound, bytes[index].isBlank { index += 1 }
    guard end == line.upperBound || (index < line.upperBound && bytes[index] == UInt8(ascii: ";")) else {
      throw .chunkSizeMalformed
    }
    try HeadParser.checkControls(bytes, index..<line.upperBound)
    return (size, line.upperBound - end)
  }
}
