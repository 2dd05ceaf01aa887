import Codec

/// The checksum inside of `store.json`, by which a flipped bit in it is noticed: a member `crc`, the CRC-32 of the
/// file with zeros in its place.
enum SettingsSeal {
  static let reason =
    "the settings do not agree with their checksum: the file is damaged, or was edited by hand"

  private static let pattern = Array("\"crc\" : \"".utf8)
  private static let zeros = Array("00000000".utf8)

  /// Puts a checksum into the text of a JSON object.
  static func seal(_ text: [UInt8]) -> [UInt8] {
    guard let brace = text.firstIndex(of: UInt8(ascii: "{")) else { return text }
    let member = Array("\n  ".utf8) + pattern + zeros + Array("\",".utf8)
    var sealed = Array(text[...brace]) + member + text[(brace + 1)...]
    let place = brace + 1 + 3 + pattern.count
    sealed.replaceSubrange(place..<place + zeros.count, with: Checksum.hex(Checksum.crc32(sealed)).utf8)
    return sealed
  }

  /// Whether a text has the checksum that stands in it. One without a checksum counts as intact.
  static func isIntact(_ text: [UInt8]) -> Bool {
    guard let range = text.firstRange(of: pattern) else { return true }
    let place = range.upperBound..<range.upperBound + zeros.count
    guard place.upperBound <= text.count, let stored = Checksum.parse(text.span, place) else { return false }
    var zeroed = text
    zeroed.replaceSubrange(place, with: zeros)
    return Checksum.crc32(zeroed) == stored
  }

  /// The text in which one flipped bit is put right; nil where no single bit explains the checksum.
  static func mend(_ text: [UInt8]) -> [UInt8]? {
    // Without the pattern a text counts as intact, so a flip in the pattern itself must not be taken for the cure.
    var mended = text
    for byte in text.indices {
      for bit in 0..<8 as Range<UInt8> {
        mended[byte] ^= 1 << bit
        if mended.firstRange(of: pattern) != nil, isIntact(mended) { return mended }
        mended[byte] ^= 1 << bit
      }
    }
    return nil
  }
}
