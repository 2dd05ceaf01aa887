import Causality
import Codec
import Merge
import TestSupport
import Testing

@testable import Storage

/// What an index says of entities, in memory and page by page, against its list of members.
@Suite struct RunIndexTests {
  private static let name = RunName(first: 1, last: 9999)

  /// Members of one to three entities of two types; now and then an entity goes on in the next ones.
  private static func members(_ count: Int, seed: UInt64) -> [[EntityID]] {
    var generator = SeededGenerator(seed: seed)
    var sequence: UInt64 = 0
    var members: [[EntityID]] = []
    for place in 0..<count {
      let type: StaticString = place < count / 3 ? "customer" : "ticket"
      var entities: [EntityID] = []
      if let last = members.last?.last, Int.random(in: 0..<5, using: &generator) == 0,
        last.type == type.description
      {
        entities.append(last)
      }
      for _ in 0..<Int.random(in: entities.isEmpty ? 1...3 : 0...2, using: &generator) {
        sequence += UInt64.random(in: 2...9, using: &generator)
        entities.append(EntityID(constant: type, ChangeID(ReplicaID(bits: 7), sequence)))
      }
      members.append(entities)
    }
    return members
  }

  private static func bytes(_ members: [[EntityID]]) -> [UInt8] {
    var builder = RunIndexBuilder(name: name, sum: 5, start: 40)
    for (place, entities) in members.enumerated() {
      let changes = entities.map { entity in
        PlacedChange(
          Change(id: entity.origin, at: .zero, seen: 0, by: "anna", on: entity, body: []), position: 1,
          stamp: 1)
      }
      builder.add(changes, end: 100 * (place + 1))
    }
    return builder.bytes()
  }

  private static func file(_ bytes: [UInt8]) throws -> any DiskFile {
    let disk = MemoryDisk()
    disk.put("index", bytes)
    return try disk.open("index", .read)
  }

  @Test(arguments: [1, 2, 127, 128, 129, 256, 700]) func findsWhatTheMembersHold(count: Int) throws {
    let members = Self.members(count, seed: UInt64(count))
    let bytes = Self.bytes(members)
    let whole = try #require(RunIndex(bytes, name: Self.name))
    let paged = try #require(try RunIndex(Self.file(bytes), name: Self.name, small: 0))
    for index in [whole, paged, try #require(try paged.loaded())] {
      #expect(index.memberCount == count && index.start == 40 && index.end == 100 * count && index.sum == 5)
      for (place, entities) in members.enumerated() {
        #expect(try index.range(place) == (place == 0 ? 40 : 100 * place)..<100 * (place + 1))
        for entity in entities {
          let found = try index.members(of: entity)
          #expect(found.contains(place))
          #expect(found.lowerBound == members.firstIndex { $0.contains(entity) })
          #expect(found.count <= members.count { $0.contains(entity) } + 1)
        }
      }
      for type in ["a", "customer", "sale", "ticket", "user"] {
        let found = try index.members(ofType: type)
        for (place, entities) in members.enumerated() where entities.contains(where: { $0.type == type }) {
          #expect(found.contains(place))
        }
        #expect(found.count <= members.count { $0.contains { $0.type == type } } + 1)
      }
    }
  }

  /// Of what it does not hold it says so, but for about one entity in forty.
  @Test func seldomLooksInVain() throws {
    let members = Self.members(3000, seed: 1)
    let index = try #require(try RunIndex(Self.file(Self.bytes(members)), name: Self.name))
    let known = Set(members.joined())
    var vain = 0
    var unknown = 0
    for sequence in 1...20_000 as ClosedRange<UInt64> {
      let entity = EntityID(constant: "customer", ChangeID(ReplicaID(bits: 7), sequence))
      guard let last = members[999].last, entity < last, !known.contains(entity) else { continue }
      unknown += 1
      if try !index.members(of: entity).isEmpty { vain += 1 }
    }
    #expect(unknown > 5000 && (unknown / 100...unknown / 20).contains(vain), "\(vain) of \(unknown)")
  }

