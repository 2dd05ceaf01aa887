import Causality
import Codec
import TestSupport
import Testing

@testable import Merge

/// The master property: replicas that hold the same changes fold to the same state, however they came.
@Suite struct MergeLawTests {
  static func history(_ seed: UInt64) -> RandomHistory {
    RandomHistory(seed: seed, changes: Int(seed % 40) + 1, replicas: Int(seed % 4) + 1)
  }

  @Test(arguments: 0..<150) func anyOrderAndAnyDuplicationFoldAlike(seed: UInt64) {
    let history = Self.history(seed)
    var generator = SeededGenerator(seed: seed)
    for entity in history.entities {
      let line = Fold.state(of: entity, history.changes).line
      for _ in 0..<4 {
        let twice = history.changes + history.changes.filter { _ in Bool.random(using: &generator) }
        #expect(Fold.state(of: entity, twice.shuffled(using: &generator)).line == line)
      }
      #expect(Fold.state(of: entity, history.changes.reversed()).line == line)
    }
  }

  /// Every order of a few changes, not some of many.
  @Test(arguments: 0..<60) func everyOrderOfFiveFoldsAlike(seed: UInt64) {
    let history = RandomHistory(seed: 1000 + seed, changes: 5, replicas: 2)
    let line = Fold.state(of: history.entities[0], history.changes).line
    var orders = 0
    forEachPermutation(of: history.changes) { changes in
      orders += 1
      #expect(Fold.state(of: history.entities[0], changes).line == line)
    }
    #expect(orders == 120)
  }

  @Test(arguments: 0..<300) func theNaiveModelAgrees(seed: UInt64) {
    let history = RandomHistory(
      seed: seed, changes: Int(seed % 60) + 1, replicas: 3, entities: Int(seed % 3) + 1)
    let lines = NaiveModel.stateLines(of: history.changes.map { (ChangeLine.text($0.change), $0.stamp) })
    let states = history.entities.map { Fold.state(of: $0, history.changes) }.filter { $0.changeCount > 0 }
    #expect(Set(lines.keys) == Set(states.map(\.id.description)))
    for state in states { expectSame(lines[state.id.description], state.line) }
    let sum = states.reduce(UInt64(0)) { $0 &+ $1.digest }
    #expect(NaiveModel.digest(lines) == FNV1a.hex(sum))
  }

  @Test func anErasureWinsOverAllElse() {
    var changes = RandomHistory(seed: 7, changes: 30).changes
    let on = changes[0].change.on
    let erase = Change(
      id: ChangeID(ReplicaID(bits: 1), 1), at: .zero, seen: 0, by: "eva", on: on,
      body: Array(#""erase":true"#.utf8))
    changes.insert(PlacedChange(erase), at: 10)
    let state = Fold.state(of: on, changes)
    #expect(state.line == #"{"on":"\#(on)","changes":31,"erased":true}"#)
    expectSame(
      NaiveModel.stateLines(of: changes.map { (ChangeLine.text($0.change), $0.stamp) })["\(on)"], state.line)
  }

  @Test func changesOfOtherEntitiesDoNotCount() {
    let history = RandomHistory(seed: 3, changes: 40, entities: 2)
    let own = history.changes.filter { $0.change.on == history.entities[0] }
    #expect(own.count < history.changes.count)
    #expect(
      Fold.state(of: history.entities[0], own).line
        == Fold.state(of: history.entities[0], history.changes).line)
  }
}

/// Byte by byte: Swift takes strings for equal that have other bytes.
func expectSame(_ left: String?, _ right: String, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(
    left.map { Array($0.utf8) } == Array(right.utf8), "\(left ?? "nil") | \(right)",
    sourceLocation: sourceLocation)
}

/// Calls `body` with every order of the elements (B. R. Heap, 1963).
func forEachPermutation<Element>(of elements: [Element], _ body: ([Element]) -> Void) {
  var elements = elements
  func permute(_ count: Int) {
    guard count > 1 else { return body(elements) }
    for index in 0..<count {
      permute(count - 1)
      if index < count - 1 { elements.swapAt(count.isMultiple(of: 2) ? index : 0, count - 1) }
    }
  }
  permute(elements.count)
}
