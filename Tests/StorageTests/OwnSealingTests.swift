import Causality
import Codec
import Merge
import TestSupport
import Testing

@testable import Storage

/// Files of own changes as versions left them that wrote a batch of any size into one file.
@Suite struct OwnSealingTests {
  static let replica = OwnLogTests.replica
  static let path = "own/000000000001.jsonl"

  /// A note on an entity of its own, as large as a change may be.
  static func note(_ sequence: UInt64, size: Int) throws -> Change {
    let id = ChangeID(replica, sequence)
    let on = try #require(EntityID(type: "customer", origin: id))
    let text = String(repeating: "n", count: size)
    return Change(
      id: id, at: HybridTime(milliseconds: 1000 + sequence), seen: 0, by: "anna", on: on,
      body: Array("\"set\":{\"note\":\"\(text)\"}".utf8))
  }

  static func text(_ changes: [Change]) -> [UInt8] {
    var lines: [UInt8] = []
    for change in changes { ChangeLine.writeChecked(change, to: &lines) }
    return lines
  }

  /// More than 64 MiB of text in a sealed file, as an import or a copied store left it.
  @Test func whatWasSealedTooLargeIsRead() throws {
    let changes = try (1...270 as ClosedRange<UInt64>).map { try Self.note($0, size: 250_000) }
    let text = Self.text(changes)
    #expect(text.count > 64 << 20)
    let file = OwnFile(folder: "own", first: 1, isCompressed: true)
    let content = OwnFile.parse(Deflater(level: 1).compress(text), file, Self.replica)
    #expect(content.damage.isEmpty)
    let isWhole = content.changes == changes
    #expect(isWhole)
  }

  /// What may be whole and is too large to be read stays as it is, and the erasure says so.
  @Test func whatIsTooLargeIsNoDamage() throws {
    let changes = try (1...3 as ClosedRange<UInt64>).map { try Self.note($0, size: 500) }
    let disk = MemoryDisk()
    let sealed = Deflater().compress(Self.text(changes))
    disk.put(Self.path + ".gz", sealed)
    #expect(throws: StorageError.self) {
      try OwnErasure.rewrite(disk, "own", Self.replica, keepingDamage: false, limit: 1000) { $0.stub }
    }
    #expect(disk.bytes(Self.path + ".gz") == sealed)
    let file = OwnFile(folder: "own", first: 1, isCompressed: true)
    #expect(OwnFile.parse(sealed, file, Self.replica, limit: 1000).isTooLarge)
    #expect(OwnFile.parse(sealed, file, Self.replica).changes == changes)
  }

  /// A file that older versions could not inflate again stays plain; the others are sealed.
  @Test func whatIsTooLargeIsNotSealed() throws {
    let disk = MemoryDisk()
    let (large, small) = (try [Self.note(1, size: 5000)], try [Self.note(2, size: 50)])
    disk.put(Self.path, Self.text(large))
    disk.put("own/000000000002.jsonl", Self.text(small))
    disk.put("own/000000000003.jsonl", Self.text(try [Self.note(3, size: 50)]))
    var sizes = Sizes()
    sizes.ownSealed = 1000
    var log = try OwnLog(disk: disk, replica: Self.replica, acknowledged: 3, repairing: true, sizes: sizes)
    try log.seal(acknowledged: 3)
    #expect(
      disk.paths.filter { $0.hasPrefix("own/") }
        == [Self.path, "own/000000000002.jsonl.gz", "own/000000000003.jsonl"])
    #expect(try log.changes(from: 1).count == 3)
  }
}
