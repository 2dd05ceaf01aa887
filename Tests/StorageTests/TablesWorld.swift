import Causality
import ChangeCodec
import Codec
import Merge
import Storage
import TestSupport
import Testing

/// A projection of what `RandomHistory` makes.
struct TestProjection: TableProjection {
  var version: UInt32 = 1

  func columns(ofType type: String) -> [TableColumn] {
    guard type == "ticket" else { return [] }
    return [
      TableColumn("status", .word), TableColumn("fact", .numbered), TableColumn("a", .text),
      TableColumn("changes", .number), TableColumn("updated", .number),
    ]
  }

  func readsLogs(ofType type: String) -> Bool { false }

  func values(of state: EntityState) -> [TableValue] {
    guard state.id.type == "ticket" else { return [] }
    func text(_ field: ExactString) -> String { state.registers[field]?.shown()?.value.text ?? "" }
    return [
      .text(text("status")), .text(text("fact.shoe_size")), .text(text("a")),
      .number(UInt64(state.changeCount)),
      .number(state.lastAt.milliseconds),
    ]
  }

  func terms(of entity: EntityID, _ changes: [PlacedChange]) -> Set<UInt32> {
    var terms: Set<UInt32> = []
    for placed in changes {
      try? ChangeBody.operations(of: placed.change.body) { operation in
        if case .set(_, let value) = operation {
          terms.insert(UInt32(truncatingIfNeeded: FNV1a.hash(value.text.utf8) % 20))
        }
      }
    }
    return terms
  }
}

/// Runs on a disk that grow from a random history, and what their tables have to say.
struct TablesWorld {
  let disk: MemoryDisk
  let history: RandomHistory
  let runs: RunSet
  let projection = TestProjection()
  private var sum: UInt32 = 0

  init(seed: UInt64, changes: Int = 160, entities: Int = 24) throws {
    disk = MemoryDisk(seed: seed)
    history = RandomHistory(seed: seed, changes: changes, replicas: 4, entities: entities)
    runs = try RunSet(disk)
  }

  var last: Int { Int(runs.last) }

  /// Makes a run of the next changes.
  mutating func grow(by count: Int) throws {
    let changes = Array(history.changes[last..<min(last + count, history.changes.count)])
    sum = Chain.next(sum, changes)
    try runs.add(changes, sum: sum)
  }

  func follow(_ set: TableSet, rows: NewerRows? = nil) throws {
    try set.follow(runs.runs, reusing: rows, token: "test") { _, _ in }
  }

  /// Checks every row and term of tables against folding everything.
  func check(_ set: TableSet) throws {
    var rows: [EntityID: [TableValue]] = [:]
    var terms: [UInt32: Set<EntityID>] = [:]
    for (index, table) in set.tables.enumerated() {
      let name = runs.runs[index].name
      var touched: Set<EntityID> = []
      for type in table.types {
        let part = try #require(table.rows(ofType: type))
        for (row, origin) in try part.allIDs().enumerated() {
          let id = try #require(EntityID(type: type, origin: origin))
          rows[id] = try part.values(row)
          touched.insert(id)
          #expect(try part.row(of: origin) == row)
        }
      }
      let own = history.changes[Int(name.first) - 1..<Int(name.last)]
      #expect(touched == Set(own.map(\.change.on)))
      for term in 0..<20 as Range<UInt32> { terms[term, default: []].formUnion(try table.entities(term)) }
    }
    let all = Dictionary(grouping: history.changes[..<last], by: \.change.on)
    #expect(
      rows == all.reduce(into: [:]) { $0[$1.key] = projection.values(of: Fold.state(of: $1.key, $1.value)) })
    for term in 0..<20 as Range<UInt32> {
      let expected = all.filter { projection.terms(of: $0.key, $0.value).contains(term) }
      #expect(terms[term] == Set(expected.keys))
    }
  }

  func tableBytes() throws -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    for name in try disk.list("runs") where name.hasSuffix(".table") {
      found[name] = try disk.readAll("runs/\(name)")
    }
    return found
  }
}
