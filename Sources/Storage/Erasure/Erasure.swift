import Causality
import ChangeCodec
import Codec
import Merge

/// An erasure that has a place in the workspace's order.
package struct Erasure: Hashable, Sendable {
  /// What is erased.
  package let entity: EntityID
  /// The position of the change that erases it.
  package let position: UInt64

  package init(entity: EntityID, position: UInt64) {
    self.entity = entity
    self.position = position
  }
}

extension PlacedChange {
  /// The stub in the place of a change of an erased entity; nil where it has nothing to lose.
  package func erasing(_ entities: Set<EntityID>) -> PlacedChange? {
    guard entities.contains(change.on), !change.isStub else { return nil }
    return with(change.stub)
  }
}

extension Block {
  /// The erasures in a block that was placed. Cost: a pass over its bodies.
  package var erasures: [Erasure] {
    guard let placement else { return [] }
    return changes.enumerated().compactMap { index, change in
      change.erases ? Erasure(entity: change.on, position: placement.first + UInt64(index)) : nil
    }
  }

  /// The block with stubs for the changes of erased entities; nil where it has nothing to lose.
  package func erasing(_ entities: Set<EntityID>) -> Block? {
    guard changes.contains(where: { entities.contains($0.on) && !$0.isStub }) else { return nil }
    var block = self
    block.changes = changes.map { entities.contains($0.on) ? $0.stub : $0 }
    return block
  }
}

extension BlockMember {
  /// The member with stubs for the changes of erased entities; nil where it has nothing to lose.
  package func erasing(_ entities: Set<EntityID>, _ deflater: Deflater) -> BlockMember? {
    guard blocks.contains(where: { $0.erasing(entities) != nil }) else { return nil }
    return BlockMember(blocks.map { $0.erasing(entities) ?? $0 }, deflater)
  }
}

/// How far a store's or a server's own files are free of what was erased: `erased.json`.
///
/// `{"position":10432,"sum":"5f0c22d1"}`: every erasure up to that position of the order is carried out in all files. The
/// chain's sum there tells whether the position is still one of this order. It may be lost: then the files are looked
/// through once more.
package struct ErasureNote: Hashable, Sendable {
  package static let path = "erased.json"
  package static let none = ErasureNote(position: 0, sum: 0)

  package let position: UInt64
  package let sum: UInt32

  package init(position: UInt64, sum: UInt32) {
    self.position = position
    self.sum = sum
  }

  /// nil where the bytes are no note.
  package init?(_ bytes: [UInt8]) {
    guard let value = try? JSONText(parsing: bytes), let position = value["position"]?.int, position >= 0,
      let sum = value["sum"]?.string.flatMap(Checksum.parse)
    else { return nil }
    self.init(position: UInt64(position), sum: sum)
  }

  private var bytes: [UInt8] {
    let text = JSONText(object: [
      ("position", JSONText(Int(position))), ("sum", JSONText(Checksum.hex(sum))),
    ]).text
    return Array((text + "\n").utf8)
  }

  /// What the file says; `none` where it is missing or damaged.
  package static func read(_ disk: any Disk) -> ErasureNote {
    ((try? disk.readAll(path)) ?? nil).flatMap { ErasureNote($0) } ?? .none
  }

  package func write(_ disk: any Disk) throws(StorageError) {
    try onDisk { () throws(DiskError) in try disk.replace(Self.path, with: bytes) }
  }
}
