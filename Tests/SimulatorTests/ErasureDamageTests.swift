import Agent
import Causality
import Codec
import Merge
import Storage
import TestSupport
import Testing

@testable import Simulator

/// What an erasure takes out of a device's files stays out of them, though the disk damages them.
@Suite struct ErasureDamageTests {
  private let desk: Desk
  private let sofia: SimAgent
  private let anna: SimAgent
  private let ticket: EntityID

  init() throws {
    var sizes = Sizes()
    sizes.ownFile = 200
    sizes.ownStep = 64
    // One member an answer.
    sizes.pull = 1
    desk = try Desk(sizes: sizes)
    sofia = try desk.agent("sofia")
    anna = try desk.agent("anna")
    ticket = try desk.edit(anna, "e1").on
    try desk.edit(anna, "e2")
    try desk.edit(anna, "e3", on: ticket)
    try desk.edit(anna, "e4")
    try desk.settle()
  }

  private func erase() throws {
    try desk.erase(ticket, by: sofia)
    try desk.sync(sofia)
  }

  /// Files of a device that still say what was erased.
  private func left(_ tokens: Set<String>) -> [String] {
    Survey.traces(on: anna.disk).filter { !$0.tokens.isDisjoint(with: tokens) }.map(\.path)
  }

  private func flip(_ path: String, at offset: Int) throws {
    var bytes = try #require(anna.disk.bytes(path))
    bytes[offset] ^= 4
    anna.disk.put(path, bytes)
  }

  /// A device lost the end of its mirror, with the erasure in it, and was told to write on what was erased.
  @Test func whatIsWrittenOnSomethingErasedThatTheDeviceForgotGoesToo() throws {
    try erase()
    try desk.sync(anna)
    #expect(left(["e1", "e3"]).isEmpty)
    for number in 0..<3 {
      try desk.edit(sofia, "f\(number)")
      try desk.sync(sofia)
    }
    anna.stop()
    let log = try #require(anna.disk.paths.filter { $0.hasPrefix("log/") }.max())
    try flip(log, at: 20)
    try anna.open()
    try desk.edit(anna, "e5", on: ticket)
    #expect(!left(["e5"]).isEmpty)
    // What breaks off before the end carries out nothing.
    let breaking = Breaking(Direct(desk.server)) { [anna, head = sofia.store?.position] in
      anna.store.map { $0.position + 1 } == head
    }
    #expect(throws: SyncError.self) { try SyncClient(try #require(anna.store), breaking).sync() }
    anna.stop()
    try anna.open()
    try desk.sync(anna)
    #expect(left(["e1", "e3", "e5"]).isEmpty)
    try desk.settle()
    #expect(try anna.store?.digest() == sofia.store?.digest())
  }

  /// The files are read anew for an erasure; what was damaged meanwhile comes again in the same sync.
  @Test func aSyncThatFindsTheMirrorDamagedFetchesAllOfItAgain() throws {
    try anna.store?.compact(all: true)
    for number in 0..<4 {
      try desk.edit(sofia, "f\(number)")
      try desk.sync(sofia)
      try desk.sync(anna)
    }
    try erase()
    let log = try #require(anna.disk.paths.filter { $0.hasPrefix("log/") }.min())
    try flip(log, at: 20)
    try desk.sync(anna)
    #expect(anna.store?.position == sofia.store?.position)
    #expect(left(["e1", "e3"]).isEmpty)
    #expect(try anna.store?.digest() == sofia.store?.digest())
  }

  /// A compressed file with a flipped bit is not read, but whoever wants to gets most of its text.
  @Test(arguments: [6, 60]) func ownFilesThatCannotBeReadLoseOnlyWhatIsErased(fromEnd: Int) throws {
    try anna.store?.compact(all: true)
    let sealed = anna.disk.paths.filter { $0.hasPrefix("own/") && $0.hasSuffix(".gz") }.sorted()
    let path = try #require(sealed.first { left(["e1", "e3"]).contains($0) })
    try flip(path, at: try #require(anna.disk.bytes(path)).count - fromEnd)
    try erase()
    try desk.sync(anna)
    let text = try Inflater().inflateAll(try #require(anna.disk.bytes(path)), limit: 10000)
    #expect(Set(Token.all(in: text)).isDisjoint(with: ["e1", "e3"]))
    let own = try OwnLog(
      disk: anna.disk, replica: try #require(anna.store?.replica), acknowledged: 4, repairing: false)
    // In front of the sum at the end all is there.
    if fromEnd == 6 { #expect(try own.changes(from: 1).map(\.id.sequence) == Array(1...4)) }
    // What cannot be read comes back from the mirror.
    anna.stop()
    _ = try anna.verify()
    try anna.open()
    #expect(try own.changes(from: 1).map(\.id.sequence) == Array(1...4))
    try desk.settle()
    #expect(try anna.store?.digest() == sofia.store?.digest())
  }

  /// Settings of another store: the edits in `own/` are nobody's, but they are there for whoever finds the right ones.
  @Test func linesOfAnotherReplicaKeepWhatIsNotErased() throws {
    let other = try desk.edit(sofia, "s1", on: ticket)
    let kept = try desk.edit(sofia, "s2")
    var lines: [UInt8] = []
    for change in [other, kept] { ChangeLine.writeChecked(change, to: &lines) }
    try desk.sync(sofia)
    try desk.sync(anna)
    try anna.store?.compact(all: true)
    let path = try #require(
      anna.disk.paths.filter { $0.hasPrefix("own/") && $0.hasSuffix(".jsonl.gz") }.min())
    // One bit of the last line flipped, which its checksum puts right.
    lines[lines.count - 30] ^= 1
    anna.disk.put(String(path.dropLast(3)), lines)
    anna.disk.put(path, [])
    try erase()
    try desk.sync(anna)
    #expect(left(["s1"]).isEmpty)
    #expect(left(["s2"]).contains(String(path.dropLast(3))))
  }

  /// An erasure that came while the disk was full counts once it is stored, and not before.
  @Test func whatCouldNotBeStoredErasesNothing() throws {
    try erase()
    let store = try #require(anna.store)
    let before = store.position
    anna.disk.faults.isFull = true
    #expect(throws: SyncError.self) { try desk.sync(anna) }
    anna.disk.faults = .init()
    #expect(store.position == before && !store.isErased(ticket))
    #expect(try !store.scrub())
    try desk.edit(anna, "e5", on: ticket)
    #expect(!left(["e1"]).isEmpty && !left(["e5"]).isEmpty)
    try desk.sync(anna)
    #expect(store.isErased(ticket) && left(["e1", "e3", "e5"]).isEmpty)
  }
}

/// A network that breaks once something is so.
private struct Breaking: Transport, @unchecked Sendable {
  // Unchecked as `Direct` is: one thread.
  private let network: Direct
  private let isBroken: () -> Bool

  init(_ network: Direct, _ isBroken: @escaping () -> Bool) {
    self.network = network
    self.isBroken = isBroken
  }

  func exchange(_ call: Call) throws(TransportError) -> Reply {
    if isBroken() { throw TransportError("broken", kind: .offline) }
    return try network.exchange(call)
  }
}
