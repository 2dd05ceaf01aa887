import Causality
import Codec
import Merge
import Testing

@testable import ChangeCodec

@Suite struct RoundTripTests {
  static let replica = ReplicaID(bits: 77)

  static let bodies = [
    "\"set\":{\"a\":\"short\"}", "\"set\":{\"a\":\"a long text \\\" with quotes \\\"\\\"\"}",
    "\"set\":{\"a\":\"\"}",
    "\"set\":{\"a\":\"say \\\"\\\"\"}", "\"set\":{\"a\":0}", "\"set\":{\"a\":[\"\",\"\"]}",
    "\"set\":{\"a:\":\"\",\"b\":[\"long long long long\",\"\\\\\"]}", "\"x\":{\"long long long long\":1}", "",
    "\"x\":\"}]}]}]}]}]}]}]}]}]\"", "\"x\":\"ends with :\\\"\\\"\"", "\"x\":[]",
    "\"x\":\"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"",
    "\"log\":{\"timeline\":{\"kind\":\"message\",\"text\":\"Rør utæt i kælderen, igen 😀\"}},\"future\":{\"deep\":[1,2,{\"a\":null}]}",
    "\"set\":{\"status\":\"open\"},\"over\":{\"status\":[\"b2x9m1c0aa.66177\",\"b2x9m1c0aa.123456789\"]}",
    "\"add\":{\"tags\":[\"leak\",\"æ\"]},\"drop\":{\"tags\":{\"urgent\":[\"b2x9m1c0aa.70\"]}},\"count\":{\"calls\":-2}",
  ]

  static func changes(_ generator: inout SeededGenerator, count: Int, first: UInt64 = 1) -> [Change] {
    var time: UInt64 = 1_795_281_663_306
    return (0..<count).map { index in
      time = UInt64(Int64(time) + Int64.random(in: -1000...100_000, using: &generator))
      let id = ChangeID(replica, first + UInt64(index))
      let origin =
        Bool.random(using: &generator)
        ? id : ChangeID(ReplicaID(bits: 5), UInt64.random(in: 1...3, using: &generator))
      let type = Bool.random(using: &generator) ? "ticket" : "customer"
      return Change(
        id: id, at: HybridTime(milliseconds: time, counter: UInt64.random(in: 0...2, using: &generator)),
        seen: 7,
        by: ["anna", "bo \"the\" plumber", "é"].randomElement(using: &generator) ?? "anna",
        on: EntityID(type: type, origin: origin) ?? fallback,
        body: Array((bodies.randomElement(using: &generator) ?? "").utf8))
    }
  }

  static let fallback = EntityID("ticket/0000000001.1").unsafelyUnwrapped  // A literal that parses.

  @Test(arguments: 0..<200) func blockRoundTrips(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let changes = Self.changes(&generator, count: Int.random(in: 1...40, using: &generator))
    let placement = seed % 2 == 0 ? Placement(first: 10, stamp: 1_795_281_700_000, sum: 0x1234_5678) : nil
    let block = Block(changes, placement: placement, seenLimit: seed % 3 == 0 ? 5 : nil)
    var text: [UInt8] = []
    let cuts = BlockText.write(block, to: &text)
    #expect(cuts.last == text.count)
    let twice = text + text
    #expect(try BlockText.parseAll(twice.span) == [block, block])
    var slim: [UInt8] = []
    let defaults = BlockText.Defaults(replica: Self.replica, by: "anna", seen: 7)
    BlockText.write(block, leavingOut: defaults, to: &slim)
    #expect(slim.count < text.count)
    #expect(try BlockText.parseAll(slim.span, defaults: defaults, maximumCount: 40) == [block])
  }

