import Causality
import Merge

/// Checks that changes come as a run has them: by entity, then by position, and each position of the run once.
///
/// Whoever looks an entity up goes by this order, so in a run without it changes would be there and not be found. Cost: per
/// change a comparison and a bit.
struct RunOrder {
  private let positions: ClosedRange<UInt64>
  private var seen: [UInt64]
  private var last: (entity: EntityID, position: UInt64)?

  /// Nil where a file of so many bytes cannot hold the changes that its name promises: deflate makes less than 1,032 bytes of
  /// one, and a change has more than five.
  init?(_ name: RunName, bytes: Int) {
    guard name.last - name.first < 207 * UInt64(bytes) else { return nil }
    positions = name.first...name.last
    seen = Array(repeating: 0, count: Int((name.last - name.first) / 64 + 1))
  }

  /// Takes the next change. Returns what is wrong with its place; nil where it is right.
  mutating func fault(_ placed: PlacedChange) -> String? {
    let id = placed.change.id
    guard let position = placed.position, positions.contains(position) else {
      return "change \(id) has no position of the run"
    }
    let bit = position - positions.lowerBound
    let (word, mask) = (Int(bit / 64), UInt64(1) << (bit % 64))
    guard seen[word] & mask == 0 else { return "position \(position) is there twice" }
    seen[word] |= mask
    let entity = placed.change.on
    if let last, entity == last.entity ? position < last.position : entity < last.entity {
      return "change \(id) of \(entity) is out of order"
    }
    last = (entity, position)
    return nil
  }
}
