import Causality
import ChangeCodec
import Codec
import Merge
import Testing

/// A small history with a case of everything that the merge knows: two agents and a gateway on one ticket.
enum History {
  /// The lines of `changes.jsonl`: `{"position":1,"stamp":"...","change":{...}}`.
  static func placed() throws -> [PlacedChange] {
    try Golden.lines("changes.jsonl").map { line in
      let value = try JSONText(parsing: Array(line.utf8))
      let change = try ChangeLine.parse(try #require(value["change"]).text)
      let stamp = value["stamp"]?.string.flatMap { HybridTime($0)?.milliseconds }
      return PlacedChange(change, position: value["position"]?.int.map(UInt64.init), stamp: stamp)
    }
  }

  /// The same changes as blocks of a log.
  static func blocks() throws -> [Block] {
    var blocks: [Block] = []
    var sum: UInt32 = 0
    for placed in try placed() {
      guard let position = placed.position, let stamp = placed.stamp else { continue }
      sum = Chain.next(sum, CollectionOfOne(placed))
      let placement = Placement(first: position, stamp: stamp, sum: sum)
      if let last = blocks.last, let before = last.placement, before.stamp == stamp,
        last.replica == placed.change.id.replica, last.changes[0].seen == placed.change.seen
      {
        blocks[blocks.count - 1].changes.append(placed.change)
        blocks[blocks.count - 1].placement?.sum = sum
      } else {
        blocks.append(Block([placed.change], placement: placement))
      }
    }
    return blocks
  }
}