  @Test(arguments: 0..<200) func runMemberRoundTrips(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var placed: [PlacedChange] = []
    var position: UInt64 = 1
    for block in 0..<UInt64.random(in: 1...5, using: &generator) {
      for change in Self.changes(
        &generator, count: Int.random(in: 1...20, using: &generator), first: 1 + block * 100)
      {
        placed.append(
          PlacedChange(change, position: position, stamp: 1000 + block, seenLimit: block == 2 ? 3 : nil))
        position += 1
      }
    }
    placed.sort { ($0.change.on, $0.position ?? 0) < ($1.change.on, $1.position ?? 0) }
    var member = RunText()
    for change in placed { member.add(change) }
    var text: [UInt8] = []
    _ = member.finish(to: &text)
    #expect(try RunText.parse(text.span) == placed)
    #expect(member.isEmpty)
    // One entity's changes alone are the same as among all, and those of some.
    let entities = Set(placed.map(\.change.on)).sorted()
    for entity in entities {
      #expect(try RunText.parse(text.span, only: [entity]) == placed.filter { $0.change.on == entity })
    }
    let unknown = EntityID(constant: "ticket", ChangeID(ReplicaID(bits: 1), 1 << 40))
    #expect(try RunText.parse(text.span, only: [unknown]).isEmpty)
    for _ in 0..<4 {
      let some = entities.filter { _ in Bool.random(using: &generator) } + [unknown]
      let found = try RunText.parse(text.span, only: some.shuffled(using: &generator))
      #expect(found == placed.filter { some.contains($0.change.on) })
    }
  }

  @Test func cutMembersAreErrorsAndDamageNeverTraps() throws {
    var generator = SeededGenerator(seed: 2)
    let changes = Self.changes(&generator, count: 6).sorted { ($0.on, $0.id) < ($1.on, $1.id) }
    var member = RunText()
    for (index, change) in changes.enumerated() {
      member.add(PlacedChange(change, position: UInt64(index + 1), stamp: 1000))
    }
    var text: [UInt8] = []
    _ = member.finish(to: &text)
    let entities = Set(changes.map(\.on)).sorted()
    for index in text.indices {
      let cut = Array(text[..<index])
      #expect((try? RunText.parse(cut.span)) == nil)
      for entity in entities { _ = try? RunText.parse(cut.span, only: [entity]) }
      for value: UInt8 in [0, 0x22, 0x5C, 0x39, 0xFF, text[index] ^ 1] where value != text[index] {
        var damaged = text
        damaged[index] = value
        _ = try? RunText.parse(damaged.span)
        for entity in entities { _ = try? RunText.parse(damaged.span, only: [entity]) }
        _ = try? RunText.parse(damaged.span, only: entities)
      }
    }
  }

  @Test func damageAtEveryByteIsAnErrorOrAnotherBlock() throws {
    var generator = SeededGenerator(seed: 1)
    let block = Block(Self.changes(&generator, count: 6), placement: Placement(first: 10, stamp: 5, sum: 9))
    var text: [UInt8] = []
    BlockText.write(block, to: &text)
    for index in text.indices {
      let cut = Array(text[..<index])
      if let blocks = try? BlockText.parseAll(cut.span) { #expect(blocks != [block]) }
      for value: UInt8 in [0, 0x22, 0x5C, 0x39, 0xFF, text[index] ^ 1] where value != text[index] {
        var damaged = text
        damaged[index] = value
        if let blocks = try? BlockText.parseAll(damaged.span) { #expect(blocks != [block]) }
        _ = try? RunText.parse(damaged.span)
      }
    }
  }

  @Test func chainContinues() {
    var generator = SeededGenerator(seed: 3)
    let changes = Self.changes(&generator, count: 10)
    let whole = Chain.next(0, changes, stamp: 5)
    #expect(Chain.next(Chain.next(0, changes[..<4], stamp: 5), changes[4...], stamp: 5) == whole)
    #expect(Chain.next(0, changes.map { PlacedChange($0, position: 1, stamp: 5) }) == whole)
    #expect(Chain.next(0, Block(changes, placement: Placement(first: 1, stamp: 5, sum: 0))) == whole)
    #expect(Chain.next(1, changes, stamp: 5) != whole)
    // Another server, or the same one after a restore, received the same changes at another time.
    #expect(Chain.next(0, changes, stamp: 6) != whole)
    #expect(Chain.next(0, changes, stamp: 5, seenLimit: 1) != whole)
  }
}

/// SplitMix64: small, seeded and the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
