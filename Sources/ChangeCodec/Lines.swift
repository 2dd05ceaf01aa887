import Codec
import Merge

/// Walks the lines of a text. Every line ends in a line feed.
struct LineCursor {
  private(set) var index: Int

  init(_ start: Int) {
    index = start
  }

  /// The range of the next line, without its line feed.
  mutating func next(_ text: Span<UInt8>) throws(JSONError) -> Range<Int> {
    guard let end = ByteSearch.lineFeed(text, from: index) else {
      throw JSONError(offset: index, reason: "expected one more line")
    }
    defer { index = end + 1 }
    return index..<end
  }
}

/// Body lines and, behind them, the lines of the texts that are kept apart.
struct BodyLines {
  /// Appends a body line to `lines` and its last text to `texts`.
  static func write(_ body: [UInt8], to lines: inout [UInt8], texts: inout [UInt8]) {
    lines.append(UInt8(ascii: "{"))
    if let text = LastText.range(in: body.span) {
      lines += body[..<text.lowerBound]
      lines += [UInt8(ascii: "\""), UInt8(ascii: "\"")]
      lines += body[text.upperBound...]
      texts += body[text]
      texts.append(UInt8(ascii: "\n"))
    } else {
      lines += body
    }
    lines += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
  }

  private var bodies: [(range: Range<Int>, gap: Int?)] = []

  init(capacity: Int) {
    bodies.reserveCapacity(capacity)
  }

  /// Takes one body line. It is validated now, or when its text is put back.
  mutating func add(_ text: Span<UInt8>, _ line: Range<Int>) throws(JSONError) {
    guard line.count >= 2, text[line.lowerBound] == UInt8(ascii: "{"),
      text[line.upperBound - 1] == UInt8(ascii: "}")
    else { throw JSONError(offset: line.lowerBound, reason: "expected a line with one object") }
    let body = line.lowerBound + 1..<line.upperBound - 1
    guard body.count < Change.maximumSize else {
      throw JSONError(offset: line.lowerBound, reason: "a change of more than \(Change.maximumSize) bytes")
    }
    // Without its last text a body may be wrong where the whole one is right: a change id, for instance.
    let gap = LastText.gap(in: text.extracting(body))
    if gap == nil { try ChangeBody.validate(text, body) }
    bodies.append((body, gap))
  }

  /// Takes one body line of which only the place is wanted.
  mutating func pass(_ text: Span<UInt8>, _ line: Range<Int>) throws(JSONError) {
    guard line.count >= 2 else {
      throw JSONError(offset: line.lowerBound, reason: "expected a line with one object")
    }
    let body = line.lowerBound + 1..<line.upperBound - 1
    bodies.append((body, LastText.gap(in: text.extracting(body))))
  }

  /// Reads the text lines and hands out each whole body, in order.
  ///
  /// - Parameter wanted: the bodies that are handed out, ascending; of the others neither body nor text is looked at. Nil for all.
  func finish(
    _ text: Span<UInt8>, _ lines: inout LineCursor, only wanted: [Range<Int>]? = nil,
    _ take: (Int, [UInt8]) throws(JSONError) -> Void
  ) throws(JSONError) {
    var rest = wanted?[...]
    for (index, (range, gap)) in bodies.enumerated() {
      while let first = rest?.first, index >= first.upperBound { rest = rest?.dropFirst() }
      if rest?.isEmpty == true { return }
      let isWanted = rest?.first?.contains(index) ?? true
      guard let gap else {
        if isWanted { try take(index, Array(copying: text, range)) }
        continue
      }
      let line = try lines.next(text)
      if !isWanted { continue }
      guard try JSONScanner.skipString(text, line.lowerBound) == line.upperBound else {
        throw JSONError(offset: line.lowerBound, reason: "expected a line with one string")
      }
      guard range.count + line.count < Change.maximumSize else {
        throw JSONError(offset: line.lowerBound, reason: "a change of more than \(Change.maximumSize) bytes")
      }
      let body = [UInt8](unsafeUninitializedCapacity: range.count - 2 + line.count) { target, count in
        text.withUnsafeBufferPointer { bytes in
          func put(_ piece: Range<Int>) {
            _ = target[count...].update(fromContentsOf: bytes[piece])
            count += piece.count
          }
          put(range.lowerBound..<range.lowerBound + gap - 2)
          put(line)
          put(range.lowerBound + gap..<range.upperBound)
        }
      }
      do throws(JSONError) {
        try ChangeBody.validate(body.span, 0..<body.count)
      } catch {
        throw JSONError(offset: range.lowerBound, reason: error.reason)
      }
      try take(index, body)
    }
  }
}
