import Causality
import Codec
import Merge

/// Walks the lines of a text. Every line ends in a line feed.
struct LineCursor: ~Escapable {
  private let text: Span<UInt8>
  private(set) var index: Int

  @_lifetime(copy text)
  init(_ text: Span<UInt8>, _ start: Int) {
    self.text = text
    index = start
  }

  /// The range of the next line, without its line feed.
  mutating func next() throws(JSONError) -> Range<Int> {
    let start = index
    while index < text.count {
      if text[index] == UInt8(ascii: "\n") {
        index += 1
        return start..<index - 1
      }
      index += 1
    }
    throw JSONError(offset: start, reason: "expected one more line")
  }
}

/// The parts of a change line that blocks and runs share.
enum LineParts {
  /// Appends the milliseconds since an earlier change, as `12044`, or as `"12044~3"` with a counter.
  static func writeTime(_ time: HybridTime, after earlier: UInt64, to output: inout [UInt8]) {
    let delta = Int64(time.milliseconds) - Int64(earlier)
    if time.counter > 0 { output.append(UInt8(ascii: "\"")) }
    if delta < 0 { output.append(UInt8(ascii: "-")) }
    Decimal.write(delta.magnitude, to: &output)
    if time.counter > 0 {
      output.append(UInt8(ascii: "~"))
      Decimal.write(time.counter, to: &output)
      output.append(UInt8(ascii: "\""))
    }
  }

  /// Parses what `writeTime` writes and moves the index behind it.
  static func parseTime(
    _ text: Span<UInt8>, _ index: inout Int, after earlier: UInt64
  ) throws(JSONError) -> HybridTime {
    let start = index
    let isQuoted = JSONScanner.byte(text, index) == UInt8(ascii: "\"")
    if isQuoted { index += 1 }
    let delta = try signed(text, &index)
    var counter: UInt64 = 0
    if isQuoted {
      index = try JSONScanner.expect(UInt8(ascii: "~"), text, index)
      counter = try number(text, &index)
      index = try JSONScanner.expect(UInt8(ascii: "\""), text, index)
    }
    let (sum, overflow) = Int64(earlier).addingReportingOverflow(delta)
    guard !overflow, 0...Int64(HybridTime.maximumMilliseconds) ~= sum, counter <= HybridTime.maximumCounter,
      isQuoted == (counter > 0)
    else { throw JSONError(offset: start, reason: "a time before 1970 or after 9999") }
    return HybridTime(milliseconds: UInt64(sum), counter: counter)
  }

  /// Parses a whole number with an optional minus.
  static func signed(_ text: Span<UInt8>, _ index: inout Int) throws(JSONError) -> Int64 {
    let isNegative = JSONScanner.byte(text, index) == UInt8(ascii: "-")
    if isNegative { index += 1 }
    let magnitude = try number(text, &index)
    guard magnitude <= ChangeID.maximumSequence else {
      throw JSONError(offset: index, reason: "a number beyond 2^53")
    }
    return isNegative ? -Int64(magnitude) : Int64(magnitude)
  }

  private static func number(_ text: Span<UInt8>, _ index: inout Int) throws(JSONError) -> UInt64 {
    let start = index
    while JSONScanner.byte(text, index) &- UInt8(ascii: "0") < 10 { index += 1 }
    guard let value = Decimal.parse(text, start, index) else {
      throw JSONError(offset: start, reason: "expected a whole number")
    }
    return value
  }

  /// Appends `{...}` with a change's body, in front of it what differs from the header, and its last text
  /// to `texts`.
  static func writeBody(
    _ change: Change, seen: UInt64?, by: String?, to output: inout [UInt8], texts: inout [UInt8]
  ) {
    output.append(UInt8(ascii: "{"))
    if let seen {
      JSONWriter.key("seen", to: &output)
      Decimal.write(seen, to: &output)
    }
    if let by {
      JSONWriter.key("by", to: &output)
      JSONWriter.string(by, to: &output)
    }
    if !change.body.isEmpty, seen != nil || by != nil { output.append(UInt8(ascii: ",")) }
    if let text = LastText.range(in: change.body.span) {
      output += change.body[..<text.lowerBound]
      output += [UInt8(ascii: "\""), UInt8(ascii: "\"")]
      output += change.body[text.upperBound...]
      texts += change.body[text]
      texts.append(UInt8(ascii: "\n"))
    } else {
      output += change.body
    }
    output.append(UInt8(ascii: "}"))
  }

