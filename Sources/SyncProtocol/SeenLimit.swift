/// Up to where the knowledge of changes counts that were made before the server lost its log.
package struct SeenLimit: Hashable, Sendable {
  /// The last position that the lost lineage and the present one share.
  package var position: UInt64
  /// The sequence of the last change that was made before; what was made later knew the present lineage.
  package var last: UInt64

  package init(position: UInt64, last: UInt64 = .max) {
    self.position = position
    self.last = last
  }
}