  /// Checksums are no proof of sense: numbers that cannot be are refused too.
  @Test func offsetsThatCannotBeAreDamage() throws {
    var builder = RunIndexBuilder(name: Self.name, sum: 5, start: 40)
    for (place, end) in [100, 20, 300].enumerated() {
      let entity = EntityID(constant: "ticket", ChangeID(ReplicaID(bits: 7), UInt64(place + 1)))
      let change = Change(id: entity.origin, at: .zero, seen: 0, by: "anna", on: entity, body: [])
      builder.add([PlacedChange(change, position: 1, stamp: 1)], end: end)
    }
    var bytes = builder.bytes()
    let index = try #require(RunIndex(bytes, name: Self.name))
    #expect(throws: StorageError.self) { try index.range(1) }
    // The fields of start and end, with a checksum that is right.
    for field in [52, 60] {
      var wrong = bytes
      for place in field..<field + 8 { wrong[place] = 0xFF }
      var head: [UInt8] = []
      head.append(number: Checksum.crc32(Array(wrong[16..<Int(wrong.number(8, as: UInt32.self))])))
      wrong.replaceSubrange(12..<16, with: head)
      #expect(RunIndex(wrong, name: Self.name) == nil)
    }
    bytes.removeLast()
    #expect(RunIndex(bytes, name: Self.name) == nil)
  }

  /// Whoever pushes chooses the types, so there may be as many as there are erasures.
  @Test func moreTypesThanSixteenBitsCount() throws {
    let count = 70_000
    let types = (1...count).map { "t\($0)" }.sorted()
    let changes = try types.enumerated().map { place, type in
      let id = ChangeID(ReplicaID(bits: 7), UInt64(place + 1))
      let entity = try #require(EntityID(type: type, origin: id))
      return PlacedChange(
        Change(id: id, at: .zero, seen: 0, by: "anna", on: entity, body: Array("\"erase\":true".utf8)),
        position: UInt64(place + 1), stamp: 1)
    }
    var builder = RunIndexBuilder(name: Self.name, sum: 5, start: 40)
    for start in stride(from: 0, to: count, by: 1000) {
      builder.add(Array(changes[start..<start + 1000]), end: 41 + start)
    }
    let bytes = builder.bytes()
    for index in [
      try #require(RunIndex(bytes, name: Self.name)),
      try #require(try RunIndex(Self.file(bytes), name: Self.name, small: 0)),
    ] {
      #expect(index.erasures.map(\.entity) == changes.map(\.change.on))
      for place in [0, 999, 1000, 69_999] {
        #expect(try index.members(of: changes[place].change.on).contains(place / 1000))
        #expect(try index.members(ofType: types[place]).contains(place / 1000))
      }
    }
  }

  private static func ask(_ index: RunIndex, _ entity: EntityID) -> Result<Range<Int>, StorageError> {
    Result { () throws(StorageError) in try index.members(of: entity) }
  }

  /// Every byte of a stored index flipped: it is refused, or says that it is damaged, or what is asked does not lie there.
  @Test func everyByteDamaged() throws {
    let members = Self.members(300, seed: 2)
    let bytes = Self.bytes(members)
    var refused = 0
    var named = 0
    for offset in bytes.indices {
      var damaged = bytes
      damaged[offset] ^= 1 << UInt8(offset % 8)
      #expect(RunIndex(damaged, name: Self.name) == nil)
      let opened = try RunIndex(Self.file(damaged), name: Self.name, small: 0)
      guard let index = opened else {
        refused += 1
        continue
      }
      let place = offset * 7 % members.count
      switch Self.ask(index, members[place][0]) {
      case .success(let found): #expect(found.contains(place))
      case .failure(.damaged(let damage)):
        #expect(damage.file == Self.name.indexPath)
        named += 1
      case .failure(let error): Issue.record("byte \(offset): \(error)")
      }
      let whole = try index.loaded()
      #expect(whole?.memberCount == nil)
    }
    #expect(refused > 100 && named > 100)
  }
}
