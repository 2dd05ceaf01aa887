/// The target of a request line in origin form: a path and perhaps a query (RFC 9112, section 3.2.1).
enum RequestTarget {
  /// Checks a target and gives its decoded path. What passes here decodes later without a check.
  static func validate(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Refusal) -> String {
    guard !range.isEmpty, bytes[range.lowerBound] == UInt8(ascii: "/") else { throw .targetForm }
    let allowed = ASCIISet.target
    var hasEscapes = false
    var hasDots = false
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = bytes[index]
      guard allowed.contains(byte) else {
        throw byte.isForbiddenInLine ? .controlByte : .targetCharacter
      }
      if byte == UInt8(ascii: ".") { hasDots = true }
      if byte == UInt8(ascii: "%") {
        guard index + 2 < range.upperBound, let decoded = escaped(bytes, index) else {
          throw .targetEscape
        }
        guard decoded >= 0x20, decoded != 0x7F else { throw .targetControl }
        hasEscapes = true
        index += 2
      }
      index += 1
    }
    let path = pathRange(of: bytes, range)
    if !hasEscapes {
      if hasDots, hasDotSegment(bytes, path) { throw .targetDotSegment }
      return decode(bytes, path)
    }
    let decoded = decodedBytes(bytes, range)
    guard String(validating: decoded, as: UTF8.self) != nil else { throw .targetNotUTF8 }
    let decodedPath = decodedBytes(bytes, path)
    if hasDotSegment(decodedPath.span, decodedPath.indices) { throw .targetDotSegment }
    return String(decoding: decodedPath, as: UTF8.self)
  }

  /// The part of a target before its question mark.
  static func pathRange(of bytes: Span<UInt8>, _ target: Range<Int>) -> Range<Int> {
    for index in target where bytes[index] == UInt8(ascii: "?") {
      return target.lowerBound..<index
    }
    return target
  }

  /// Undoes the escapes of a part of a valid target.
  static func decode(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    String(decoding: decodedBytes(bytes, range), as: UTF8.self)
  }

  private static func decodedBytes(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < range.upperBound, let byte = escaped(bytes, index) {
        result.append(byte)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }

  /// The byte that the escape at `index` stands for; nil if it is none.
  private static func escaped(_ bytes: Span<UInt8>, _ index: Int) -> UInt8? {
    guard let high = bytes[index + 1].hexadecimalValue, let low = bytes[index + 2].hexadecimalValue else {
      return nil
    }
    return UInt8(high << 4 | low)
  }

  /// Whether a segment is `.` or `..`. Clients resolve these themselves; one that arrives wants out of the tree.
  private static func hasDotSegment(_ bytes: Span<UInt8>, _ path: Range<Int>) -> Bool {
    var dots = 0
    var others = 0
    for index in path {
      switch bytes[index] {
      case UInt8(ascii: "/"):
        if others == 0, dots == 1 || dots == 2 { return true }
        (dots, others) = (0, 0)
      case UInt8(ascii: "."): dots += 1
      default: others += 1
      }
    }
    return others == 0 && (dots == 1 || dots == 2)
  }
}
