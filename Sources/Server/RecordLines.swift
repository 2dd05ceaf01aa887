import Codec
import Storage

/// Lines of JSON, each with a checksum, of a file that is only appended to: `devices.jsonl` and `invites.jsonl`.
///
/// Who may sync depends on them, so a line that cannot be read must not just be passed over: it may be the one that
/// revokes a device. One flipped bit is put right when it is read; more than that is damage, which a person looks at.
enum RecordLines {
  /// What a file holds.
  struct Found {
    /// The intact lines and those that were put right, without line feeds.
    var lines: [[UInt8]] = []
    /// Where one bit had flipped, and what was put right.
    var mended: [Damage] = []
    /// Where lines cannot be read.
    var damage: [Damage] = []
    /// An end that a crash left unfinished: nobody was told of it.
    var torn: Damage?
  }

  private static let pattern = Array(",\"crc\":\"".utf8)
  /// The bytes behind what the checksum covers: the pattern, eight digits, a quote and a brace.
  private static let tail = pattern.count + 8 + 2
  private static let lineFeed = UInt8(ascii: "\n")
  /// A damaged place is searched for one flipped bit only up to this size, in bytes.
  private static let longest = 4096

  /// A JSON object as a checked line (`Protocol.md`, section 2), with its line feed.
  static func line(_ object: [UInt8]) -> [UInt8] {
    let start = Array(object.dropLast())
    var line = start + pattern
    Checksum.write(Checksum.crc32(start), to: &line)
    return line + Array("\"}\n".utf8)
  }

  private static func isIntact(_ line: ArraySlice<UInt8>) -> Bool {
    let end = line.endIndex - tail
    guard end > line.startIndex, line[end...].starts(with: pattern), line.suffix(2).elementsEqual("\"}".utf8)
    else {
      return false
    }
    let digits = Array(line[(end + pattern.count)...].prefix(8))
    return Checksum.parse(digits.span, 0..<8) == Checksum.crc32(Array(line[..<end]))
  }

  /// Reads a file's bytes. Cost: one pass.
  static func read(_ bytes: [UInt8], of file: String) -> Found {
    var found = Found()
    // Lines next to each other that are damaged are one place: a line feed may have come or gone.
    var bad: Range<Int>?
    func finish() {
      guard let place = bad else { return }
      bad = nil
      if let lines = mend(Array(bytes[place])) {
        found.lines += lines
        found.mended.append(Damage(file: file, offset: place.lowerBound, reason: "one bit flipped"))
      } else if place.upperBound == bytes.count, bytes.last != lineFeed, !bytes[place].contains(lineFeed) {
        found.torn = Damage(file: file, offset: place.lowerBound, reason: "a line that ends too early")
      } else {
        found.damage.append(
          Damage(file: file, offset: place.lowerBound, reason: "a line does not agree with its checksum"))
      }
    }
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: lineFeed) ?? bytes.count
      if end < bytes.count, isIntact(bytes[start..<end]) {
        finish()
        found.lines.append(Array(bytes[start..<end]))
      } else if end > start {
        bad = (bad?.lowerBound ?? start)..<min(end + 1, bytes.count)
      }
      start = end + 1
    }
    finish()
    return found
  }

  /// The lines of a place in which one flipped bit is put right; nil where no single bit explains it.
  private static func mend(_ place: [UInt8]) -> [[UInt8]]? {
    guard place.count <= longest else { return nil }
    if let line = mendBody(place) { return [line] }
    // Else it is a bit of the checksum itself, or of a line feed, or one that became a line feed.
    var text = place
    for byte in text.indices {
      let isNearEnd = byte + tail + 1 >= text.count
      for bit in 0..<8 as Range<UInt8>
      where isNearEnd || text[byte] == lineFeed || text[byte] ^ 1 << bit == lineFeed {
        text[byte] ^= 1 << bit
        // Whole lines only: what a crash cut off must not become whole by a flip.
        if text.last == lineFeed {
          let lines = text.split(separator: lineFeed)
          if !lines.isEmpty, lines.allSatisfy(isIntact) { return lines.map(Array.init) }
        }
        text[byte] ^= 1 << bit
      }
    }
    return nil
  }

  /// A single line in which the one bit that its checksum points to is put right. Cost: a pass.
  private static func mendBody(_ place: [UInt8]) -> [UInt8]? {
    let end = place.count - 1 - tail
    guard end > 0, place.last == lineFeed, place[end...].starts(with: pattern) else { return nil }
    let digits = Array(place[(end + pattern.count)...].prefix(8))
    guard let stored = Checksum.parse(digits.span, 0..<8) else { return nil }
    let difference = Checksum.crc32(Array(place[..<end])) ^ stored
    // A CRC is linear: what a flipped bit changes in it depends only on how many bytes follow.
    for bit in 0..<8 as Range<UInt32> {
      var change = shift(1 << bit)
      for byte in (0..<end).reversed() {
        if change == difference {
          var line = Array(place.dropLast())
          line[byte] ^= 1 << UInt8(bit)
          return isIntact(line[...]) && !line.contains(lineFeed) ? line : nil
        }
        change = shift(change)
      }
    }
    return nil
  }

  /// A difference of two CRCs after one more byte that is the same in both.
  private static func shift(_ difference: UInt32) -> UInt32 {
    var value = difference
    for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    return value
  }
}
