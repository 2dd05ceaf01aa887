import CLinux
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

  /// Whether some bytes occur in a text. Cost: one pass.
  package static func contains(_ text: Span<UInt8>, _ word: [UInt8]) -> Bool {
    text.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return word.isEmpty }
      return linux_memmem(base, UInt(bytes.count), word, UInt(word.count)) != nil
    }
  }

  /// Where a word occurs first at or behind an index of a slice; nil where it does not. Cost: one pass.
  package static func find(_ word: [UInt8], in text: ArraySlice<UInt8>, from start: Int) -> Int? {
    text[start...].withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress,
        let found = linux_memmem(base, UInt(bytes.count), word, UInt(word.count))
      else { return nil }
      return start + (UnsafeRawPointer(found) - base)
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

  /// Whether a text has a word in it. Cost: a pass that looks at a part of the bytes, the fewer the longer the word.
  package static func contains(_ text: Span<UInt8>, _ word: StaticString) -> Bool {
    text.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return word.utf8CodeUnitCount == 0 }
      return linux_memmem(base, UInt(bytes.count), word.utf8Start, UInt(word.utf8CodeUnitCount)) != nil
    }
  }
}

extension [UInt8] {
  /// Whether the bytes occur. Cost: one pass.
  package func contains(word: [UInt8]) -> Bool { ByteSearch.contains(span, word) }
}

extension Array where Element == UInt8 {
  /// Copies a range of a span.
  package init(copying bytes: Span<UInt8>, _ range: Range<Int>) {
    self = bytes.withUnsafeBufferPointer { Array($0[range]) }
  }
}

extension String {
  /// Copies a range of bytes that were validated as UTF-8 before.
  package init(copying bytes: Span<UInt8>, _ range: Range<Int>) {
    self = bytes.withUnsafeBufferPointer { String(decoding: $0[range], as: UTF8.self) }
  }
}
