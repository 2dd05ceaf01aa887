import Causality
import Codec
import Merge
import Storage
import TestSupport
import Testing

@Suite struct TablesDamageTests {
  /// Does what a reader does: asks everything, and makes anew what turns out to be damaged.
  private static func checkRepairing(_ world: TablesWorld) throws {
    let set = TableSet(world.disk, world.projection)
    for _ in 0..<3 {
      do {
        try world.follow(set)
        try world.check(set)
        return
      } catch StorageError.damaged(let damage) {
        #expect(TableIdentity.isPath(damage.file))
        set.discard(damage.file)
      }
    }
    Issue.record("a damaged table was not made anew")
  }

  private static func worldWithTables() throws -> TablesWorld {
    var world = try TablesWorld(seed: 7, changes: 16, entities: 4)
    try world.grow(by: 10)
    try world.grow(by: 6)
    try world.follow(TableSet(world.disk, world.projection))
    return world
  }

  @Test func everyFlippedByteIsFoundOut() throws {
    let world = try Self.worldWithTables()
    for (name, bytes) in try world.tableBytes() {
      for offset in bytes.indices {
        var damaged = bytes
        damaged[offset] ^= UInt8(1 << (offset % 8))
        try world.disk.open("runs/\(name)", .replace).append(damaged.span)
        try Self.checkRepairing(world)
      }
    }
  }

  @Test func aTableThatIsCutAnywhereIsMadeAnew() throws {
    let world = try Self.worldWithTables()
    for (name, bytes) in try world.tableBytes() {
      for count in 0..<bytes.count {
        try world.disk.open("runs/\(name)", .replace).append(bytes.span.extracting(0..<count))
        try Self.checkRepairing(world)
      }
      #expect(try world.tableBytes()[name] == bytes)
    }
  }

  @Test func withoutRoomOnTheDiskTablesAreKeptInMemory() throws {
    var world = try TablesWorld(seed: 8)
    try world.grow(by: 100)
    world.disk.faults.isFull = true
    try Self.checkRepairing(world)
    #expect(try world.tableBytes().isEmpty)
  }

  @Test func aDamagedPartIsNotMergedButTheRunFolded() throws {
    var world = try TablesWorld(seed: 9)
    let set = TableSet(world.disk, world.projection)
    for _ in 0..<2 {
      try world.grow(by: 60)
      try world.follow(set)
    }
    var bytes = try #require(try world.tableBytes()["1-60.table"])
    bytes[40] ^= 1
    try world.disk.open("runs/1-60.table", .replace).append(bytes.span)
    try world.runs.merge(all: true)
    try Self.checkRepairing(world)
    #expect(try world.tableBytes().count == 1)
  }
}

@Suite struct NewerRowsTests {
  private static let entry = NewerRows.Entry(values: [.text("open"), .number(7)], terms: [1, 2])

  @Test func aRowHoldsForJustItsChangesInAnyOrder() throws {
    let world = try TablesWorld(seed: 4)
    var rows = NewerRows(world.disk, base: .none, version: 1, isCurrent: true)
    let id = world.history.entities[0]
    let changes = world.history.changes.filter { $0.change.on == id }
    rows.keep(Self.entry, id, changes)
    rows.save()
    rows = NewerRows(world.disk, base: .none, version: 1, isCurrent: true)
    #expect(rows.known(id, changes) == Self.entry)
    #expect(rows.known(id, changes.reversed()) == Self.entry)
    #expect(rows.known(id, changes.dropLast()) == nil)
    #expect(rows.known(world.history.entities[1], changes) == nil)
    #expect(NewerRows(world.disk, base: .none, version: 2, isCurrent: true).known(id, changes) == nil)
  }

  @Test func aTableIsMadeOfKnownRows() throws {
    var world = try TablesWorld(seed: 5)
    try world.grow(by: 50)
    let set = TableSet(world.disk, world.projection)
    try world.follow(set)
    let base = NewerRows.Base(try #require(world.runs.runs.last))
    var rows = NewerRows(world.disk, base: base, version: 1, isCurrent: true)
    let next = Dictionary(grouping: world.history.changes[50..<80], by: \.change.on)
    let marker = NewerRows.Entry(
      values: [.text("known"), .text(""), .text(""), .number(0), .number(0)], terms: [49])
    for (id, changes) in next where id.type == "ticket" { rows.keep(marker, id, changes) }
    rows.save()
    try world.grow(by: 30)
    try world.follow(set)
    let part = try #require(set.tables[1].rows(ofType: "ticket"))
    for row in 0..<part.count { #expect(try part.values(row) == marker.values) }
  }

  @Test func damagedAnywhereItNeverGivesAWrongRow() throws {
    let world = try TablesWorld(seed: 6)
    var rows = NewerRows(world.disk, base: .none, version: 1, isCurrent: true)
    let changes = Dictionary(grouping: world.history.changes, by: \.change.on)
    for (index, (id, changes)) in changes.sorted(by: { $0.key < $1.key }).prefix(5).enumerated() {
      rows.keep(NewerRows.Entry(values: [.text("row \(index)")], terms: []), id, changes)
      rows.save()
    }
    let bytes = try #require(try world.disk.readAll("runs/newer.rows"))
    func check() {
      let rows = NewerRows(world.disk, base: .none, version: 1, isCurrent: true)
      for (index, (id, changes)) in changes.sorted(by: { $0.key < $1.key }).prefix(5).enumerated() {
        if let found = rows.known(id, changes) { #expect(found.values == [.text("row \(index)")]) }
      }
    }
    for offset in bytes.indices {
      var damaged = bytes
      damaged[offset] ^= UInt8(1 << (offset % 8))
      try world.disk.open("runs/newer.rows", .replace).append(damaged.span)
      check()
      try world.disk.open("runs/newer.rows", .replace).append(bytes.span.extracting(0..<offset))
      check()
    }
  }

  @Test func theFileDoesNotGrowForEver() throws {
    let world = try TablesWorld(seed: 6)
    var rows = NewerRows(world.disk, base: .none, version: 1, isCurrent: true)
    let id = world.history.entities[0]
    for count in 1...2000 {
      rows.keep(Self.entry, id, Array(world.history.changes.prefix(count % 100 + 1)))
      rows.save()
    }
    #expect(try #require(try world.disk.readAll("runs/newer.rows")).count < 40_000)
  }
}
