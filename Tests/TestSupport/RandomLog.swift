import Causality
import ChangeCodec
import Codec
import Merge

/// A server's log of a random history: its blocks with their places and sums.
package struct RandomLog {
  package let entities: [EntityID]
  package let blocks: [Block]

  /// The changes with their places, in order.
  package var placed: [PlacedChange] { blocks.flatMap(\.placed) }
  package var last: UInt64 { blocks.last?.last ?? 0 }
  package var sum: UInt32 { blocks.last?.placement?.sum ?? 0 }

  /// - Parameter padding: bytes of text that each change carries, so that few changes fill files.
  package init(seed: UInt64, changes: Int, replicas: Int = 3, entities: Int = 4, padding: Int = 0) {
    let history = RandomHistory(seed: seed, changes: changes, replicas: replicas, entities: entities)
    self.entities = history.entities
    var generator = SeededGenerator(seed: seed)
    var blocks: [Block] = []
    var sum: UInt32 = 0
    var next: UInt64 = 1
    var rest = history.changes[...]
    while let first = rest.first {
      var changes: [Change] = []
      while let placed = rest.first, placed.change.id.replica == first.change.id.replica,
        placed.change.seen == first.change.seen, placed.seenLimit == first.seenLimit
      {
        changes.append(Self.padded(placed.change, padding, &generator))
        rest.removeFirst()
      }
      let stamp = first.stamp ?? 0
      sum = Chain.next(sum, changes, stamp: stamp, seenLimit: first.seenLimit)
      let placement = Placement(first: next, stamp: stamp, sum: sum)
      blocks.append(Block(changes, placement: placement, seenLimit: first.seenLimit))
      next += UInt64(changes.count)
    }
    self.blocks = blocks
  }

  private static func padded(_ change: Change, _ padding: Int, _ generator: inout SeededGenerator) -> Change {
    guard padding > 0 else { return change }
    var body = change.body
    if !body.isEmpty { body.append(UInt8(ascii: ",")) }
    // Digits of a random number do not compress well.
    let text = (0..<padding / 16).map { _ in FNV1a.hex(generator.next()) }.joined()
    body += Array("\"padding\":\"\(text)\"".utf8)
    return Change(
      id: change.id, at: change.at, seen: change.seen, by: change.by, on: change.on, body: body)
  }
}
