import Causality
import Codec
import Merge

/// Reads the lines of a file of own changes, one after another, and mends those in which a single bit flipped.
struct OwnLines {
  private let bytes: [UInt8]
  private let path: String
  private let replica: ReplicaID
  /// The least sequence that the next change may have.
  private var expected: UInt64
  private var start = 0
  /// Where the spaces begin that keep room for further changes.
  var end: Int { bytes.count }

  init(_ bytes: [UInt8], _ file: OwnFile, _ replica: ReplicaID) {
    let room = bytes.reversed().prefix { $0 == UInt8(ascii: " ") }.count
    self.bytes = room > 0 ? Array(bytes.dropLast(room)) : bytes
    path = file.path
    self.replica = replica
    expected = file.first
  }

  /// Takes the next line, or two where a flipped bit parted one. False at the end.
  mutating func next(_ content: inout OwnFile.Content) -> Bool {
    guard start < bytes.count else { return false }
    let end = end(of: start)
    do throws(JSONError) {
      let change = try ChangeLine.parseChecked(bytes.span.extracting(start..<end))
      // A whole line is nothing that a crash left unfinished, whoever made it, and where only its line feed is missing.
      content.intact = min(end + 1, bytes.count)
      content.lacksLineFeed = end == bytes.count
      do throws(JSONError) {
        try take(change, &content)
      } catch {
        content.damage.append(Damage(file: path, offset: start, reason: error.reason))
        if change.id.replica != replica { content.isForeign = true }
      }
      start = end + 1
    } catch {
      let damage = Damage(file: path, offset: start + error.offset, reason: error.reason)
      let (mended, next) = mend(start..<end)
      start = next
      var isTaken = !mended.isEmpty
      for change in mended {
        do { try take(change, &content) } catch { isTaken = false }
      }
      if isTaken {
        content.mended.append(damage)
        content.intact = min(start, bytes.count)
      } else {
        content.damage.append(damage)
      }
    }
    return true
  }

  private mutating func take(_ change: Change, _ content: inout OwnFile.Content) throws(JSONError) {
    guard change.id.replica == replica else {
      throw JSONError(offset: 0, reason: "a change of replica \(change.id.replica), expected \(replica)")
    }
    guard change.id.sequence >= expected else {
      throw JSONError(offset: 0, reason: "sequence \(change.id.sequence), expected \(expected)")
    }
    content.changes.append(change)
    expected = change.id.sequence + 1
  }

  private func end(of start: Int) -> Int { bytes[start...].firstIndex(of: 0x0A) ?? bytes.count }

  /// The changes that a damaged line holds where one bit flipped in it, and where to read on.
  private func mend(_ line: Range<Int>) -> (changes: [Change], next: Int) {
    let next = line.upperBound + 1
    guard line.upperBound < bytes.count else {
      // What has no end is what a crash left unfinished, unless the line feed became another character.
      guard let last = bytes.last, (last ^ 0x0A).nonzeroBitCount == 1,
        let change = LineMending.parse(bytes[line.dropLast()])
      else { return ([], next) }
      return ([change], bytes.count)
    }
    if let change = LineMending.mend(Array(bytes[line])) { return ([change], next) }
    // The line feed between two lines may have become another character ...
    for gap in line.dropFirst(64) where bytes[gap - 1] == UInt8(ascii: "}") {
      if let first = LineMending.parse(bytes[line.lowerBound..<gap]),
        let second = LineMending.parse(bytes[(gap + 1)..<line.upperBound])
      {
        return ([first, second], next)
      }
    }
    // ... or another character a line feed.
    let rest = end(of: next)
    guard next < bytes.count, rest < bytes.count else { return ([], next) }
    for bit in 0..<8 {
      var joined = Array(bytes[line.lowerBound..<rest])
      joined[line.count] ^= 1 << UInt8(bit)
      if let change = LineMending.parse(joined[...]) { return ([change], rest + 1) }
    }
    return ([], next)
  }
}

/// Finds the one flipped bit of a line with a checksum.
///
/// A CRC is linear: the difference between the checksum that a line has and the one that stands in it depends only on
/// which bit flipped, so all bits are tried in one pass over the line. A wrong guess has a chance of one in four
/// thousand million a bit, and would have to be a change besides.
enum LineMending {
  /// The bytes behind those that the checksum covers: `,"crc":"5f0c22d1"}`.
  private static let tail = 18

  static func parse(_ line: ArraySlice<UInt8>) -> Change? {
    let line = Array(line)
    return try? ChangeLine.parseChecked(line.span)
  }

  /// The change of a line in which one bit flipped; nil where there is no such bit.
  static func mend(_ line: [UInt8]) -> Change? {
    let cut = line.count - tail
    guard cut > 0 else { return nil }
    if let stored = Checksum.parse(line.span, cut + 8..<cut + 16) {
      let wanted = Checksum.crc32(line.span.extracting(0..<cut)) ^ stored
      if let (byte, bit) = flipped(wanted, count: cut), let change = parse(line, byte, bit) { return change }
    }
    for byte in cut..<line.count {
      for bit in 0..<8 as Range<UInt8> {
        if let change = parse(line, byte, bit) { return change }
      }
    }
    return nil
  }

  private static func parse(_ line: [UInt8], _ byte: Int, _ bit: UInt8) -> Change? {
    var mended = line
    mended[byte] ^= 1 << bit
    return parse(mended[...])
  }

  /// The bit among `count` bytes whose flip changes their checksum by `wanted`.
  private static func flipped(_ wanted: UInt32, count: Int) -> (byte: Int, bit: UInt8)? {
    // What a flip of each bit of the last byte does to the checksum; a byte further in front adds a zero byte behind.
    let zero = Checksum.crc32([0])
    var effects = (0..<8 as Range<UInt8>).map { Checksum.crc32([1 << $0]) ^ zero }
    for byte in (0..<count).reversed() {
      for bit in 0..<8 where effects[bit] == wanted { return (byte, UInt8(bit)) }
      for bit in 0..<8 { effects[bit] = table[Int(effects[bit] & 0xFF)] ^ effects[bit] >> 8 }
    }
    return nil
  }

  /// The checksum's table for one byte.
  private static let table: [UInt32] = (0..<256 as Range<UInt32>).map { index in
    (0..<8).reduce(index) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }
}
