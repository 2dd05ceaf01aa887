import Glibc

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
