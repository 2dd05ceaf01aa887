import Causality
import Codec

/// The canonical form of a change: one line of JSON, the keys `id at seen by on` first and in this order,
/// then the author's own, and in files that are not themselves checksummed a `crc` last.
public enum ChangeLine {
  /// Appends the canonical line of a change, without a line feed.
  package static func write(_ change: Change, to output: inout [UInt8]) {
    output += [UInt8(ascii: "{")]
    JSONWriter.key("id", to: &output)
    output.append(UInt8(ascii: "\""))
    change.id.write(to: &output)
    output.append(UInt8(ascii: "\""))
    JSONWriter.key("at", to: &output)
    output.append(UInt8(ascii: "\""))
    change.at.write(to: &output)
    output.append(UInt8(ascii: "\""))
    JSONWriter.key("seen", to: &output)
    Decimal.write(change.seen, to: &output)
    JSONWriter.key("by", to: &output)
    JSONWriter.string(change.by, to: &output)
    JSONWriter.key("on", to: &output)
    output.append(UInt8(ascii: "\""))
    change.on.write(to: &output)
    output.append(UInt8(ascii: "\""))
    if !change.body.isEmpty {
      output.append(UInt8(ascii: ","))
      output += change.body
    }
    output.append(UInt8(ascii: "}"))
  }

  /// The canonical line of a change, without a line feed.
  public static func text(_ change: Change) -> String {
    String(decoding: bytes(change), as: UTF8.self)
  }

  package static func bytes(_ change: Change) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(160 + change.body.count)
    write(change, to: &output)
    return output
  }

  /// The most bytes that stand beside the body in a canonical line: those of the longest ids, times and names, and some more.
  private static let longestHead = 1024

  /// Whether the canonical line of a change is longer than it may be. Cost: none where its body leaves room for any head.
  package static func isTooLong(_ change: Change) -> Bool {
    change.body.count > Change.maximumSize - longestHead && bytes(change).count > Change.maximumSize
  }

  /// Appends the line with its `crc` and a line feed, as files that are not compressed hold it.
  ///
  /// The CRC-32 covers the bytes from the opening brace to the last one before `,"crc"`.
  package static func writeChecked(_ change: Change, to output: inout [UInt8]) {
    let start = output.count
    write(change, to: &output)
    output.removeLast()
    let crc = Checksum.crc32(output.span.extracting(start..<output.count))
    output += Array(",\"crc\":\"".utf8)
    Checksum.write(crc, to: &output)
    output += Array("\"}\n".utf8)
  }

  /// The bytes that `crc` adds in front of the closing brace: `,"crc":"5f0c22d1"`.
  private static let crcLength = 17

  /// Parses a line with its `crc`, without the line feed.
  ///
  /// - Throws: `JSONError` where the line was damaged or is no change.
  package static func parseChecked(_ line: Span<UInt8>) throws(JSONError) -> Change {
    let cut = line.count - Self.crcLength - 1
    guard cut > 0, JSONScanner.equals(line, cut..<cut + 8, ",\"crc\":\""),
      JSONScanner.equals(line, cut + 16..<line.count, "\"}"),
      let crc = Checksum.parse(line, cut + 8..<cut + 16)
    else {
      throw JSONError(offset: max(0, cut), reason: "expected the line to end in ,\"crc\":\"xxxxxxxx\"}")
    }
    guard Checksum.crc32(line.extracting(0..<cut)) == crc else {
      throw JSONError(offset: cut, reason: "the line's checksum does not match its bytes")
    }
    return try parse(line, end: cut)
  }

  /// Parses a canonical line, without the line feed.
  ///
  /// - Throws: `JSONError` where it is malformed, not valid UTF-8, too long, or one of its ids is.
  public static func parse(_ text: String) throws(JSONError) -> Change {
    let bytes = Array(text.utf8)
    return try parse(bytes.span)
  }

  /// Appends the line as `writeChecked` does, where it passes the check that a server makes: whatever a person typed goes
  /// through it.
  ///
  /// - Throws: `JSONError` where it does not; then nothing was appended.
  package static func writeValid(_ change: Change, to output: inout [UInt8]) throws(JSONError) {
    let start = output.count
    writeChecked(change, to: &output)
    do throws(JSONError) {
      let end = output.count - Self.crcLength - 2
      _ = try parse(output.span.extracting(start..<end), end: end - start)
    } catch {
      output.removeLast(output.count - start)
      throw error
    }
  }

  /// Parses a canonical line, without the line feed.
  package static func parse(_ line: Span<UInt8>) throws(JSONError) -> Change {
    guard line.count > 0, line[line.count - 1] == UInt8(ascii: "}") else {
      throw JSONError(offset: max(0, line.count - 1), reason: "expected the line to end in '}'")
    }
    return try parse(line, end: line.count - 1)
  }

  /// Parses `line[..<end]`, a canonical line without its closing brace.
  private static func parse(_ line: Span<UInt8>, end: Int) throws(JSONError) -> Change {
    guard end < Change.maximumSize else {
      throw JSONError(offset: 0, reason: "a change of more than \(Change.maximumSize) bytes")
    }
    guard (try? UTF8Span(validating: line)) != nil else {
      throw JSONError(offset: 0, reason: "not valid UTF-8")
    }
    var index = try word("{\"id\":", line, 0)
    let idEnd = try JSONScanner.skipString(line, index)
    guard let id = ChangeID(line, index + 1, idEnd - 1) else {
      throw JSONError(offset: index, reason: "\"id\" is not replica.sequence")
    }
    index = try word(",\"at\":", line, idEnd)
    let atEnd = try JSONScanner.skipString(line, index)
    guard let at = HybridTime(line, index + 1, atEnd - 1) else {
      throw JSONError(
        offset: index, reason: "\"at\" is not a time such as 2026-11-21T17:21:03.306Z or ...Z~3")
    }
    index = try word(",\"seen\":", line, atEnd)
    let seenEnd = try JSONScanner.skipValue(line, index)
    guard let seen = Decimal.parse(line, index, seenEnd), seen <= ChangeID.maximumSequence else {
      throw JSONError(offset: index, reason: "\"seen\" is not a position")
    }
    index = try word(",\"by\":", line, seenEnd)
    let byEnd = try JSONScanner.skipString(line, index)
    let by = JSONWriter.unescape(line, index + 1..<byEnd - 1)
    guard 1...Change.maximumAuthor ~= by.utf8.count else {
      throw JSONError(offset: index, reason: "\"by\" is not a name of 1 to \(Change.maximumAuthor) bytes")
    }
    index = try word(",\"on\":", line, byEnd)
    let onEnd = try JSONScanner.skipString(line, index)
    guard let on = EntityID(line, index + 1..<onEnd - 1) else {
      throw JSONError(offset: index, reason: "\"on\" is not type/replica.sequence")
    }
    var body: [UInt8] = []
    if onEnd < end {
      let start = try JSONScanner.expect(UInt8(ascii: ","), line, onEnd)
      guard start < end else { throw JSONError(offset: start, reason: "a comma without a member behind it") }
      try ChangeBody.validate(line, start..<end)
      body = Array(copying: line, start..<end)
    }
    return Change(id: id, at: at, seen: seen, by: by, on: on, body: body)
  }

  private static func word(_ word: StaticString, _ line: Span<UInt8>, _ start: Int) throws(JSONError) -> Int {
    let end = start + word.utf8CodeUnitCount
    guard end <= line.count, JSONScanner.equals(line, start..<end, word) else {
      throw JSONError(offset: start, reason: "expected \(word)")
    }
    return end
  }
}
