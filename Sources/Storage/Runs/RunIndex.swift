import Causality
import Codec
import Merge

/// What is known of a replica's last change within some positions.
package struct ReplicaMark: Hashable, Sendable {
  package var sequence: UInt64
  package var at: HybridTime

  package init(sequence: UInt64, at: HybridTime) {
    self.sequence = sequence
    self.at = at
  }
}

/// The index of a run: whether and in which member it holds an entity, and each replica's last change. Derived from the run
/// and written beside it; a damaged or missing one is made anew.
///
/// Binary, little-endian: the magic `AORUNIX3`, then the CRC-32 of what follows it; first and last position
/// (8 bytes each), the chain's sum at the last (4), the counts of types (2), members (4), replicas (4) and erasures (4), where
/// the first member starts (8); the types (a length byte and the text); for each member its last entity (type 2, replica 8,
/// sequence 8) and the offset behind it (8); for each replica, ordered: id, sequence and time (8 each); for each erasure its
/// entity (type 2, replica 8, sequence 8) and position (8); the words of the filter of entities (8 each) to the end.
package struct RunIndex: Sendable {
  package let name: RunName
  /// The chain's sum at the run's last position.
  package let sum: UInt32
  package private(set) var replicas: [ReplicaID: ReplicaMark] = [:]
  /// For each member its last entity and the offset behind it. The first starts at `start`.
  private var members: [(last: EntityID, end: Int)] = []
  /// Where the first member of changes starts.
  package let start: Int
  /// The erasures in the run, by entity: what has to be known of the order without reading it.
  package private(set) var erasures: [Erasure] = []
  /// The hashes of the entities that were added; empty for an index that was read.
  private var hashes: [UInt64] = []
  /// What an index that was read says of entities.
  private var filter = EntityFilter(words: [])

  private static let magic = Array("AORUNIX3".utf8)

  package init(name: RunName, sum: UInt32, start: Int) {
    self.name = name
    self.sum = sum
    self.start = start
  }

  package var memberCount: Int { members.count }

  /// Adds the member that ends at an offset.
  package mutating func add(_ changes: [PlacedChange], end: Int) {
    guard let last = changes.last else { return }
    // An entity that goes on from the member before was counted there.
    var previous = members.last?.last
    members.append((last.change.on, end))
    for placed in changes {
      if placed.change.on != previous { hashes.append(EntityFilter.hash(placed.change.on)) }
      previous = placed.change.on
      if placed.change.erases, let position = placed.position {
        erasures.append(Erasure(entity: placed.change.on, position: position))
      }
      let id = placed.change.id
      if id.sequence > replicas[id.replica]?.sequence ?? 0 {
        replicas[id.replica] = ReplicaMark(sequence: id.sequence, at: placed.change.at)
      }
    }
  }

  /// The bytes of a member.
  package func range(_ member: Int) -> Range<Int> {
    (member == 0 ? start : members[member - 1].end)..<members[member].end
  }

  /// The members that may hold an entity: usually one or none. Cost: logarithmic in the number of members.
  package func members(of entity: EntityID) -> Range<Int> {
    guard filter.mayContain(EntityFilter.hash(entity)) else { return 0..<0 }
    var low = 0
    var high = members.count
    while low < high {
      let middle = (low + high) / 2
      if members[middle].last < entity { low = middle + 1 } else { high = middle }
    }
    // A large entity may go on in the members behind.
    var end = min(low + 1, members.count)
    while end < members.count, members[end - 1].last == entity { end += 1 }
    return low..<end
  }

  /// The members that may hold entities of a type.
  package func members(ofType type: String) -> Range<Int> {
    let low = members.firstIndex { $0.last.type >= type } ?? members.count
    let high = members.firstIndex { $0.last.type > type }.map { $0 + 1 } ?? members.count
    return low..<max(low, high)
  }

  package func bytes() -> [UInt8] {
    var body: [UInt8] = []
    body.append(number: name.first)
    body.append(number: name.last)
    body.append(number: sum)
    let types = Set(members.map(\.last.type) + erasures.map(\.entity.type)).sorted()
    body.append(number: UInt16(types.count))
    body.append(number: UInt32(members.count))
    body.append(number: UInt32(replicas.count))
    body.append(number: UInt32(erasures.count))
    body.append(number: UInt64(start))
    for type in types {
      body.append(UInt8(type.utf8.count))
      body += type.utf8
    }
    for member in members {
      body.append(number: UInt16(types.firstIndex(of: member.last.type) ?? 0))
      body.append(number: member.last.origin.replica.bits)
      body.append(number: member.last.origin.sequence)
      body.append(number: UInt64(member.end))
    }
    for (replica, mark) in replicas.sorted(by: { $0.key < $1.key }) {
      body.append(number: replica.bits)
      body.append(number: mark.sequence)
      body.append(number: mark.at.bits)
    }
    for erasure in erasures {
      body.append(number: UInt16(types.firstIndex(of: erasure.entity.type) ?? 0))
      body.append(number: erasure.entity.origin.replica.bits)
      body.append(number: erasure.entity.origin.sequence)
      body.append(number: erasure.position)
    }
    let filter = hashes.isEmpty ? self.filter : EntityFilter(hashes: hashes)
    for word in filter.words { body.append(number: word) }
    var output = Self.magic
    output.append(number: Checksum.crc32(body))
    return output + body
  }

  /// nil where the bytes are not an intact index of the run.
  package init?(_ bytes: [UInt8], name: RunName) {
    let fixed = 12 + 42
    guard bytes.count >= fixed, Array(bytes[..<8]) == Self.magic,
      bytes.number(8) == Checksum.crc32(bytes.span.extracting(12..<bytes.count)),
      bytes.number(12) == name.first, bytes.number(20) == name.last
    else { return nil }
    self.init(name: name, sum: bytes.number(28), start: Int(bytes.number(46, as: UInt64.self)))
    let typeCount = Int(bytes.number(32, as: UInt16.self))
    let memberCount = Int(bytes.number(34, as: UInt32.self))
    let replicaCount = Int(bytes.number(38, as: UInt32.self))
    let erasureCount = Int(bytes.number(42, as: UInt32.self))
    var offset = fixed
    var types: [String] = []
    for _ in 0..<typeCount {
      guard offset < bytes.count, offset + 1 + Int(bytes[offset]) <= bytes.count else { return nil }
      let end = offset + 1 + Int(bytes[offset])
      types.append(String(decoding: bytes[offset + 1..<end], as: UTF8.self))
      offset = end
    }
    let filterStart = offset + memberCount * 26 + replicaCount * 24 + erasureCount * 26
    guard bytes.count > filterStart, (bytes.count - filterStart) % 8 == 0 else { return nil }
    members.reserveCapacity(memberCount)
    for _ in 0..<memberCount {
      let type = Int(bytes.number(offset, as: UInt16.self))
      let origin = ChangeID(ReplicaID(bits: bytes.number(offset + 2)), bytes.number(offset + 10))
      guard type < types.count, let entity = EntityID(type: types[type], origin: origin) else { return nil }
      members.append((entity, Int(bytes.number(offset + 18, as: UInt64.self))))
      offset += 26
    }
    for _ in 0..<replicaCount {
      replicas[ReplicaID(bits: bytes.number(offset))] = ReplicaMark(
        sequence: bytes.number(offset + 8), at: HybridTime(bits: bytes.number(offset + 16)))
      offset += 24
    }
    for _ in 0..<erasureCount {
      let type = Int(bytes.number(offset, as: UInt16.self))
      let origin = ChangeID(ReplicaID(bits: bytes.number(offset + 2)), bytes.number(offset + 10))
      guard type < types.count, let entity = EntityID(type: types[type], origin: origin) else { return nil }
      erasures.append(Erasure(entity: entity, position: bytes.number(offset + 18)))
      offset += 26
    }
    filter = EntityFilter(words: stride(from: filterStart, to: bytes.count, by: 8).map { bytes.number($0) })
  }
}
