import Agent
import Causality
import Merge
import Storage
import SyncProtocol
import TestSupport
import Testing

@testable import Simulator

/// The power goes while a store gives back what a restored server lost: at each of its writes, one after another.
@Suite struct HealingCrashTests {
  private static let tokens = (1...132).map { "e\($0)" }.sorted()

  /// A desk of which only bo's store holds what was sent since the server's backup: in two runs and a log. One edit of his is
  /// not sent yet.
  private static func world(_ seed: UInt64) throws -> (desk: Desk, bo: SimAgent, unsent: Change) {
    var sizes = Sizes()
    sizes.agentRun = 6
    let desk = try Desk(seed: seed, sizes: sizes)
    let (anna, bo) = (try desk.agent("anna"), try desk.agent("bo"))
    desk.server.backUp()
    // So many that the next run is not merged with theirs.
    for number in 1...120 { try desk.edit(anna, "e\(number)") }
    try desk.sync(anna)
    try desk.sync(bo)
    for number in 121...127 { try desk.edit(anna, "e\(number)") }
    try desk.sync(anna)
    try desk.sync(bo)
    for number in 128...130 { try desk.edit(anna, "e\(number)") }
    try desk.sync(anna)
    try desk.sync(bo)
    let unsent = try desk.edit(bo, "e131")
    anna.stop()
    desk.server.restore(newest: true)
    // The new lineage has positions of its own.
    let cleo = try desk.agent("cleo")
    try desk.edit(cleo, "e132")
    try desk.sync(cleo)
    return (desk, bo, unsent)
  }

