import Testing

@testable import Causality

@Suite struct IdentifierTests {
  @Test func replicaTextRoundTripsAndOrders() {
    var generator = SystemRandomNumberGenerator()
    var ids = (0..<500).map { _ in ReplicaID.random(using: &generator) }
    for id in ids { #expect(ReplicaID(id.description) == id) }
    ids.sort()
    #expect(ids.map(\.description) == ids.map(\.description).sorted())
  }

  @Test(arguments: [
    "", "k7f3q2hd9", "k7f3q2hd9xx", "K7F3Q2HD9X", "k7f3q2hd9i", "k7f3q2hd9l", "k7f3q2hd9u", "é7f3q2hd9",
  ])
  func malformedReplicaIsRefused(text: String) {
    #expect(ReplicaID(text) == nil)
  }

  @Test func everyBase32CharacterIsItsOwnInverse() {
    for value in UInt8(0)..<32 { #expect(Base32.value(of: Base32.digit(value)) == value) }
    #expect((UInt8(0)...255).filter { Base32.value(of: $0) < 32 }.count == 32)
  }

  @Test func changeIDParses() throws {
    let id = try #require(ChangeID("k7f3q2hd9x.418"))
    #expect(id.sequence == 418)
    #expect(id.description == "k7f3q2hd9x.418")
    #expect(ChangeID("k7f3q2hd9x.9007199254740991") != nil)
  }

  @Test(arguments: [
    "k7f3q2hd9x", "k7f3q2hd9x.", "k7f3q2hd9x.0", "k7f3q2hd9x.01", "k7f3q2hd9x.-1",
    "k7f3q2hd9x.9007199254740992",
    "k7f3q2hd9x.99999999999999999999", "k7f3q2hd9x.1 ", ".1", "k7f3q2hd9x-1",
  ])
  func malformedChangeIDIsRefused(text: String) {
    #expect(ChangeID(text) == nil)
  }
}
