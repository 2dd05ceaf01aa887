/// The header fields of a request, in order, as views into the bytes that arrived.
package struct HeaderFields: Sendable {
  struct Entry: Sendable {
    var name: Range<UInt32>
    var value: Range<UInt32>
  }

  /// The whole head, the request line included.
  let bytes: [UInt8]
  let entries: [Entry]

  /// How many fields there are.
  package var count: Int { entries.count }

  /// The value of a field, whatever the case of its name; nil if there is none. The values of a repeated
  /// field are joined by `", "`, as RFC 9110, section 5.3, allows. Bytes that are not UTF-8 are replaced.
  package subscript(_ name: StaticString) -> String? {
    var joined: String?
    let bytes = bytes.span
    for entry in entries where bytes.equalsIgnoringCase(Range(entry.name), name) {
      let value = text(entry.value)
      joined = joined.map { $0 + ", " + value } ?? value
    }
    return joined
  }

  private func text(_ range: Range<UInt32>) -> String {
    String(decoding: bytes[Range(range)], as: UTF8.self)
  }
}

extension Range<Int> {
  init(_ range: Range<UInt32>) {
    self = Int(range.lowerBound)..<Int(range.upperBound)
  }
}

extension Range<UInt32> {
  /// Offsets into a head, which `Limits.headBytes` keeps far below 4 GiB.
  init(_ range: Range<Int>) {
    self = UInt32(clamping: range.lowerBound)..<UInt32(clamping: range.upperBound)
  }
}
