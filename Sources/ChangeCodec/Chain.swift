import Causality
import Codec
import Merge

/// The running checksum of the workspace's order, by which an agent and a server find out whether they
/// have the same history.
///
/// The sum at position 0 is 0; the sum at position *p* is the CRC-32, continued from the one at *p* - 1,
/// over the change's id, a space, its time and a line feed. It covers what an erasure leaves, so that it does
/// not change when a customer is erased.
package enum Chain {
  /// The sum after one more change.
  package static func next(_ sum: UInt32, _ id: ChangeID, _ at: HybridTime) -> UInt32 {
    var text: [UInt8] = []
    text.reserveCapacity(48)
    id.write(to: &text)
    text.append(UInt8(ascii: " "))
    at.write(to: &text)
    text.append(UInt8(ascii: "\n"))
    return Checksum.crc32(text, continuing: sum)
  }

  /// The sum after more changes.
  package static func next(_ sum: UInt32, _ changes: some Sequence<Change>) -> UInt32 {
    var text: [UInt8] = []
    for change in changes {
      change.id.write(to: &text)
      text.append(UInt8(ascii: " "))
      change.at.write(to: &text)
      text.append(UInt8(ascii: "\n"))
    }
    return Checksum.crc32(text, continuing: sum)
  }
}
