import Causality
import Codec
import TestSupport
import Testing

@testable import Merge

/// Which head is shown is a pure function of the heads.
@Suite struct WinnerPolicyTests {
  static let policies: [WinnerPolicy] = [
    .latest, .earliest, .first(of: ["open", "pending", "solved"]), .last(of: ["low", "normal", "high"]),
    .first(of: []),
  ]

  static func heads(_ generator: inout SeededGenerator) -> [Head] {
    (0..<generator.int(1...5)).map { index in
      let time = HybridTime(milliseconds: UInt64(generator.int(1...3)), counter: UInt64(generator.int(0...1)))
      let words = ["open", "pending", "solved", "low", "high", "later"]
      return Head(
        id: ChangeID(ReplicaID(bits: UInt64(generator.int(1...3))), UInt64(index) + 1),
        value: generator.oneIn(6) ? JSONText(7) : JSONText(generator.pick(words)), by: "anna", at: time,
        effective: time, seen: 0, position: nil)
    }
  }

  @Test(arguments: 0..<100) func everyOrderHasTheSameWinner(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let heads = Self.heads(&generator)
    for policy in Self.policies {
      let winner = heads[policy.winner(among: heads)]
      forEachPermutation(of: heads) { #expect($0[policy.winner(among: $0)] == winner) }
      // Who lost does not matter: without the losers the winner stays.
      for loser in heads where loser != winner {
        let rest = heads.filter { $0 != loser }
        #expect(rest[policy.winner(among: rest)] == winner)
      }
    }
  }

  static func head(_ value: String, at milliseconds: UInt64, replica: UInt64 = 1) -> Head {
    let time = HybridTime(milliseconds: milliseconds)
    return Head(
      id: ChangeID(ReplicaID(bits: replica), 1), value: JSONText(value), by: "anna", at: time,
      effective: time, seen: 0,
      position: nil)
  }

  @Test func eachPolicyShowsWhatItSays() {
    let heads = [
      Self.head("solved", at: 9), Self.head("open", at: 5, replica: 2), Self.head("new", at: 7, replica: 3),
    ]
    #expect(heads[WinnerPolicy.latest.winner(among: heads)].value == JSONText("solved"))
    #expect(heads[WinnerPolicy.earliest.winner(among: heads)].value == JSONText("open"))
    #expect(heads[WinnerPolicy.first(of: ["open", "solved"]).winner(among: heads)].value == JSONText("new"))
    #expect(
      heads[WinnerPolicy.first(of: ["new", "open", "solved"]).winner(among: heads)].value == JSONText("new"))
    #expect(
      heads[WinnerPolicy.last(of: ["new", "solved", "open"]).winner(among: heads)].value == JSONText("open"))
  }

  @Test func ofAnObjectItsStateCounts() {
    func head(_ state: String, at milliseconds: UInt64) -> Head {
      let time = HybridTime(milliseconds: milliseconds)
      let value = JSONText(object: [("channel", JSONText("phone")), ("state", JSONText(state))])
      return Head(
        id: ChangeID(ReplicaID(bits: 1), milliseconds), value: value, by: "anna", at: time, effective: time,
        seen: 0, position: nil)
    }
    let heads = [head("withdrawn", at: 1), head("granted", at: 2), head("withdrawn", at: 3)]
    let policy = WinnerPolicy.first(of: ["withdrawn", "granted"])
    #expect(policy.winner(among: heads) == 2)
    #expect(policy.winner(among: Array(heads.prefix(2))) == 0)
    // What this version does not know is taken for the worst.
    #expect(policy.winner(among: heads + [head("paused", at: 0)]) == 3)
  }

  @Test func tiesGoToTheGreaterOrSmallerID() {
    let heads = [Self.head("a", at: 5), Self.head("b", at: 5, replica: 2)]
    #expect(heads[WinnerPolicy.latest.winner(among: heads)].id.replica == ReplicaID(bits: 2))
    #expect(heads[WinnerPolicy.earliest.winner(among: heads)].id.replica == ReplicaID(bits: 1))
  }
}
