import Causality
import Codec
import TestSupport
import Testing

@testable import Merge

/// What each verb means, one small history each.
@Suite struct FoldTests {
  static let on = EntityID("ticket/0000000001.1").unsafelyUnwrapped  // A literal that parses.

  /// Change `sequence` of replica 1, 2 or 3.
  static func change(
    _ replica: UInt64, _ sequence: UInt64, _ body: String, at: UInt64 = 1000, stamp: UInt64? = nil
  ) -> PlacedChange {
    let change = Change(
      id: ChangeID(ReplicaID(bits: replica), sequence), at: HybridTime(milliseconds: at), seen: 0, by: "anna",
      on: on,
      body: Array(body.utf8))
    return PlacedChange(change, position: stamp.map { _ in sequence }, stamp: stamp)
  }

  static func state(_ changes: PlacedChange...) -> EntityState { Fold.state(of: on, changes) }

  @Test func aLaterValueReplacesTheHeadsThatItNames() {
    let first = Self.change(1, 1, #""set":{"status":"new"}"#)
    let left = Self.change(2, 1, #""set":{"status":"open"},"over":{"status":["0000000001.1"]}"#)
    let right = Self.change(3, 1, #""set":{"status":"solved"},"over":{"status":["0000000001.1"]}"#, at: 2000)
    let disputed = Self.state(first, left, right)
    #expect(disputed.conflicts == ["status"])
    #expect(disputed.string("status") == "solved")
    #expect(disputed.string("status", .first(of: ["open", "solved"])) == "open")
    #expect(disputed.registers["status"]?.heads.map(\.value) == [JSONText("open"), JSONText("solved")])
    let settled = Self.change(
      1, 2, #""set":{"status":"open"},"over":{"status":["0000000002.1","0000000003.1"]}"#)
    let state = Self.state(settled, first, left, right)
    #expect(state.conflicts.isEmpty && state.string("status") == "open")
  }

  @Test func equalValuesWrittenInParallelAreNoConflict() {
    let state = Self.state(Self.change(1, 1, #""set":{"a":"x"}"#), Self.change(2, 1, #""set":{"a":"x"}"#))
    #expect(state.conflicts.isEmpty && state.registers["a"]?.heads.count == 2)
  }

  @Test func aClearedRegisterIsGone() {
    let state = Self.state(
      Self.change(1, 1, #""set":{"a":"x"}"#), Self.change(1, 2, #""over":{"a":["0000000001.1"]}"#))
    #expect(state.registers.isEmpty && state.changeCount == 2)
  }

  @Test func anAddThatTheDropDidNotSeeWins() {
    let add = Self.change(1, 1, #""add":{"tags":["leak"]}"#)
    let drop = Self.change(2, 1, #""drop":{"tags":{"leak":["0000000001.1"]}}"#)
    let again = Self.change(3, 1, #""add":{"tags":["leak"]}"#)
    #expect(Self.state(add, drop).elements("tags") == [])
    #expect(Self.state(add, drop, again).sets["tags"] == ["leak": [again.change.id]])
    #expect(Self.state(add, again, drop).elements("tags") == ["leak"])
  }

  @Test func aDropOfAnotherFieldOrElementTakesNothing() {
    let add = Self.change(1, 1, #""add":{"tags":["leak"]}"#)
    let elsewhere = Self.change(
      2, 1, #""drop":{"flags":{"leak":["0000000001.1"]},"tags":{"tap":["0000000001.1"]}}"#)
    #expect(Self.state(add, elsewhere).elements("tags") == ["leak"])
  }

  @Test func logsOrderByEffectiveTimeThenID() {
    let state = Self.state(
      Self.change(2, 1, #""log":{"timeline":"b"}"#, at: 2000),
      Self.change(3, 1, #""log":{"timeline":"c"}"#, at: 2000),
      Self.change(1, 1, #""log":{"timeline":"late"}"#, at: 900_000, stamp: 1000),
      Self.change(1, 2, #""log":{"timeline":"first"}"#, at: 1))
    #expect(state.logs["timeline"]?.map(\.value.plain) == ["first", "late", "b", "c"])
  }

  @Test func countersAdd() {
    let state = Self.state(
      Self.change(1, 1, #""count":{"calls":5}"#), Self.change(2, 1, #""count":{"calls":-7}"#),
      Self.change(2, 2, #""count":{"zero":0}"#))
    #expect(state.counters == ["calls": -2, "zero": 0])
  }

  @Test func stringsThatSwiftTakesForEqualAreTwo() {
    let state = Self.state(
      Self.change(1, 1, "\"set\":{\"\u{E9}\":1,\"e\u{301}\":2},\"add\":{\"s\":[\"\u{E9}\",\"e\u{301}\"]}"))
    #expect(state.registers.count == 2 && state.sets["s"]?.count == 2)
  }

  @Test(
    arguments: [
      (301_000, 1000, 301_000), (301_001, 1000, 1000), (900_000, 1000, 1000), (0, 1000, 0),
      (5, UInt64.max, 5),
    ] as [(UInt64, UInt64, UInt64)])
  func aDateBeyondTheToleranceCountsAsTheReceipt(at: UInt64, stamp: UInt64, effective: UInt64) {
    let change = PlacedChange(Self.change(1, 1, "", at: at).change, position: 1, stamp: stamp)
    #expect(change.effective == HybridTime(milliseconds: effective))
    #expect(change.isClamped == (at != effective))
  }

  @Test func aClampedChangeDoesNotWinForDays() {
    let ahead = Self.change(1, 1, #""set":{"a":"ahead"}"#, at: 90_000_000, stamp: 1000)
    let right = Self.change(2, 1, #""set":{"a":"right"}"#, at: 2000, stamp: 2000)
    #expect(Self.state(ahead, right).string("a") == "right")
    #expect(
      Self.state(Self.change(1, 1, #""set":{"a":"ahead"}"#, at: 90_000_000), right).string("a") == "ahead")
  }

  @Test func whoKnewWhat() {
    func placed(
      _ replica: UInt64, _ sequence: UInt64, at position: UInt64, seen: UInt64, limit: UInt64? = nil
    ) -> PlacedChange {
      let change = Change(
        id: ChangeID(ReplicaID(bits: replica), sequence), at: .zero, seen: seen, by: "anna", on: Self.on,
        body: [])
      return PlacedChange(change, position: position, stamp: 1, seenLimit: limit)
    }
    let first = placed(1, 1, at: 5, seen: 0)
    #expect(placed(2, 1, at: 6, seen: 5).knew(first))
    #expect(!placed(2, 1, at: 6, seen: 4).knew(first))
    #expect(!placed(2, 1, at: 6, seen: 5, limit: 4).knew(first))
    #expect(placed(1, 2, at: 6, seen: 0).knew(first))
    #expect(!first.knew(placed(1, 2, at: 6, seen: 0)))
    #expect(!placed(2, 1, at: 6, seen: 5).knew(PlacedChange(first.change)))
    // Nobody knew what came later, whatever the change says.
    #expect(!placed(2, 1, at: 6, seen: 1000).knew(placed(1, 2, at: 7, seen: 0)))
    #expect(placed(2, 1, at: 6, seen: 1000).knew(first))
  }
}
