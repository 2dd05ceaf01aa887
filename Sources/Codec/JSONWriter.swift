/// Writes and unescapes JSON strings as bytes.
///
/// The generic functions are `@inlinable`, for which the type itself must be usable from inlined code: other modules then
/// have them specialised, which takes a fraction of what they cost through the witnesses of a type they do not know.
@usableFromInline
package enum JSONWriter {
  /// Appends a string with its quotes. Only the quote, the backslash and control characters are escaped,
  /// the latter as `\n`, `\t`, `\r`, `\b`, `\f` or `\u00xx`.
  @usableFromInline
  package static func string(_ value: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    var value = value
    value.withUTF8 { bytes in
      // What stands between two escapes is copied at once.
      var copied = 0
      for (index, byte) in bytes.enumerated()
      where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        output += bytes[copied..<index]
        escape(byte, to: &output)
        copied = index + 1
      }
      output += bytes[copied...]
    }
    output.append(UInt8(ascii: "\""))
  }

  private static func escape(_ byte: UInt8, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x09: output.append(UInt8(ascii: "t"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case 0x08: output.append(UInt8(ascii: "b"))
    case 0x0C: output.append(UInt8(ascii: "f"))
    case 0..<0x20:
      let digits = Array("0123456789abcdef".utf8)
      output += Array("u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    default: output.append(byte)
    }
  }

  /// Appends `,"key":` (or `"key":` behind an opening brace).
  @usableFromInline
  package static func key(_ key: StaticString, to output: inout [UInt8]) {
    if let last = output.last, last != UInt8(ascii: "{") { output.append(UInt8(ascii: ",")) }
    output.append(UInt8(ascii: "\""))
    for offset in 0..<key.utf8CodeUnitCount { output.append(key.utf8Start[offset]) }
    output.append(UInt8(ascii: "\""))
    output.append(UInt8(ascii: ":"))
  }

  /// Appends `,"key":{...}` with the members ordered by the bytes of their names; nothing when there are none.
  @inlinable
  package static func object<Value>(
    _ name: StaticString, _ members: [ExactString: Value], to output: inout [UInt8],
    _ write: (Value, inout [UInt8]) -> Void
  ) {
    guard !members.isEmpty else { return }
    key(name, to: &output)
    self.members(members, to: &output, write)
  }

  /// Appends `{...}` with the members ordered by the bytes of their names.
  @inlinable
  package static func members<Value>(
    _ members: [ExactString: Value], to output: inout [UInt8], _ write: (Value, inout [UInt8]) -> Void
  ) {
    let ordered = members.sorted { $0.key < $1.key }
    output.append(UInt8(ascii: "{"))
    for (index, member) in ordered.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      string(member.key.text, to: &output)
      output.append(UInt8(ascii: ":"))
      write(member.value, &output)
    }
    output.append(UInt8(ascii: "}"))
  }

  /// Appends `[...]`.
  @inlinable
  package static func list<Element>(
    _ elements: [Element], to output: inout [UInt8], _ write: (Element, inout [UInt8]) -> Void
  ) {
    output.append(UInt8(ascii: "["))
    for (index, element) in elements.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      write(element, &output)
    }
    output.append(UInt8(ascii: "]"))
  }

  /// The string that scanned bytes between two quotes stand for.
  package static func unescape(_ text: Span<UInt8>, _ range: Range<Int>) -> String {
    if isPlain(text, range) { return String(copying: text, range) }
    var output: [UInt8] = []
    output.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = text[index]
      guard byte == UInt8(ascii: "\\") else {
        output.append(byte)
        index += 1
        continue
      }
      switch JSONScanner.byte(text, index + 1) {
      case UInt8(ascii: "n"): output.append(0x0A)
      case UInt8(ascii: "t"): output.append(0x09)
      case UInt8(ascii: "r"): output.append(0x0D)
      case UInt8(ascii: "b"): output.append(0x08)
      case UInt8(ascii: "f"): output.append(0x0C)
      case UInt8(ascii: "u"):
        var scalar = JSONScanner.codeUnit(text, index) ?? 0xFFFD
        index += 4
        if scalar & 0xFC00 == 0xD800, let low = JSONScanner.codeUnit(text, index + 2) {
          scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
          index += 6
        }
        output += Array(String(UnicodeScalar(scalar) ?? "\u{FFFD}").utf8)
      case let other: output.append(other)
      }
      index += 2
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// Whether scanned bytes between two quotes stand for this string.
  static func isString(_ text: Span<UInt8>, _ range: Range<Int>, _ string: String) -> Bool {
    guard isPlain(text, range) else { return unescape(text, range).utf8.elementsEqual(string.utf8) }
    return range.count == string.utf8.count && zip(range, string.utf8).allSatisfy { text[$0] == $1 }
  }

  /// Whether scanned bytes between two quotes have no escapes in them.
  private static func isPlain(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    ByteSearch.endOfPlain(text.extracting(range), from: 0) == range.count
  }

  /// Takes out white space between tokens. Bytes inside strings stay; malformed text stays malformed, so
  /// a space stays where it parts two values.
  package static func compact(_ text: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var inString = false
    var escaped = false
    var space = false
    func isStructure(_ byte: UInt8?) -> Bool {
      byte.map { "{}[],:".utf8.contains($0) } ?? true
    }
    for byte in text {
      if inString {
        output.append(byte)
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
      } else if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
        space = true
      } else {
        if space, !isStructure(output.last), !isStructure(byte) { output.append(0x20) }
        space = false
        inString = byte == UInt8(ascii: "\"")
        output.append(byte)
      }
    }
    return output
  }
}
