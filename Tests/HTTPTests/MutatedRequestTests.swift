import TestSupport
import Testing

@testable import HTTP

/// Requests with random damage: no trap, and the same events however they are cut.
@Suite struct MutatedRequestTests {
  private static let pieces: [[UInt8]] = [
    [0x0D, 0x0A], [0x0A], [0x0D], [0x00], [0x20], [0x09], [0x3A], [0x25], [0xFF], [0x0D, 0x0A, 0x20],
    Array("Content-Length: 3\r\n".utf8), Array("Transfer-Encoding: chunked\r\n".utf8),
    Array("0\r\n\r\n".utf8),
    Array("HTTP/1.1".utf8), Array("fffffffffffffffff".utf8), Array("%2e".utf8), Array("Host: b\r\n".utf8),
  ]

  @Test(arguments: 0..<20) func damageIsSeenTheSameHoweverItIsCut(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
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
