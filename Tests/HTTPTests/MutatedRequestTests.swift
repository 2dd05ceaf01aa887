import Testing

@testable import HTTP

/// Requests with random damage: no trap, and the same events however they are cut.
@Suite struct MutatedRequestTests {
  /// A generator that gives the same numbers for the same seed (SplitMix64).
  struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private static let pieces: [[UInt8]] = [
    [0x0D, 0x0A], [0x0A], [0x0D], [0x00], [0x20], [0x09], [0x3A], [0x25], [0xFF], [0x0D, 0x0A, 0x20],
    Array("Content-Length: 3\r\n".utf8), Array("Transfer-Encoding: chunked\r\n".utf8),
    Array("0\r\n\r\n".utf8),
    Array("HTTP/1.1".utf8), Array("fffffffffffffffff".utf8), Array("%2e".utf8), Array("Host: b\r\n".utf8),
  ]

  @Test(arguments: 0..<20) func damageIsSeenTheSameHoweverItIsCut(_ seed: UInt64) {
    var random = Random(state: seed)
    let sources = AcceptedRequestTests.samples.map { Array($0.input.utf8) }
    for round in 0..<150 {
      var input = sources.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0...input.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where place < input.count: input[place] = UInt8.random(in: 0...255, using: &random)
        case 1 where place < input.count: input.remove(at: place)
        case 2: input.removeSubrange(place..<min(input.count, place + 5))
        default: input.insert(contentsOf: Self.pieces.randomElement(using: &random) ?? [], at: place)
        }
      }
      let whole = ParserEvents.of(input)
      let cuts = (0..<3).map { _ in Int.random(in: 0...input.count, using: &random) }.sorted()
      if ParserEvents.bytewise(input) != whole || ParserEvents.of(input, cuts: cuts) != whole {
        Issue.record(
          "seed \(seed), round \(round): \(String(decoding: input, as: UTF8.self).debugDescription)")
      }
    }
  }
}
