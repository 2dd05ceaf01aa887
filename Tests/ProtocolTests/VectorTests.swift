import Causality
import ChangeCodec
import Codec
import Merge
import SyncProtocol
import Testing

@Suite struct VectorTests {
  @Test func dictionaryIsTheFile() throws {
    try Golden.expect("dictionary-1.txt", PresetDictionary.bytes)
  }

  @Test func canonicalLinesAreReadAndWrittenBack() throws {
    for line in try Golden.lines("changes.jsonl") {
      let text = try #require(try JSONText(parsing: Array(line.utf8))["change"]).text
      #expect(ChangeLine.text(try ChangeLine.parse(text)) == text)
    }
  }

  @Test func statesAndDigest() throws {
    var entities: [EntityID: [PlacedChange]] = [:]
    for placed in try History.placed() { entities[placed.change.on, default: []].append(placed) }
    let states = entities.sorted { $0.key < $1.key }.map { Fold.state(of: $0.key, $0.value.shuffled()) }
    try Golden.expect("states.jsonl", states.map { $0.line + "\n" }.joined())
    let digest = states.reduce(UInt64(0)) { $0 &+ $1.digest }
    try Golden.expect("digest.txt", FNV1a.hex(digest) + "\n")
  }

  @Test func checkedLines() throws {
    var lines: [UInt8] = []
    for placed in try History.placed() where placed.change.id.replica.description == "k7f3q2hd9x" {
      ChangeLine.writeChecked(placed.change, to: &lines)
    }
    try Golden.expect("own.jsonl", lines)
  }

  @Test func storedBlocks() throws {
    var text: [UInt8] = []
    for block in try History.blocks() { BlockText.write(block, to: &text) }
    try Golden.expect("log.jsonl", text)
    #expect(try BlockText.parseAll(text.span) == History.blocks())
  }

  @Test func runMember() throws {
    var member = RunText()
    let placed = try History.placed().filter { $0.position != nil }
    for change in placed.sorted(by: { ($0.change.on, $0.position ?? 0) < ($1.change.on, $1.position ?? 0) }) {
      member.add(change)
    }
    var text: [UInt8] = []
    _ = member.finish(to: &text)
    try Golden.expect("run-member.jsonl", text)
    #expect(Set(try RunText.parse(text.span)) == Set(placed))
  }

  @Test func pushes() throws {
    let replica = try #require(ReplicaID("k7f3q2hd9x"))
    let changes = try History.placed().map(\.change).filter { $0.id.replica == replica }
    let defaults = BlockText.Defaults(replica: replica, by: "bo", seen: 3)
    let blocks = BlockText.blocks(of: changes)
    var text: [UInt8] = []
    for block in blocks { BlockText.write(block, leavingOut: defaults, to: &text) }
    try Golden.expect("push.jsonl", text)
    if Golden.isWriting {
      try Golden.expect("push.zlib", PushBody.encode(blocks, leavingOut: defaults))
      try Golden.expect("push.gz", Deflater().compress(text))
    }
    // Another zlib may compress otherwise, so what is stored is read, not written again.
    for name in ["push.zlib", "push.gz"] {
      #expect(try PushBody.decode(Golden.read(name), defaults: defaults) == blocks)
    }
  }

  @Test func stubs() throws {
    for line in try Golden.lines("stubs.jsonl") {
      let value = try JSONText(parsing: Array(line.utf8))
      let change = try ChangeLine.parse(try #require(value["change"]).text)
      let stub = try ChangeLine.parse(try #require(value["stub"]).text)
      #expect(change.stub == stub)
      #expect(stub.stub == stub)
      // The order's checksum does not tell them apart.
      #expect(Chain.next(0, [change], stamp: 1) == Chain.next(0, [stub], stamp: 1))
    }
  }

  @Test func refusedLines() throws {
    for line in try Golden.lines("refused.jsonl") {
      let value = try JSONText(parsing: Array(line.utf8))
      let text = try #require(value["line"]?.string)
      #expect(throws: JSONError.self, "\(value["why"]?.plain ?? "")") { try ChangeLine.parse(text) }
    }
  }
}