  /// Parses `{...}` that spans `text[start..<end]`: what differs from the header, and the range of the body.
  static func parseBody(
    _ text: Span<UInt8>, _ start: Int, _ end: Int
  ) throws(JSONError) -> (seen: UInt64?, by: String?, body: Range<Int>) {
    var index = try JSONScanner.expect(UInt8(ascii: "{"), text, start)
    guard end > index, text[end - 1] == UInt8(ascii: "}") else {
      throw JSONError(offset: max(start, end - 1), reason: "expected the change to end in '}'")
    }
    var seen: UInt64?
    var by: String?
    if index + 7 <= end, JSONScanner.equals(text, index..<index + 7, "\"seen\":") {
      index += 7
      let value = try signed(text, &index)
      guard value >= 0 else { throw JSONError(offset: index, reason: "\"seen\" is not a position") }
      seen = UInt64(value)
      if JSONScanner.byte(text, index) == UInt8(ascii: ",") { index += 1 }
    }
    if index + 5 <= end, JSONScanner.equals(text, index..<index + 5, "\"by\":") {
      let valueEnd = try JSONScanner.skipString(text, index + 5)
      by = try author(text, index + 5..<valueEnd)
      index = valueEnd
      if JSONScanner.byte(text, index) == UInt8(ascii: ",") { index += 1 }
    }
    guard index < end else { throw JSONError(offset: start, reason: "expected the change to end in '}'") }
    try ChangeBody.validate(text, index..<end - 1)
    return (seen, by, index..<end - 1)
  }

  /// Parses an agent's name, a JSON string of 1 to 100 bytes.
  static func author(_ text: Span<UInt8>, _ value: Range<Int>) throws(JSONError) -> String {
    guard text[value.lowerBound] == UInt8(ascii: "\"") else {
      throw JSONError(offset: value.lowerBound, reason: "\"by\" is not a string")
    }
    let name = JSONWriter.unescape(text, value.lowerBound + 1..<value.upperBound - 1)
    guard 1...Change.maximumAuthor ~= name.utf8.count else {
      throw JSONError(offset: value.lowerBound, reason: "\"by\" is not a name of 1 to \(Change.maximumAuthor) bytes")
    }
    return name
  }
}

/// Collects bodies while change lines are read and puts their texts back when those lines come.
struct BodyLines {
  private var ranges: [Range<Int>] = []

  mutating func add(_ body: Range<Int>, _ text: Span<UInt8>) {
    ranges.append(body)
  }

  /// Reads the text lines and hands out each whole body.
  ///
  /// - Returns: the index behind the last text line.
  func finish(
    _ text: Span<UInt8>, _ lines: inout LineCursor, _ take: (Int, [UInt8]) -> Void
  ) throws(JSONError) -> Int {
    for (index, range) in ranges.enumerated() {
      guard let gap = LastText.gap(in: text.extracting(range)) else {
        take(index, Array(copying: text, range))
        continue
      }
      let line = try lines.next()
      guard try JSONScanner.skipString(text, line.lowerBound) == line.upperBound else {
        throw JSONError(offset: line.lowerBound, reason: "expected a line with one string")
      }
      guard range.count + line.count < Change.maximumSize else {
        throw JSONError(offset: line.lowerBound, reason: "a change of more than \(Change.maximumSize) bytes")
      }
      var body: [UInt8] = []
      body.reserveCapacity(range.count + line.count)
      text.withUnsafeBufferPointer { bytes in
        body += bytes[range.lowerBound..<range.lowerBound + gap - 2]
        body += bytes[line]
        body += bytes[range.lowerBound + gap..<range.upperBound]
      }
      take(index, body)
    }
    return lines.index
  }
}
