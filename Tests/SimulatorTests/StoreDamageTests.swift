import Agent
import Merge
import Storage
import TestSupport
import Testing

@testable import Simulator

/// A small store of every kind of file, damaged at each byte: opened without a trap, the damage named, what was not
/// damaged still there, and after a sync everything again.
@Suite struct StoreDamageTests {
  /// A desk whose first agent has runs, a log behind them, sealed and open files of own changes, two unsent.
  static func desk() throws -> (Desk, SimAgent) {
    var sizes = Sizes()
    sizes.ownFile = 200
    sizes.ownStep = 64
    let desk = try Desk(sizes: sizes)
    let anna = try desk.agent("anna")
    let bo = try desk.agent("bo")
    let first = try desk.edit(anna, "a1")
    try desk.sync(anna)
    try desk.sync(bo)
    try desk.edit(bo, "b1", on: first.on)
    try desk.sync(bo)
    try desk.sync(anna)
    try anna.store?.compact(all: true)
    try desk.edit(anna, "a2", on: first.on)
    try desk.edit(bo, "b2")
    try desk.sync(bo)
    try desk.sync(anna)
    try desk.edit(anna, "u1")
    try desk.edit(anna, "u2", on: first.on)
    anna.stop()
    return (desk, anna)
  }

  static let mirrored = ["a1", "a2", "b1", "b2"]

  @Test func theStoreHasEveryKindOfFile() throws {
    let (_, anna) = try Self.desk()
    for kind in [".json", ".jsonl", "own/", "log/", "runs/", ".index"] {
      #expect(
        anna.disk.paths.contains { $0.hasPrefix(kind) || $0.hasSuffix(kind) }, "\(kind) \(anna.disk.paths)")
    }
    #expect(anna.disk.paths.count { $0.hasPrefix("own/") } > 1, "\(anna.disk.paths)")
  }

  /// Each byte of each file flipped in one bit, and each file cut at each byte.
  @Test(arguments: [false, true]) func everyByteDamaged(isCut: Bool) throws {
    let (_, anna) = try Self.desk()
    var number = 0
    for path in anna.disk.paths {
      let bytes = try #require(anna.disk.bytes(path))
      for offset in bytes.indices {
        number += 1
        var damaged = isCut ? Array(bytes[..<offset]) : bytes
        if !isCut { damaged[offset] ^= 1 << UInt8(number % 8) }
        let copy = anna.copy("copy", anna.clock)
        copy.disk.put(path, damaged)
        try Self.check(copy, path, bytes, offset, isCut: isCut)
      }
    }
    #expect(number > 1500)
  }

  private static func check(
    _ agent: SimAgent, _ path: String, _ bytes: [UInt8], _ offset: Int, isCut: Bool
  ) throws {
    let place: Comment = "\(path) at \(offset)"
    // Reading refuses what is damaged or shows what is right.
    let before = Result { () throws(StorageError) in try agent.look() }
    if case .failure(let error) = before {
      guard case .damaged = error else {
        Issue.record("\(path) at \(offset): \(error)")
        return
      }
    }
    let report = try agent.verify()
    let after = try agent.look()
    if case .success(let tokens) = before { #expect(tokens.isSubset(of: after) || tokens.count == 6, place) }
    let own: Set = ["a1", "a2", "u1", "u2"]
    let isOwn = path.hasPrefix("own")
    let missing = Set(mirrored + own).subtracting(after)
    if isOwn {
      // What the mirror has comes back from it; of the unsent ones only what the damage hit may be gone.
      let hit =
        isCut
        ? Set(Token.all(in: Array(bytes[(lineStart(bytes, offset))...]))) : Set(hitTokens(bytes, offset))
      #expect(missing.isSubset(of: hit.intersection(["u1", "u2"])), place)
    } else {
      #expect(missing.isDisjoint(with: own.subtracting(["a1", "a2"])), place)
    }
    // Nothing is missing, unless it was said. A file that ends where a line or member does looks whole.
    let isWhole = isCut && (offset == 0 || bytes[offset - 1] == 0x0A || bytes[offset] == 0x0A)
    if !missing.isEmpty, !isWhole { #expect(!report.findings.isEmpty, place) }
  }

  private static func lineStart(_ bytes: [UInt8], _ offset: Int) -> Int {
    bytes[..<offset].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
  }

  /// The tokens of the line that a byte is in, and of the next one where it is the line's end.
  private static func hitTokens(_ bytes: [UInt8], _ offset: Int) -> [String] {
    let start = lineStart(bytes, offset)
    var end = bytes[offset...].firstIndex(of: 0x0A) ?? bytes.count
    if end == offset { end = bytes[min(offset + 1, bytes.count)...].firstIndex(of: 0x0A) ?? bytes.count }
    return Token.all(in: Array(bytes[start..<end]))
  }

  /// After the damage, a repair and a sync, all is there again but for what the damage took alone.
  @Test(arguments: 0..<7) func aSyncBringsBackWhatTheServerHas(part: Int) throws {
    var number = part
    while true {
      let (desk, anna) = try Self.desk()
      var rest = number
      guard
        let path = anna.disk.paths.first(where: { path in
          let size = anna.disk.bytes(path)?.count ?? 0
          if rest < size { return true }
          rest -= size
          return false
        }), var bytes = anna.disk.bytes(path)
      else { break }
      bytes[rest] ^= 1 << UInt8(number % 8)
      anna.disk.put(path, bytes)
      try anna.verify()
      if anna.store?.configuration.token == nil { try desk.join(anna) }
      try desk.settle()
      let tokens = try desk.tokens(anna)
      #expect(Set(Self.mirrored).isSubset(of: tokens), "\(path) at \(rest)")
      #expect(Set(tokens).count == tokens.count, "\(path) at \(rest)")
      #expect(tokens.count >= 5, "\(path) at \(rest): one bit takes one edit at most")
      #expect(try anna.store?.digest() == desk.agents[1].store?.digest(), "\(path) at \(rest)")
      number += 7 * 9
    }
  }
}

extension SimAgent {
  /// The tokens that a reader finds.
  func look() throws(StorageError) -> Set<String> {
    let store = try Store(disk: disk, root: name, .reading, environment: environment)
    var found: Set<String> = []
    var states: [EntityState] = []
    try store.forEachState { (state) throws(StorageError) in states.append(state) }
    for state in states {
      for placed in try store.changes(of: state.id) { found.formUnion(Token.all(in: placed.change.body)) }
    }
    return found
  }
}
