import Causality
import Codec
import TestSupport
import Testing

@testable import Merge

/// What a retention setting takes away, and what it must not.
@Suite struct ThinningTests {
  private static let now: UInt64 = 1_795_281_663_000
  private static let ticket = EntityID(constant: "ticket", ChangeID(ReplicaID(bits: 9), 1))

  /// Changes of one entity by position, one a day: the author's replica, what they had seen, and the body.
  private func line(_ steps: [(replica: UInt64, seen: UInt64, body: String)]) -> [PlacedChange] {
    var sequences: [UInt64: UInt64] = [:]
    return steps.enumerated().map { index, step in
      sequences[step.replica, default: 0] += 1
      let change = Change(
        id: ChangeID(ReplicaID(bits: step.replica), sequences[step.replica] ?? 0),
        at: HybridTime(milliseconds: Self.now + UInt64(index) * 86_400_000), seen: step.seen, by: "anna",
        on: Self.ticket, body: Array(step.body.utf8))
      return PlacedChange(change, position: UInt64(index) + 1, stamp: change.at.milliseconds)
    }
  }

  private func id(_ replica: UInt64, _ sequence: UInt64) -> String {
    "\(ChangeID(ReplicaID(bits: replica), sequence))"
  }

  private func thinning(day: UInt64 = 100) -> Thinning {
    Thinning(before: Self.now + day * 86_400_000) { _, field in field != "status" }
  }

  /// The values of a field, in order; nil for what was thinned.
  private func values(_ changes: [PlacedChange], _ field: ExactString) -> [String?] {
    var found: [String?] = []
    for placed in changes {
      try? ChangeBody.operations(of: placed.change.body) { operation in
        if case .set(field, let value) = operation {
          found.append(value == Thinning.mark ? nil : value.plain)
        }
      }
    }
    return found
  }

  @Test func replacedValuesGoAndAllElseStays() throws {
    let changes = line([
      (1, 0, #""set":{"a":"one","status":"new"},"log":{"timeline":{"text":"one"}}"#),
      (2, 1, #""set":{"a":"two","status":"open"},"over":{"a":["\#(id(1, 1))"],"status":["\#(id(1, 1))"]}"#),
      (1, 2, #""set":{"a":"three"},"over":{"a":["\#(id(2, 1))"]},"x":[1]"#),
    ])
    let (thinned, count) = thinning().thin(changes)
    #expect(count == 2)
    #expect(values(thinned, "a") == [nil, nil, "three"])
    #expect(values(thinned, "status") == ["new", "open"])
    #expect(thinned[2] == changes[2])
    #expect(
      String(decoding: thinned[0].change.body, as: UTF8.self)
        == #""set":{"a":{"thinned":true},"status":"new"},"log":{"timeline":{"text":"one"}}"#)
    #expect(Fold.state(of: Self.ticket, thinned).line == Fold.state(of: Self.ticket, changes).line)
    // Done once, there is nothing left to do.
    #expect(thinning().thin(thinned).count == 0)
  }

  @Test func aValueStaysUntilItWasReplacedLongEnoughAgo() {
    let changes = line([
      (1, 0, #""set":{"a":"one"}"#), (1, 0, #""set":{"a":"two"},"over":{"a":["\#(id(1, 1))"]}"#),
      (1, 0, #""set":{"a":"three"},"over":{"a":["\#(id(1, 2))"]}"#),
    ])
    #expect(thinning(day: 1).thin(changes).count == 0)
    #expect(values(thinning(day: 2).thin(changes).changes, "a") == [nil, "two", "three"])
  }

  @Test func aFieldThatPeopleDisagreedAboutIsKept() {
    let parallel = line([
      (1, 0, #""set":{"a":"one"}"#), (1, 0, #""set":{"a":"two"},"over":{"a":["\#(id(1, 1))"]}"#),
      // Did not know "two".
      (2, 1, #""set":{"a":"three"},"over":{"a":["\#(id(1, 1))"]}"#),
      (1, 3, #""set":{"a":"four"},"over":{"a":["\#(id(1, 2))","\#(id(2, 1))"]}"#),
      (1, 3, #""set":{"a":"five"},"over":{"a":["\#(id(1, 3))"]}"#),
    ])
    #expect(thinning().thin(parallel).count == 0)
  }

  @Test func mergedAndErasedEntitiesAreKept() {
    let steps: [(replica: UInt64, seen: UInt64, body: String)] = [
      (1, 0, #""set":{"a":"one"}"#), (1, 0, #""set":{"a":"two"},"over":{"a":["\#(id(1, 1))"]}"#),
    ]
    #expect(thinning().thin(line(steps)).count == 1)
    #expect(thinning().thin(line(steps + [(1, 0, #""add":{"same":["ticket/b2x9m1c0aa.7"]}"#)])).count == 0)
    #expect(thinning().thin(line(steps + [(1, 0, #""erase":true"#)])).count == 0)
  }

  @Test func anEditIsTheSameHoweverMuchOfItWasThinned() {
    let change = line([(1, 0, #""set":{"a":"one","b":"two","c":"three"}"#)])[0].change
    let (left, right) = (change.thinned(["a"]), change.thinned(["b"]))
    #expect(change.isSame(as: left) && left.isSame(as: change) && left.isSame(as: right))
    #expect(left.isSame(as: change.stub))
    let other = line([(1, 0, #""set":{"a":"one","b":"another","c":"three"}"#)])[0].change
    #expect(!left.isSame(as: other) && !other.isSame(as: left))
    #expect(right.isSame(as: other))
    #expect(left.thinnedFields == ["a"] && change.thinnedFields.isEmpty)
  }

  /// Whatever a history holds, what is thinned changes no state, not of the whole and not of what any author saw of the fields
  /// that still have values.
  @Test(arguments: 0..<200 as Range<UInt64>) func statesAreTheSame(seed: UInt64) {
    let history = RandomHistory(seed: seed, changes: Int(seed % 60) + 5, replicas: Int(seed % 3) + 1)
    for entity in history.entities {
      let changes = history.changes.filter { $0.change.on == entity }
      let thinned = thinning().thin(changes).changes
      #expect(Fold.state(of: entity, thinned).line == Fold.state(of: entity, changes).line)
      for (one, other) in zip(changes, thinned) {
        #expect(one.change.isSame(as: other.change) && one.change.stub == other.change.stub)
      }
      for end in changes.indices {
        let (before, after) = (
          Fold.state(of: entity, changes[...end]), Fold.state(of: entity, thinned[...end])
        )
        #expect(before.conflicts == after.conflicts)
        for (field, register) in before.registers {
          let heads = after.registers[field]?.heads ?? []
          #expect(register.heads.map(\.id) == heads.map(\.id))
          for (head, other) in zip(register.heads, heads) where other.value != Thinning.mark {
            #expect(head == other)
          }
        }
      }
    }
  }
}
