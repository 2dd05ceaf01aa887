import CZlib

/// CRC-32 as in gzip and zlib (ISO 3309, polynomial 0xEDB88320), and Adler-32 as in zlib (RFC 1950).
package enum Checksum {
  /// Continues a CRC over more bytes. Start with 0.
  package static func crc32(_ bytes: Span<UInt8>, continuing crc: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBufferPointer { buffer in
      // crc32_z treats a null pointer as "give me the start value", so an empty span must not get there.
      guard let base = buffer.baseAddress, buffer.count > 0 else { return crc }
      return UInt32(truncatingIfNeeded: crc32_z(UInt(crc), base, buffer.count))
    }
  }

  /// Continues a CRC over more bytes. Start with 0.
  package static func crc32(_ bytes: [UInt8], continuing crc: UInt32 = 0) -> UInt32 {
    crc32(bytes.span, continuing: crc)
  }

  /// The Adler-32 by which a zlib stream names its preset dictionary.
  package static func adler32(_ bytes: [UInt8]) -> UInt32 {
    UInt32(truncatingIfNeeded: adler32_z(1, bytes, bytes.count))
  }

  /// Eight lower-case hexadecimal digits.
  package static func hex(_ crc: UInt32) -> String {
    let digits = String(crc, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// Appends eight lower-case hexadecimal digits.
  package static func write(_ crc: UInt32, to output: inout [UInt8]) {
    for shift in stride(from: 28, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: crc >> UInt32(shift) & 15)
      output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }

  /// Parses eight lower-case hexadecimal digits.
  package static func parse(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
    guard range.count == 8 else { return nil }
    var value: UInt32 = 0
    for index in range {
      switch text[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(text[index] - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"):
        value = value << 4 | UInt32(text[index] - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return value
  }

  /// Parses eight lower-case hexadecimal digits.
  package static func parse(_ text: String) -> UInt32? {
    let bytes = Array(text.utf8)
    return parse(bytes.span, 0..<bytes.count)
  }
}
