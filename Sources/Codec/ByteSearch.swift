import Glibc

/// Finds the few bytes at which parsers stop, many bytes at a time.
package enum ByteSearch {
  /// The first index at or behind `start` with a quote, a backslash or a control character: where what needs no
  /// attention in a JSON string ends. The count where there is none.
  ///
  /// Looks at eight bytes at once, with the tests for a zero byte and for bytes below a limit of S. E. Anderson's "Bit
  /// Twiddling Hacks": in each the lowest byte that is marked is right, whatever borrows do to those above.
  package static func endOfPlain(_ text: Span<UInt8>, from start: Int) -> Int {
    text.withUnsafeBytes { bytes in
      let ones: UInt64 = 0x0101_0101_0101_0101
      var index = start
      while index + 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let slash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let marks =
          ((quote &- ones) & ~quote | (slash &- ones) & ~slash | (word &- ones &* 0x20) & ~word) & (ones << 7)
        if marks != 0 { return index + marks.trailingZeroBitCount / 8 }
        index += 8
      }
      while index < bytes.count {
        let byte = bytes[index]
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return index }
        index += 1
      }
      return bytes.count
    }
  }

  /// The first index at or behind `start` with a line feed; nil where there is none.
  package static func lineFeed(_ text: Span<UInt8>, from start: Int) -> Int? {
    text.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, start < bytes.count,
        let found = memchr(base + start, 0x0A, bytes.count - start)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }
}

/// The first bytes of the gzip members that `Deflater` writes.
package enum GzipHeader {
  /// Magic, deflate, no flags, no time (RFC 1952, section 2.3); behind them come two bytes that differ.
  private static let bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0]

  /// Where members may start: `start`, and behind it each place with these bytes.
  ///
  /// Compressed data can hold them by chance, and other programs write others: only reading tells.
  /// - Parameter limit: no place beyond so many bytes behind `start` is looked at.
  package static func places(in text: Span<UInt8>, from start: Int, limit: Int) -> [Int] {
    var places = [start]
    text.withUnsafeBytes { bytes in
      Self.bytes.withUnsafeBytes { header in
        guard let base = bytes.baseAddress, let first = header.baseAddress else { return }
        let end = min(bytes.count, start + limit)
        var index = start + 1
        while index + header.count <= end, let found = memchr(base + index, 0x1F, end - index) {
          index = UnsafeRawPointer(found) - base
          if index + header.count <= end, memcmp(found, first, header.count) == 0 { places.append(index) }
          index += 1
        }
      }
    }
    return places
  }
}
