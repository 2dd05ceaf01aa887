import Causality
import Codec
import Merge

/// The running checksum of the workspace's order, by which an agent and a server find out whether they
/// have the same history.
///
/// The sum at position 0 is 0; the sum at position *p* is the CRC-32, continued from the one at *p* - 1,
/// over the change's id, a space, its time, a space, the time at which the server received it, where there is a
/// limit of `seen` a space and that, and a line feed. So it covers all that counts in the merge and that two servers,
/// or one before and after a restore, could give the same change differently; and nothing that an erasure takes.
package enum Chain {
  /// The sum after more changes.
  package static func next(_ sum: UInt32, _ changes: some Sequence<PlacedChange>) -> UInt32 {
    var lines = Lines()
    for placed in changes { lines.add(placed.change, placed.stamp ?? 0, placed.seenLimit) }
    return Checksum.crc32(lines.text, continuing: sum)
  }

  /// The sum after a block that was placed.
  package static func next(_ sum: UInt32, _ block: Block) -> UInt32 {
    next(sum, block.changes, stamp: block.placement?.stamp ?? 0, seenLimit: block.seenLimit)
  }

  /// The sum after changes that the server received together.
  package static func next(
    _ sum: UInt32, _ changes: some Sequence<Change>, stamp: UInt64, seenLimit: UInt64? = nil
  ) -> UInt32 {
    var lines = Lines()
    for change in changes { lines.add(change, stamp, seenLimit) }
    return Checksum.crc32(lines.text, continuing: sum)
  }

  /// The text that is summed. Neighbours mostly share replica and stamp, whose texts are kept.
  private struct Lines {
    var text: [UInt8] = []
    private var replica: (id: ReplicaID, text: [UInt8])?
    private var stamp: (value: UInt64, text: [UInt8])?

    mutating func add(_ change: Change, _ received: UInt64, _ seenLimit: UInt64?) {
      if replica?.id != change.id.replica {
        var text: [UInt8] = []
        change.id.replica.write(to: &text)
        text.append(UInt8(ascii: "."))
        replica = (change.id.replica, text)
      }
      if stamp?.value != received {
        var text: [UInt8] = [UInt8(ascii: " ")]
        HybridTime(milliseconds: received).write(to: &text)
        stamp = (received, text)
      }
      if let replica { text += replica.text }
      Decimal.write(change.id.sequence, to: &text)
      text.append(UInt8(ascii: " "))
      change.at.write(to: &text)
      if let stamp { text += stamp.text }
      if let seenLimit {
        text.append(UInt8(ascii: " "))
        Decimal.write(seenLimit, to: &text)
      }
      text.append(UInt8(ascii: "\n"))
    }
  }
}
