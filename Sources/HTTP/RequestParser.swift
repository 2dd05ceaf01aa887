/// HTTP/1.1 requests of one connection as a state machine: bytes in, events out, no input or output of
/// its own.
///
/// ```swift
/// var parser = RequestParser(limits: Limits())
/// var offset = 0
/// while true {
///   switch parser.next(input, from: &offset) {
///   case .head(let head): parser.maximumBody = allowed(head)
///   case .body(let range): body += input[range]
///   case .end: handle()          // the next request may start at input[offset]
///   case .refused(let refusal): answer(refusal); return  // the parser is of no use any more
///   case .needMore: return       // offset == input.count
///   }
/// }
/// ```
///
/// The events do not depend on where the input is cut, but for the pieces of the body. Cost: one pass;
/// the head is copied once, the body not at all.
package struct RequestParser: Sendable {
  /// What the bytes so far amount to.
  package enum Event: Sendable {
    /// All input is used up and nothing is complete.
    case needMore
    /// A head is complete. Set `maximumBody` before the next call, or call `abandonBody`.
    case head(RequestHead)
    /// The next piece of the body is this part of the input.
    case body(Range<Int>)
    /// The request is complete.
    case end
    /// The bytes are not a request that this server takes. The same comes again from every later call.
    case refused(Refusal)
  }

  private enum State {
    case requestLine
    case fields
    case admission(length: Int?)
    case fixed(remaining: Int)
    case chunked(ChunkedDecoder)
    case refused(Refusal)
  }

  /// The largest body in bytes of the request whose head came last; 0 after each head.
  package var maximumBody = 0

  private let limits: Limits
  private var state = State.requestLine
  private var reader = LineReader()
  private var head = HeadParser()
  private var hasSkippedEmptyLine = false

  /// A parser at the start of a connection.
  package init(limits: Limits) {
    self.limits = limits
  }

  /// Whether the parser stands between two requests and holds no part of one.
  package var isIdle: Bool {
    if case .requestLine = state { return reader.isEmpty }
    return false
  }

  /// Whether the parser holds a part of a head.
  package var isInHead: Bool {
    switch state {
    case .requestLine: !reader.isEmpty
    case .fields: true
    default: false
    }
  }

  /// Takes input from `offset` up to the next event.
  package mutating func next(_ input: Span<UInt8>, from offset: inout Int) -> Event {
    do throws(Refusal) {
      while true {
        switch state {
        case .requestLine:
          guard try requestLine(input, from: &offset) else { return .needMore }
        case .fields:
          guard let line = try line(input, from: &offset) else { return .needMore }
          if line.isEmpty { return .head(try finishHead()) }
          let lines = reader.bytes
          try head.field(lines.span, line, limit: limits.headerCount)
        case .admission(let length):
          if let length {
            guard length <= maximumBody else { throw .bodyTooLarge }
            state = .fixed(remaining: length)
          } else {
            state = .chunked(ChunkedDecoder(limits: limits, maximumBody: maximumBody))
          }
        case .fixed(0):
          abandonBody()
          return .end
        case .fixed(let remaining):
          let count = min(remaining, input.count - offset)
          guard count > 0 else { return .needMore }
          state = .fixed(remaining: remaining - count)
          defer { offset += count }
          return .body(offset..<offset + count)
        case .chunked(var decoder):
          state = .requestLine  // so that the decoder is not copied
          let event = decoder.next(input, from: &offset)
          switch event {
          case .end: abandonBody()
          case .refused(let refusal): state = .refused(refusal)
          default: state = .chunked(decoder)
          }
          return event
        case .refused(let refusal):
          return .refused(refusal)
        }
      }
    } catch {
      state = .refused(error)
      return .refused(error)
    }
  }

  /// Forgets the body of the request, of which no byte has come, and stands before the next request. Right after a
  /// head without a body, or when the connection closes anyway.
  package mutating func abandonBody() {
    state = .requestLine
    hasSkippedEmptyLine = false
  }

  /// Gives false if there is no whole request line yet.
  private mutating func requestLine(
    _ input: Span<UInt8>, from offset: inout Int
  ) throws(Refusal) -> Bool {
    if reader.isEmpty, offset < input.count {
      // What is not HTTP at all, such as the hello of TLS, may never send the end of a line.
      let first = input[offset]
      guard first == .carriageReturn || first == .lineFeed || ASCIISet.token.contains(first) else {
        throw .methodMalformed
      }
    }
    let limit = min(limits.requestLineBytes, limits.headBytes)
    switch reader.next(input, from: &offset, limit: limit) {
    case .incomplete: return false
    case .tooLong: throw .requestLineTooLong
    case .bareLineFeed: throw .bareLineFeed
    case .line(let line):
      if line.isEmpty {
        // RFC 9112, section 2.2: some old clients send one empty line after a body.
        guard !hasSkippedEmptyLine else { throw .requestLineMalformed }
        hasSkippedEmptyLine = true
        _ = reader.takeLines()
        return true
      }
      head = HeadParser()
      let lines = reader.bytes
      try head.requestLine(lines.span, line)
      state = .fields
      return true
    }
  }

  private mutating func line(_ input: Span<UInt8>, from offset: inout Int) throws(Refusal) -> Range<Int>? {
    switch reader.next(input, from: &offset, limit: limits.headBytes - reader.countOfLines) {
    case .incomplete: return nil
    case .tooLong: throw .headTooLarge
    case .bareLineFeed: throw .bareLineFeed
    case .line(let line): return line
    }
  }

  private mutating func finishHead() throws(Refusal) -> RequestHead {
    let finished = try head.finish(reader.takeLines())
    head = HeadParser()
    maximumBody = 0
    state = .admission(length: finished.isChunked ? nil : finished.contentLength ?? 0)
    return finished
  }
}
