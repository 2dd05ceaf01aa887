import Causality
import Merge

/// Where the server put a block.
package struct Placement: Hashable, Sendable {
  /// The position of the block's first change.
  package var first: UInt64
  /// When the server received the block, milliseconds since 1970 by its clock.
  package var stamp: UInt64
  /// The chain's sum at the block's last position.
  package var sum: UInt32

  package init(first: UInt64, stamp: UInt64, sum: UInt32) {
    self.first = first
    self.stamp = stamp
    self.sum = sum
  }
}

/// Changes of one replica, in sequence order without gaps, that were sent together under one header line.
package struct Block: Hashable, Sendable {
  /// At least one.
  package var changes: [Change]
  /// nil in a push.
  package var placement: Placement?
  /// The last position up to which the changes' `seen` speaks of this lineage of the log: set when changes
  /// that were made before the server lost its log are sent again.
  package var seenLimit: UInt64?

  package init(_ changes: [Change], placement: Placement? = nil, seenLimit: UInt64? = nil) {
    self.changes = changes
    self.placement = placement
    self.seenLimit = seenLimit
  }

  package var replica: ReplicaID { changes[0].id.replica }
  package var count: Int { changes.count }
  /// The position of the last change, 0 in a push.
  package var last: UInt64 { placement.map { $0.first + UInt64(changes.count) - 1 } ?? 0 }

  /// The changes with their places.
  package var placed: [PlacedChange] {
    changes.enumerated().map { index, change in
      PlacedChange(
        change, position: placement.map { $0.first + UInt64(index) }, stamp: placement?.stamp,
        seenLimit: seenLimit)
    }
  }
}
