import Agent
import DeskSupport
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

/// A store that is written to keeps the states that were asked for last: they are what all changes come to.
@Suite("States that a store keeps")
struct RecentStateTests {
  @Test("Edits, syncs and compactions leave no old state behind", arguments: 0..<6 as Range<UInt64>)
  func laws(seed: UInt64) throws {
    let desks = try TwoDesks(seed: seed)
    var shift = DeskWork(SeededGenerator(seed: seed))
    var known: [EntityID] = []
    var compared = 0
    for _ in 0..<60 {
      for desk in [desks.anna, desks.bo] { try shift.work(desk, pieces: 1) }
      if shift.generator.oneIn(4) { try desks.sync() }
      if shift.generator.oneIn(8) { try desks.anna.store.compact(all: true) }
      for desk in [desks.anna, desks.bo] {
        if known.count < 6 { known = Array(desk.store.newer.keys.sorted().prefix(6)) }
        for entity in known {
          let changes = try desk.store.changes(of: entity)
          guard !changes.isEmpty else { continue }
          let state = Fold.state(of: entity, changes)
          #expect(try desk.store.state(of: entity) == state)
          if state.linked.isEmpty { #expect(try desk.store.mergedState(of: entity) == state) }
          #expect(desk.store.isErased(entity) == state.isErased)
          compared += 1
        }
      }
    }
    #expect(compared > 300)
  }
}
