/// Why bytes are not the JSON that was expected.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The byte offset from the start of the scanned text.
  public let offset: Int
  /// What was expected there.
  public let reason: String

  /// An error at a byte, counted from 0.
  public init(offset: Int, reason: String) {
    self.offset = offset
    self.reason = reason
  }

  /// Where and what, in words for people.
  public var description: String { "byte \(offset): \(reason)" }
}

/// Walks compact JSON (RFC 8259 without white space between tokens) as bytes, without building values.
///
/// Every function takes the index where a token starts and returns the index behind it, or throws
/// `JSONError`; none reads outside of the span, whatever the bytes are. That the bytes are valid UTF-8 is
/// checked once for a whole buffer, by the caller. Cost: one pass.
package enum JSONScanner {
  /// Values nested deeper than this are refused, so that hostile input cannot exhaust the stack.
  package static let maximumDepth = 64

  @inline(__always)
  package static func byte(_ text: Span<UInt8>, _ index: Int) -> UInt8 {
    index < text.count ? text[index] : 0
  }

  /// Skips one value of any type.
  package static func skipValue(_ text: Span<UInt8>, _ start: Int, depth: Int = 0) throws(JSONError) -> Int {
    switch byte(text, start) {
    case UInt8(ascii: "\""): return try skipString(text, start)
    case UInt8(ascii: "{"):
      guard depth < maximumDepth else {
        throw JSONError(offset: start, reason: "nested more than \(maximumDepth) levels deep")
      }
      var index = start + 1
      if byte(text, index) == UInt8(ascii: "}") { return index + 1 }
      while true {
        index = try expect(UInt8(ascii: ":"), text, try skipString(text, index))
        index = try skipValue(text, index, depth: depth + 1)
        if byte(text, index) == UInt8(ascii: "}") { return index + 1 }
        index = try expect(UInt8(ascii: ","), text, index)
      }
    case UInt8(ascii: "["):
      guard depth < maximumDepth else {
        throw JSONError(offset: start, reason: "nested more than \(maximumDepth) levels deep")
      }
      var index = start + 1
      if byte(text, index) == UInt8(ascii: "]") { return index + 1 }
      while true {
        index = try skipValue(text, index, depth: depth + 1)
        if byte(text, index) == UInt8(ascii: "]") { return index + 1 }
        index = try expect(UInt8(ascii: ","), text, index)
      }
    case UInt8(ascii: "t"): return try skipWord("true", text, start)
    case UInt8(ascii: "f"): return try skipWord("false", text, start)
    case UInt8(ascii: "n"): return try skipWord("null", text, start)
    default: return try skipNumber(text, start)
    }
  }

  /// Skips a string, its quotes included. Control characters must be escaped and escapes well formed; a
  /// lone surrogate escape is refused, because it has no UTF-8.
  package static func skipString(_ text: Span<UInt8>, _ start: Int) throws(JSONError) -> Int {
    var index = try expect(UInt8(ascii: "\""), text, start)
    while true {
      index = ByteSearch.endOfPlain(text, from: index)
      switch byte(text, index) {
      case UInt8(ascii: "\""): return index + 1
      case UInt8(ascii: "\\"): index = try skipEscape(text, index)
      default:
        guard index < text.count else { throw JSONError(offset: start, reason: "string without an end") }
        throw JSONError(offset: index, reason: "control character in a string")
      }
    }
  }

  private static func skipEscape(_ text: Span<UInt8>, _ start: Int) throws(JSONError) -> Int {
    switch byte(text, start + 1) {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return start + 2
    case UInt8(ascii: "u"):
      guard let first = codeUnit(text, start) else {
        throw JSONError(offset: start, reason: "\\u needs four hexadecimal digits")
      }
      guard first & 0xF800 == 0xD800 else { return start + 6 }
      guard first < 0xDC00, let second = codeUnit(text, start + 6), second & 0xFC00 == 0xDC00 else {
        throw JSONError(offset: start, reason: "half of a surrogate pair")
      }
      return start + 12
    default:
      throw JSONError(offset: start, reason: "unknown escape")
    }
  }

  /// The code unit of a `\uXXXX` at an index; nil for anything else.
  package static func codeUnit(_ text: Span<UInt8>, _ start: Int) -> UInt32? {
    guard byte(text, start) == UInt8(ascii: "\\"), byte(text, start + 1) == UInt8(ascii: "u") else {
      return nil
    }
    var value: UInt32 = 0
    for index in start + 2..<start + 6 {
      let digit = byte(text, index)
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(digit - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(digit - UInt8(ascii: "A") + 10)
      default: return nil
      }
    }
    return value
  }

  private static func skipNumber(_ text: Span<UInt8>, _ start: Int) throws(JSONError) -> Int {
    var index = start
    if byte(text, index) == UInt8(ascii: "-") { index += 1 }
    if byte(text, index) == UInt8(ascii: "0") {
      index += 1
    } else {
      index = try skipDigits(text, index, of: start)
    }
    if byte(text, index) == UInt8(ascii: ".") { index = try skipDigits(text, index + 1, of: start) }
    if byte(text, index) | 0x20 == UInt8(ascii: "e") {
      index += 1
      if byte(text, index) == UInt8(ascii: "+") || byte(text, index) == UInt8(ascii: "-") { index += 1 }
      index = try skipDigits(text, index, of: start)
    }
    return index
  }

  private static func skipDigits(_ text: Span<UInt8>, _ start: Int, of value: Int) throws(JSONError) -> Int {
    var index = start
    while byte(text, index) &- UInt8(ascii: "0") < 10 { index += 1 }
    guard index > start else { throw JSONError(offset: value, reason: "expected a JSON value") }
    return index
  }

  private static func skipWord(_ word: StaticString, _ text: Span<UInt8>, _ start: Int) throws(JSONError)
    -> Int
  {
    for offset in 0..<word.utf8CodeUnitCount where byte(text, start + offset) != word.utf8Start[offset] {
      throw JSONError(offset: start, reason: "expected a JSON value")
    }
    return start + word.utf8CodeUnitCount
  }

  /// The index behind one required byte.
  @inline(__always)
  package static func expect(_ wanted: UInt8, _ text: Span<UInt8>, _ index: Int) throws(JSONError) -> Int {
    guard index < text.count, text[index] == wanted else {
      throw JSONError(offset: index, reason: "expected '\(Character(UnicodeScalar(wanted)))'")
    }
    return index + 1
  }

  /// Visits the members of the object at `start`: the range of each key without its quotes, and of its value.
  ///
  /// - Returns: the index behind the object.
  package static func members(
    _ text: Span<UInt8>, _ start: Int,
    _ visit: (_ key: Range<Int>, _ value: Range<Int>) throws(JSONError) -> Void
  ) throws(JSONError) -> Int {
    try readMembers(text, start) { (key, value) throws(JSONError) in
      let end = try skipValue(text, value)
      try visit(key, value..<end)
      return end
    }
  }

  /// Reads the members of the object at `start`: `read` gets the range of each key without its quotes and the index where its
  /// value begins, and gives back the index behind that. So a long value is looked at once.
  ///
  /// - Returns: the index behind the object.
  @inline(__always)
  package static func readMembers(
    _ text: Span<UInt8>, _ start: Int, _ read: (_ key: Range<Int>, _ value: Int) throws(JSONError) -> Int
  ) throws(JSONError) -> Int {
    var index = try expect(UInt8(ascii: "{"), text, start)
    if byte(text, index) == UInt8(ascii: "}") { return index + 1 }
    while true {
      let keyEnd = try skipString(text, index)
      let value = try expect(UInt8(ascii: ":"), text, keyEnd)
      let valueEnd = try read(index + 1..<keyEnd - 1, value)
      if byte(text, valueEnd) == UInt8(ascii: "}") { return valueEnd + 1 }
      index = try expect(UInt8(ascii: ","), text, valueEnd)
    }
  }

  /// Visits the elements of the array at `start`. Returns the index behind the array.
  package static func elements(
    _ text: Span<UInt8>, _ start: Int, _ visit: (_ value: Range<Int>) throws(JSONError) -> Void
  ) throws(JSONError) -> Int {
    try readElements(text, start) { (index) throws(JSONError) in
      let end = try skipValue(text, index)
      try visit(index..<end)
      return end
    }
  }

  /// Reads the elements of the array at `start`: `read` gets the index where each begins and gives back the one behind it.
  ///
  /// - Returns: the index behind the array.
  @inline(__always)
  package static func readElements(
    _ text: Span<UInt8>, _ start: Int, _ read: (_ value: Int) throws(JSONError) -> Int
  ) throws(JSONError) -> Int {
    var index = try expect(UInt8(ascii: "["), text, start)
    if byte(text, index) == UInt8(ascii: "]") { return index + 1 }
    while true {
      let end = try read(index)
      if byte(text, end) == UInt8(ascii: "]") { return end + 1 }
      index = try expect(UInt8(ascii: ","), text, end)
    }
  }

  /// Whether `text[range]` is exactly the word.
  @inline(__always)
  package static func equals(_ text: Span<UInt8>, _ range: Range<Int>, _ word: StaticString) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    for offset in 0..<range.count where text[range.lowerBound + offset] != word.utf8Start[offset] {
      return false
    }
    return true
  }
}
