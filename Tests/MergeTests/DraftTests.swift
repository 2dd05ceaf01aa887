import Causality
import Codec
import TestSupport
import Testing

@testable import Merge

/// A draft says only what changes something, and names exactly what its author saw.
@Suite struct DraftTests {
  static let on = FoldTests.on

  static func body(_ draft: Draft, over changes: PlacedChange...) -> String {
    String(decoding: draft.body(over: Fold.state(of: on, changes)), as: UTF8.self)
  }

  @Test func anEmptyDraftHasNoBody() {
    #expect(Draft().isEmpty && Draft().body(over: nil) == [])
  }

  @Test func aValueNamesAllHeads() {
    let body = Self.body(
      Draft(set: ["a": "z", "b": "new"]), over: FoldTests.change(2, 7, #""set":{"a":"x"}"#),
      FoldTests.change(1, 3, #""set":{"a":"y"}"#))
    #expect(body == #""set":{"a":"z","b":"new"},"over":{"a":["0000000001.3","0000000002.7"]}"#)
  }

  @Test func theSameValueIsLeftAloneUnlessItSettlesAConflict() {
    let x = FoldTests.change(1, 1, #""set":{"a":"x"}"#)
    #expect(Self.body(Draft(set: ["a": "x"]), over: x) == "")
    let settles = Self.body(Draft(set: ["a": "x"]), over: x, FoldTests.change(2, 1, #""set":{"a":"y"}"#))
    #expect(settles == #""set":{"a":"x"},"over":{"a":["0000000001.1","0000000002.1"]}"#)
  }

  @Test func clearingNamesTheHeadsAndNothingWhereThereIsNone() {
    var draft = Draft()
    draft.clear = ["a", "missing"]
    #expect(
      Self.body(draft, over: FoldTests.change(1, 1, #""set":{"a":"x"}"#)) == #""over":{"a":["0000000001.1"]}"#
    )
    #expect(draft.body(over: nil) == [])
  }

  @Test func elementsThatAreThereAreNotAddedAndOthersNotDropped() {
    var draft = Draft()
    draft.add = ["tags": ["leak", "tap", "tap"]]
    draft.drop = ["tags": ["urgent", "missing"], "none": ["x"]]
    let body = Self.body(
      draft, over: FoldTests.change(1, 1, #""add":{"tags":["leak","urgent"]}"#),
      FoldTests.change(2, 1, #""add":{"tags":["urgent"]}"#))
    #expect(body == #""add":{"tags":["tap"]},"drop":{"tags":{"urgent":["0000000001.1","0000000002.1"]}}"#)
  }

  @Test func stepsOfNothingAreLeftOut() {
    var draft = Draft()
    draft.count = ["a": 0, "b": -2]
    draft.log = ["timeline": JSONText("x")]
    draft.extra = [("later", JSONText(object: [("deep", JSONText(1))]))]
    draft.erase = true
    #expect(Self.body(draft) == #""log":{"timeline":"x"},"count":{"b":-2},"erase":true,"later":{"deep":1}"#)
  }

  /// Same draft, same state, same bytes: in every process, whatever Swift's hashing does.
  @Test func membersAreOrdered() {
    var draft = Draft()
    for letter in ["q", "b", "z", "a", "m", "B", "é", "c"] {
      let name = ExactString(letter)
      draft.set[name] = JSONText(1)
      draft.count[name] = 1
      draft.log[name] = JSONText(2)
      draft.add[name] = ["y", "x"]
    }
    let names = ["B", "a", "b", "c", "m", "q", "z", "é"]
    func members(_ value: String) -> String { names.map { "\"\($0)\":\(value)" }.joined(separator: ",") }
    #expect(
      Self.body(draft)
        == "\"set\":{\(members("1"))},"
        + "\"add\":{\(members("[\"y\",\"x\"]"))},\"log\":{\(members("2"))},\"count\":{\(members("1"))}"
    )
  }

  /// Whatever a state is, what a draft says over it is valid and has the wanted effect.
  @Test(arguments: 0..<100) func aDraftDoesWhatItSays(seed: UInt64) throws {
    let history = RandomHistory(seed: seed, changes: 25)
    let on = history.entities[0]
    let state = Fold.state(of: on, history.changes)
    var draft = Draft(set: ["status": "wanted"])
    draft.clear = ["priority"]
    draft.add = ["tags": ["wanted"]]
    draft.drop = ["tags": ["zz", "open"]]
    let change = Change(
      id: ChangeID(ReplicaID(bits: 5), 1), at: .zero, seen: 0, by: "eva", on: on,
      body: draft.body(over: state))
    #expect(try ChangeLine.parse(ChangeLine.text(change)) == change)
    let after = Fold.state(of: on, history.changes + [PlacedChange(change)])
    #expect(after.registers["status"]?.heads.map(\.value) == [JSONText("wanted")])
    #expect(after.registers["priority"] == nil)
    #expect(after.elements("tags").contains("wanted"))
    #expect(after.sets["tags"]?["zz"] == nil && after.sets["tags"]?["open"] == nil)
    #expect(draft.body(over: after) == [])
  }
}
