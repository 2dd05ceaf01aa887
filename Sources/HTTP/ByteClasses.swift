/// A set of ASCII characters with a constant-time test. Bytes from 128 up are in no such set.
struct ASCIISet: Sendable {
  private let low: UInt64
  private let high: UInt64

  init(_ characters: StaticString, letters: Bool = false, digits: Bool = false) {
    var bits: (low: UInt64, high: UInt64) = (0, 0)
    func insert(_ byte: UInt8) {
      if byte < 64 { bits.low |= 1 << UInt64(byte) } else { bits.high |= 1 << UInt64(byte & 63) }
    }
    characters.withUTF8Buffer { for byte in $0 { insert(byte) } }
    if letters {
      for byte in UInt8(ascii: "a")...UInt8(ascii: "z") {
        insert(byte)
        insert(byte & ~0x20)
      }
    }
    if digits { for byte in UInt8(ascii: "0")...UInt8(ascii: "9") { insert(byte) } }
    (low, high) = bits
  }

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool {
    if byte >= 128 { return false }
    return ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 == 1
  }

  /// `tchar` of RFC 9110, section 5.6.2: methods and field names are made of these.
  static let token = ASCIISet("!#$%&'*+-.^_`|~", letters: true, digits: true)

  /// What an origin-form target may hold: `pchar`, `/`, `?` and the percent sign of an escape.
  static let target = ASCIISet("-._~!$&'()*+,;=:@/?%", letters: true, digits: true)

  /// What a Host field may hold: `uri-host` and `port`, an address in brackets included.
  static let host = ASCIISet("-._~!$&'()*+,;=:[]%", letters: true, digits: true)
}

extension UInt8 {
  static let carriageReturn = UInt8(ascii: "\r")
  static let lineFeed = UInt8(ascii: "\n")
  static let space = UInt8(ascii: " ")
  static let tab = UInt8(ascii: "\t")

  /// Optional white space of RFC 9110.
  @inline(__always)
  var isBlank: Bool { self == .space || self == .tab }

  /// A byte that no field value may hold: controls but the tab, and DEL.
  @inline(__always)
  var isForbiddenInLine: Bool { (self < 0x20 && self != .tab) || self == 0x7F }

  /// Letters in lower case; other bytes unchanged.
  @inline(__always)
  var lowercasedASCII: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }

  /// The value of a hexadecimal digit; nil for another byte.
  @inline(__always)
  var hexadecimalValue: Int? {
    switch self {
    case 0x30...0x39: return Int(self) - 0x30
    case 0x41...0x46: return Int(self) - 0x41 + 10
    case 0x61...0x66: return Int(self) - 0x61 + 10
    default: return nil
    }
  }
}

extension Span<UInt8> {
  /// Whether these bytes are `text` but for the case of ASCII letters.
  func equalsIgnoringCase(_ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { wanted in
      for index in 0..<wanted.count
      where self[range.lowerBound + index].lowercasedASCII != wanted[index].lowercasedASCII {
        return false
      }
      return true
    }
  }

  /// The range without white space at its ends.
  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return start..<end
  }
}
