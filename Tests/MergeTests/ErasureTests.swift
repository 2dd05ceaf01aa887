import Causality
import Codec
import Merge
import TestSupport
import Testing

@Suite struct StubTests {
  private func change(_ members: String) throws -> Change {
    let line =
      "{\"id\":\"k7f3q2hd9x.418\",\"at\":\"2026-11-21T17:21:03.306Z\",\"seen\":7,\"by\":\"anna\",\"on\":\"ticket/b2x9m1c0aa.64\""
    return try ChangeLine.parse(line + (members.isEmpty ? "" : "," + members) + "}")
  }

  private func stub(_ members: String) throws -> String {
    let text = ChangeLine.text(try change(members).stub)
    let prefix = ChangeLine.text(try change("")).dropLast()
    return String(text.dropFirst(prefix.count).dropLast())
  }

  @Test func bodiesGoAndWhatErasesStays() throws {
    #expect(try stub("\"set\":{\"name\":\"Maja\"},\"later\":{\"deep\":[1]}") == "")
    #expect(try stub("\"set\":{\"name\":\"Maja\"},\"was\":\"b2x9m1c0aa.3\"") == ",\"was\":\"b2x9m1c0aa.3\"")
    #expect(
      try stub("\"erase\":true,\"set\":{\"a\":1},\"of\":\"customer/b2x9m1c0aa.3\",\"because\":\"asked\"")
        == ",\"erase\":true,\"of\":\"customer/b2x9m1c0aa.3\",\"because\":\"asked\"")
  }

  /// Nobody keeps a text by giving it a name that a stub keeps.
  @Test func nothingElseHidesInAStub() throws {
    #expect(try stub("\"was\":\"Maja Lind\"") == "")
    #expect(try stub("\"because\":\"Maja Lind\",\"of\":\"customer/b2x9m1c0aa.3\"") == "")
    #expect(
      try stub("\"erase\":true,\"of\":\"Maja Lind\",\"because\":{\"name\":\"Maja\"}") == ",\"erase\":true")
    let long = String(repeating: "x", count: Change.maximumReason)
    #expect(try stub("\"erase\":true,\"because\":\"\(long)\"") == ",\"erase\":true")
  }

  @Test func whatErases() throws {
    #expect(try change("\"erase\":true").erases)
    #expect(try change("\"set\":{\"a\":1},\"erase\":true").erases)
    #expect(try !change("\"set\":{\"erase\":true}").erases)
    #expect(try !change("\"log\":{\"timeline\":{\"text\":\"\\\"erase\\\":true\"}}").erases)
    #expect(try !change("").erases)
    #expect(try !change("\"erase\":true").withdrawn([]).erases)
  }

  /// What came of an import carries what it was made of, by which a second import knows it.
  @Test func anErasureThatIsTakenBackLosesNothingElse() throws {
    let others = "\"org\":\"m2p8v0w1zz.7\",\"x\":[{\"of\":1}],\"was\":\"b2x9m1c0aa.3\""
    let erasure = try change(
      "\"erase\":true,\"of\":\"customer/b2x9m1c0aa.3\",\(others),\"because\":\"asked\"")
    #expect(try erasure.withdrawn([]) == change(others))
    #expect(try change("\"erase\":true").withdrawn([]) == change(""))
  }

  /// Unless it was made for another one, or is somebody's edit.
  @Test func withAnErasureGoesWhatCameAlong() throws {
    let customer = try #require(EntityID("customer/b2x9m1c0aa.3"))
    let along = try change("\"set\":{\"a\":1},\"of\":\"\(customer)\",\"was\":\"b2x9m1c0aa.3\"")
    #expect(along.madeForErasure == customer)
    #expect(try along.withdrawn([customer]) == change("\"was\":\"b2x9m1c0aa.3\""))
    #expect(along.withdrawn([]) == along)
    let edit = try change("\"set\":{\"a\":{\"of\":\"\(customer)\"}}")
    #expect(edit.withdrawn([customer]) == edit)
  }

  @Test func anEditIsTheSameWithItsStubOnly() throws {
    let edit = try change("\"set\":{\"name\":\"Maja\"}")
    #expect(edit.isSame(as: edit.stub))
    #expect(edit.stub.isSame(as: edit))
    #expect(try !edit.isSame(as: change("\"set\":{\"name\":\"Bo\"}")))
    #expect(try !change("\"erase\":true").isSame(as: edit))
  }

  /// Whatever a history holds: its stubs are their own stubs, and with an erasure fold to the same state as what they were.
  @Test(arguments: 0..<40 as Range<UInt64>) func stubsFoldToTheSameState(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let history = RandomHistory(seed: seed, changes: Int(seed) + 5, entities: 2)
    for (entity, changes) in Dictionary(grouping: history.changes, by: { $0.change.on }) {
      let id = ChangeID(ReplicaID(bits: 7), 1)
      let body = Array("\"erase\":true".utf8)
      let erasure = PlacedChange(Change(id: id, at: .zero, seen: 0, by: "bo", on: entity, body: body))
      let stubs = changes.map { placed in
        PlacedChange(
          placed.change.stub, position: placed.position, stamp: placed.stamp, seenLimit: placed.seenLimit)
      }
      for placed in stubs { #expect(placed.change.isStub && placed.change.stub == placed.change) }
      var mixed = zip(changes, stubs).map { generator.oneIn(2) ? $0 : $1 } + [erasure]
      mixed.shuffle(using: &generator)
      #expect(Fold.state(of: entity, changes + [erasure]).line == Fold.state(of: entity, mixed).line)
    }
  }
}
