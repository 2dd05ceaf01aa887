import Causality
import Codec
import Merge

/// Makes the index of a run, member by member.
///
/// Binary, little-endian. The *core*: the magic `AORUNIX5`; the core's size (4 bytes) and the CRC-32 of what follows in it; the
/// run's first and last position (8 each) and the chain's sum at the last (4); the counts of types, members,
/// replicas and erasures (4 each); where the first member starts and the last one ends (8 each); how many pages the filter
/// has, and how many words of 64 bits each (4 each); the types, each with its length in front; for each replica, ordered: id, sequence
/// and time (8 each); for each erasure its entity (type 4, replica 8, sequence 8) and position (8); for each page of members
/// the last entity in it; for each page, those of members first, its CRC-32.
///
/// Then the pages: of members, 128 each, with for each its last entity and the offset behind it (8); and of the filter.
struct RunIndexBuilder {
  private let name: RunName
  private let sum: UInt32
  private let start: Int
  private var replicas: [ReplicaID: ReplicaMark] = [:]
  private var members: [(last: EntityID, end: Int)] = []
  private var erasures: [Erasure] = []
  /// The hashes of the entities.
  private var hashes: [UInt64] = []

  /// - Parameter start: where the first member starts.
  init(name: RunName, sum: UInt32, start: Int) {
    self.name = name
    self.sum = sum
    self.start = start
  }

  /// Adds the member that ends at an offset.
  mutating func add(_ changes: [PlacedChange], end: Int) {
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

  func bytes() -> [UInt8] {
    let types = Set(members.map(\.last.type) + erasures.map(\.entity.type)).sorted()
    // Who pushes chooses the types, so there may be as many of them as there are erasures.
    let places = Dictionary(uniqueKeysWithValues: types.enumerated().map { ($1, UInt32($0)) })
    func append(_ entity: EntityID, to output: inout [UInt8]) {
      output.append(number: places[entity.type] ?? 0)
      output.append(number: entity.origin.replica.bits)
      output.append(number: entity.origin.sequence)
    }
    let (filter, words) = EntityFilter.make(hashes)
    var core: [UInt8] = []
    core.append(number: name.first)
    core.append(number: name.last)
    core.append(number: sum)
    core.append(number: UInt32(types.count))
    core.append(number: UInt32(members.count))
    core.append(number: UInt32(replicas.count))
    core.append(number: UInt32(erasures.count))
    core.append(number: UInt64(start))
    core.append(number: UInt64(members.last?.end ?? start))
    core.append(number: UInt32(filter.pageCount))
    core.append(number: UInt32(filter.wordsPerPage))
    for type in types { core.append(string: type) }
    for (replica, mark) in replicas.sorted(by: { $0.key < $1.key }) {
      core.append(number: replica.bits)
      core.append(number: mark.sequence)
      core.append(number: mark.at.bits)
    }
    for erasure in erasures {
      append(erasure.entity, to: &core)
      core.append(number: erasure.position)
    }
    var pages: [[UInt8]] = []
    for start in stride(from: 0, to: members.count, by: RunIndex.membersPerPage) {
      let some = members[start..<min(start + RunIndex.membersPerPage, members.count)]
      var page: [UInt8] = []
      for member in some {
        append(member.last, to: &page)
        page.append(number: UInt64(member.end))
      }
      pages.append(page)
      if let last = some.last { append(last.last, to: &core) }
    }
    for start in stride(from: 0, to: words.count, by: filter.wordsPerPage) {
      var page: [UInt8] = []
      for word in words[start..<start + filter.wordsPerPage] { page.append(number: word) }
      pages.append(page)
    }
    for page in pages { core.append(number: Checksum.crc32(page)) }
    var output = RunIndex.magic
    output.append(number: UInt32(16 + core.count))
    output.append(number: Checksum.crc32(core))
    output += core
    for page in pages { output += page }
    return output
  }
}
