import Causality
import Codec
import Merge
import TestSupport
import Testing

@testable import Storage

@Suite struct TablesTests {
  @Test(arguments: 0..<8 as Range<UInt64>)
  func rowsAndTermsAreWhatFoldingEverythingGives(seed: UInt64) throws {
    var world = try TablesWorld(seed: seed)
    var generator = SeededGenerator(seed: seed)
    var set = TableSet(world.disk, world.projection)
    while world.last < world.history.changes.count {
      try world.grow(by: generator.int(1...30))
      if generator.oneIn(2) { try world.follow(set) }
      try world.runs.merge(all: generator.oneIn(6))
      if generator.oneIn(3) { set = TableSet(world.disk, world.projection) }
      try world.follow(set)
      try world.check(set)
      #expect(Set(try world.tableBytes().keys) == Set(world.runs.runs.map { "\($0.name).table" }))
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func mergingGivesTheSameBytesAsFolding(seed: UInt64) throws {
    var world = try TablesWorld(seed: seed)
    let set = TableSet(world.disk, world.projection)
    for _ in 0..<5 {
      try world.grow(by: 32)
      try world.follow(set)
    }
    try world.runs.merge(all: true)
    try world.follow(set)
    let merged = try world.tableBytes()
    set.discard("runs/1-160.table")
    try world.follow(set)
    #expect(try world.tableBytes() == merged)
    #expect(merged.count == 1)
  }

  @Test func mergingReadsNothingOfTheRun() throws {
    var world = try TablesWorld(seed: 1)
    let set = TableSet(world.disk, world.projection)
    for _ in 0..<2 {
      try world.grow(by: 80)
      try world.follow(set)
    }
    try world.runs.merge(all: true)
    // Members of the merged run that cannot be read show whether anybody tries.
    let path = try #require(world.runs.runs.first).name.path
    let bytes = try #require(try world.disk.readAll(path))
    let file = try world.disk.open(path, .replace)
    try file.append([UInt8](repeating: 0, count: bytes.count).span)
    try world.follow(set)
    #expect(set.tables.count == 1)
    #expect(throws: StorageError.self) { try world.runs.changes(of: world.history.entities[0]) }
  }

  @Test func tablesOfAnotherVersionOrRunAreMadeAnew() throws {
    var world = try TablesWorld(seed: 2)
    try world.grow(by: 100)
    let set = TableSet(world.disk, world.projection)
    try world.follow(set)
    let newer = TableSet(world.disk, TestProjection(version: 2))
    try world.follow(newer)
    #expect(newer.tables.map(\.identity.version) == [2])
    var other = try TablesWorld(seed: 3)
    try other.grow(by: 100)
    let foreign = try #require(try world.tableBytes()["1-100.table"])
    try other.disk.open("runs/1-100.table", .replace).append(foreign.span)
    let own = TableSet(other.disk, other.projection)
    try other.follow(own)
    try other.check(own)
  }

  @Test func aLargeTableIsReadInGroups() throws {
    let disk = MemoryDisk()
    let count = 10_000
    let identity = TableIdentity(
      run: RunName(first: 1, last: UInt64(count)), sum: 1, sumBefore: 0, size: 1, version: 1)
    let file = try disk.open("t", .replace)
    let writer = try TableWriter(file, identity)
    let columns = TestProjection().columns(ofType: "ticket")
    func values(_ index: Int) -> [TableValue] {
      [
        .text("status \(index % 5)"), .text("INC\(index)"), .text("subject \(index)"), .number(UInt64(index)),
        .number(1_795_281_663_000 + UInt64(index * index)),
      ]
    }
    for index in 0..<count {
      let origin = ChangeID(ReplicaID(bits: UInt64(index / 3000)), UInt64(index % 3000) * 3 + 1)
      let id = try #require(EntityID(type: index < 9000 ? "customer" : "ticket", origin: origin))
      try writer.add(TableRow(id, values(index)), columns: columns)
      writer.add(terms: [UInt32(index % 3), UInt32(1000 + index)], row: index)
    }
    try writer.finish()
    let table = try TableReader(disk.open("t", .read), path: "t")
    #expect(table.rowCount == count)
    let customers = try #require(table.rows(ofType: "customer"))
    for index in stride(from: 0, to: 9000, by: 7) {
      #expect(try customers.values(index) == values(index))
      #expect(try customers.row(of: try customers.id(index)) == index)
      let id = try customers.id(index)
      #expect(try customers.row(of: ChangeID(id.replica, id.sequence + 1)) == nil)
    }
    #expect(try table.entities(1).count == 3333)
    #expect(try table.entities(1000 + 9500).map(\.type) == ["ticket"])
    #expect(try table.entities(77).isEmpty)
    let wanted = try [0, 1, 4095, 4096, 8999].map { try customers.id($0) }
    var flags = [Bool](repeating: true, count: customers.count)
    let unknown = [ChangeID(ReplicaID(bits: 0), 2), ChangeID(ReplicaID(bits: 9), 1)]
    try customers.clear(&flags, of: (wanted + unknown).sorted())
    #expect(flags.indices.filter { !flags[$0] } == [0, 1, 4095, 4096, 8999])
  }

  /// Types are what anybody writes: what the writer makes of however many, the reader takes.
  @Test func moreTypesThanSixteenBitsCountAreRead() throws {
    let disk = MemoryDisk()
    let count = 70_001
    let identity = TableIdentity(
      run: RunName(first: 1, last: UInt64(count)), sum: 1, sumBefore: 0, size: 1, version: 1)
    let writer = try TableWriter(disk.open("t", .replace), identity)
    let types = (0..<count).map { "t\($0)" }.sorted()
    for (row, type) in types.enumerated() {
      let id = try #require(EntityID(type: type, origin: ChangeID(ReplicaID(bits: 7), 1)))
      try writer.add(TableRow(id, []), columns: [])
      writer.add(terms: [UInt32(row)], row: row)
    }
    try writer.finish()
    let table = try TableReader(disk.open("t", .read), path: "t")
    #expect(table.types == types && table.rowCount == count)
    for row in [0, 1, 40_000, count - 1] {
      #expect(table.rows(ofType: types[row])?.count == 1)
      #expect(try table.entities(UInt32(row)).map(\.type) == [types[row]])
    }
    #expect(table.rows(ofType: "t") == nil && table.rows(ofType: "u") == nil)
  }
}