  /// All is given back, and who edited on what the new lineage has is not said to have known less.
  private static func check(_ desk: Desk, _ bo: SimAgent, _ unsent: Change, _ point: Comment) throws {
    // Where the healing got so far that the new lineage is here, this edit knows it.
    let isHealed = try desk.tokens(bo).contains("e132")
    let later = try desk.edit(bo, "later")
    try desk.sync(bo)
    let dora = try desk.agent("dora")
    try desk.sync(dora)
    #expect(try desk.tokens(dora) == tokens + ["later"], point)
    #expect(try desk.tokens(bo) == tokens + ["later"], point)
    #expect(try dora.store?.digest() == bo.store?.digest(), point)
    #expect(!bo.disk.paths.contains { $0.hasPrefix("old/") }, point)
    let placed = try dora.store?.changes(of: later.on).first
    #expect(placed?.seen == (isHealed ? later.seen : 0), point)
    if isHealed { #expect(placed?.seenLimit == nil, point) }
    // What bo knew when the server had not lost it yet is not what stands in those places now.
    #expect(try dora.store?.changes(of: unsent.on).first?.seen == 0, point)
  }

  @Test func theStoreHasRunsAndALogToGiveBack() throws {
    let (desk, bo, unsent) = try Self.world(1)
    let files = bo.disk.paths.filter { $0.hasSuffix(".jsonl.gz") && !$0.hasPrefix("own") }
    #expect(files.count == 3, "\(files)")
    try Self.check(desk, bo, unsent, "no crash")
  }

  @Test(arguments: [false, true]) func aDeviceStopsAtEachWrite(losingPower: Bool) throws {
    var point = 0
    var isThrough = false
    while !isThrough {
      point += 1
      let (desk, bo, unsent) = try Self.world(UInt64(point))
      bo.disk.faults.crashAfter = point
      _ = try? desk.sync(bo)
      isThrough = !bo.disk.isDown
      bo.disk.faults.crashAfter = nil
      bo.restart(losingPower: losingPower)
      if point % 2 == 0 { try bo.verify() } else { try bo.open() }
      try Self.check(desk, bo, unsent, "write \(point)")
    }
    #expect(point > 30)
  }

  @Test func theDiskRefusesInBetween() throws {
    for seed in 0..<60 as Range<UInt64> {
      let (desk, bo, unsent) = try Self.world(seed)
      bo.disk.faults.failsOneIn = 12
      // The process goes on, and syncs until the disk takes all.
      for _ in 0..<4 { _ = try? desk.sync(bo) }
      bo.disk.faults = .init()
      try Self.check(desk, bo, unsent, "seed \(seed)")
    }
  }

  /// Where a run was taken away, those behind it follow nothing. They are set aside, free of what was erased, and given back.
  @Test(arguments: [false, true]) func aRunThatFollowsNothingIsGivenBack(isVerified: Bool) throws {
    let (desk, bo, _) = try Self.world(1)
    let gone = try #require(try bo.store?.changes(of: Self.entity(of: "e122", in: bo)).first?.change.on)
    bo.stop()
    let files = bo.disk.paths.filter { $0.hasPrefix("runs/1-") || $0.hasPrefix("log/") }
    for path in files { try bo.disk.remove(path) }
    if isVerified {
      let check = try bo.verify()
      #expect(check.findings.contains { $0.damage.file == "runs/121-127.jsonl.gz" }, "\(check)")
    } else {
      try bo.open()
    }
    #expect(bo.disk.bytes("old/1/121-127.jsonl.gz") != nil, "\(bo.disk.paths)")
    let cleo = desk.agents[2]
    try desk.edit(cleo, "unrelated", on: gone)
    try desk.erase(gone, by: cleo)
    try desk.sync(cleo)
    try desk.sync(bo)
    let dora = try desk.agent("dora")
    try desk.sync(dora)
    let expected = ["e121"] + (123...127).map { "e\($0)" } + ["e131", "e132"]
    let found = try desk.tokens(dora)
    #expect(found == expected)
    let traces = Survey.traces(on: bo.disk).filter { $0.tokens.contains("e122") }.map(\.path)
    #expect(traces == [])
  }

  /// A sync gives back what it can read, so a check leaves what is damaged where it is.
  @Test func whatWasSetAsideStaysThoughAByteOfItIsDamaged() throws {
    let (_, bo, _) = try Self.world(1)
    bo.stop()
    for path in bo.disk.paths where path.hasPrefix("runs/1-") || path.hasPrefix("log/") {
      try bo.disk.remove(path)
    }
    try bo.verify()
    let path = "old/1/121-127.jsonl.gz"
    var bytes = try #require(bo.disk.bytes(path))
    bytes[bytes.count - 20] ^= 1
    bo.disk.put(path, bytes)
    let check = try bo.verify()
    #expect(check.findings.contains { $0.damage.file == path && $0.need == .person }, "\(check)")
    #expect(bo.disk.bytes(path) == bytes)
  }

  private static func entity(of token: String, in agent: SimAgent) throws -> EntityID {
    var found: EntityID?
    try agent.store?.forEachState { (state) throws(StorageError) in
      let body = try agent.store?.changes(of: state.id).first?.change.body ?? []
      if Token.all(in: body).contains(token) { found = state.id }
    }
    return try #require(found)
  }

  /// Under a new id, too, what was made before the healing is told from what was made after it.
  @Test func aForkKeepsTheLimitOfItsChanges() throws {
    let (desk, bo, unsent) = try Self.world(1)
    let store = try #require(bo.store)
    try store.rewind(to: 0)
    try desk.edit(bo, "after")
    #expect(try store.seenLimits() == [SeenLimit(position: 0, last: unsent.id.sequence)])
    let fork = try store.fork(sent: Store.Sent(store.replica))
    try store.adopt(fork, token: store.configuration.token ?? "")
    #expect(store.unsent.map(\.id.sequence) == [1, 2])
    #expect(try store.seenLimits() == [SeenLimit(position: 0, last: 1)])
  }

  /// Behind a rewind an edit that is not sent yet knows nothing of what comes in the places that its author saw. One that is
  /// made then knows what is there.
  @Test(arguments: [false, true]) func whatIsUnsentKnowsOnlyWhatIsShared(isReopened: Bool) throws {
    let (desk, bo, unsent) = try Self.world(1)
    try bo.store?.rewind(to: 120)
    if isReopened {
      bo.stop()
      try bo.open()
    }
    let store = try #require(bo.store)
    #expect(unsent.seen == 130)
    #expect(try store.changes(of: unsent.on).map(\.seen) == [120])
    try store.rewind(to: 0)
    let later = try desk.edit(bo, "later", on: unsent.on)
    let placed = try store.changes(of: later.on)
    #expect(placed.map(\.seenLimit) == [0, nil])
  }
}
