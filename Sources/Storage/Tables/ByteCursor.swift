/// Why bytes of a derived file are not what they should be.
struct TableFault: Error {
  let reason: String
}

/// Reads numbers and strings one after another, never outside of the bytes, whatever they are.
struct ByteCursor {
  let bytes: [UInt8]
  private(set) var index: Int
  let end: Int

  init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
    self.bytes = bytes
    index = range?.lowerBound ?? 0
    end = min(range?.upperBound ?? bytes.count, bytes.count)
  }

  var isAtEnd: Bool { index >= end }
  /// How many bytes follow.
  var rest: Int { max(0, end - index) }

  /// The range of the next bytes, which are passed over.
  mutating func take(_ count: Int) throws(TableFault) -> Range<Int> {
    guard count >= 0, count <= end - index else { throw TableFault(reason: "it ends too early") }
    defer { index += count }
    return index..<index + count
  }

  /// A little-endian number of a fixed width.
  mutating func number<Number: FixedWidthInteger>(
    as type: Number.Type = Number.self
  ) throws(TableFault) -> Number {
    bytes.number(try take(MemoryLayout<Number>.size).lowerBound)
  }

  /// A number in groups of seven bits, the lowest first (LEB128).
  mutating func varint() throws(TableFault) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while index < end, shift < 64 {
      let byte = bytes[index]
      index += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw TableFault(reason: "a number without an end")
  }

  /// A count of things that take at least some bits each, so that damage cannot ask for more memory than there
  /// are bytes.
  mutating func count(atMost limit: Int) throws(TableFault) -> Int {
    let value = try varint()
    guard value <= UInt64(limit) else {
      throw TableFault(reason: "a count of \(value), at most \(limit) can be")
    }
    return Int(value)
  }

  /// A string with its length in front.
  mutating func string() throws(TableFault) -> String {
    let range = try take(count(atMost: end - index))
    return String(decoding: bytes[range], as: UTF8.self)
  }
}

extension [UInt8] {
  /// Appends a number as `ByteCursor.varint` reads it.
  mutating func append(varint number: some BinaryInteger) {
    var rest = UInt64(number)
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  mutating func append(string: String) {
    append(varint: string.utf8.count)
    self += string.utf8
  }
}
