import ChangeCodec
import Codec
import SyncProtocol
import Testing

/// What a push may hold beyond its bytes.
@Suite struct PushLimitTests {
  /// Nearly nothing on the wire can be very many changes in memory.
  @Test func changesOfAPushAreCounted() throws {
    #expect(try PushBody.decode(Self.push(65_536), defaults: nil).reduce(0) { $0 + $1.count } == 65_536)
    let refusal = #expect(throws: Refusal.self) { try PushBody.decode(Self.push(65_537), defaults: nil) }
    #expect(try #require(refusal).code == .tooLarge)
  }

  private static func push(_ count: Int) -> [UInt8] {
    var text = ""
    for first in stride(from: 1, through: count, by: 10_000) {
      let changes = min(10_000, count + 1 - first)
      let rest = changes - 1
      text += "{\"replica\":\"k7f3q2hd9x\",\"by\":\"a\",\"seen\":0,\"seq\":\(first),\"times\":[1"
      text +=
        String(repeating: ",0", count: rest) + "],\"on\":[\"ticket/\""
        + String(repeating: ",\"\"", count: rest)
      text += "]}\n" + String(repeating: "{}\n", count: changes)
    }
    return Deflater().compress(Array(text.utf8))
  }
}
