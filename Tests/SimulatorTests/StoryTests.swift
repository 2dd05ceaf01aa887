import Agent
import Causality
import Merge
import Server
import Storage
import TestSupport
import Testing

@testable import Simulator

/// What the simulator found, each as the story that it tells.
@Suite struct StoryTests {
  static func small() -> Sizes {
    var sizes = Sizes()
    sizes.serverRun = 1
    sizes.agentRun = 1
    return sizes
  }

  /// Two devices with one store, neither synced before: the second one's first sync copies runs that hold the first
  /// one's changes under its own id.
  @Test func aCopyWhoseFirstSyncGoesByRunsKeepsItsEdits() throws {
    let desk = try Desk(sizes: Self.small())
    let anna = try desk.agent("anna")
    let twin = try desk.copy(anna, "anna's twin")
    try desk.edit(anna, "a")
    try desk.edit(twin, "b")
    try desk.sync(anna)
    while try desk.server.hosted()?.workspace.maintain() == true {}
    let report = try desk.sync(twin)
    #expect(report.notes.count == 1)
    try desk.settle()
    #expect(try desk.tokens(anna) == ["a", "b"] && desk.tokens(twin) == ["a", "b"])
    #expect(try anna.store?.digest() == twin.store?.digest())
  }

  /// Three devices with one store: what all of them hold unsent is sent once.
  @Test func copiesSendWhatTheyShareOnce() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    let first = try desk.copy(anna, "first")
    try desk.edit(first, "other")
    try desk.sync(first)
    try desk.edit(anna, "shared 1")
    try desk.edit(anna, "shared 2")
    let second = try desk.copy(anna, "second")
    try desk.edit(second, "own of second")
    try desk.sync(anna)
    try desk.sync(second)
    try desk.settle()
    for agent in desk.agents {
      #expect(try desk.tokens(agent) == ["other", "own of second", "shared 1", "shared 2"])
    }
  }

  /// Two copies of a store each make another edit under one id in one millisecond, and both have to make theirs again.
  @Test func editsOfCopiesInOneMillisecondAreTwo() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    let first = try desk.copy(anna, "first")
    let second = try desk.copy(anna, "second")
    try desk.edit(first, "other")
    try desk.edit(first, "others")
    try desk.sync(first)
    // Each edit comes a second after the last.
    second.clock.offset = anna.clock.offset - 1000
    let annas = try desk.edit(anna, "anna's")
    let seconds = try desk.edit(second, "second's")
    #expect(annas.id == seconds.id && annas.at == seconds.at)
    try desk.sync(anna)
    try desk.sync(second)
    try desk.settle()
    for agent in desk.agents {
      #expect(try desk.tokens(agent) == ["anna's", "other", "others", "second's"])
    }
  }

  /// The server lost what a colleague sent, and gave the ids to an older self of the colleague's store.
  @Test func whatIdsWereGivenAwayIsGivenBackUnderOthers() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    let bo = try desk.agent("bo")
    desk.server.backUp()
    anna.keepCopy()
    try desk.edit(anna, "lost 1")
    try desk.edit(anna, "lost 2")
    try desk.sync(anna)
    try desk.sync(bo)
    anna.rollBack()
    try anna.open()
    desk.server.restore(newest: true)
    try desk.edit(anna, "new")
    try desk.sync(anna)
    let report = try desk.sync(bo)
    #expect(report.relayed == 2)
    try desk.settle()
    #expect(try desk.tokens(anna) == ["lost 1", "lost 2", "new"])
    #expect(try anna.store?.digest() == bo.store?.digest())
  }

  /// A store that once was a copy gives back what its first self had sent.
  @Test func aFormerSelfsChangesAreGivenBack() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    desk.server.backUp()
    try desk.edit(anna, "before the copy")
    try desk.sync(anna)
    let twin = try desk.copy(anna, "twin")
    try desk.edit(anna, "anna's")
    try desk.sync(anna)
    try desk.edit(twin, "twin's")
    try desk.sync(twin)
    let bo = try desk.agent("bo")
    desk.server.restore(newest: true)
    // Anna's device is gone; bo joined after the backup.
    try desk.join(bo)
    try desk.join(twin)
    try desk.sync(twin)
    try desk.sync(bo)
    #expect(try desk.tokens(bo) == ["anna's", "before the copy", "twin's"])
  }

  /// The same changes in the same order, received once more at another time, while a clock runs ahead.
  @Test func aRestoredServersTimesOfReceiptCountEverywhere() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    let bo = try desk.agent("bo")
    desk.server.backUp()
    anna.clock.offset = 86_400_000
    try desk.edit(anna, "ahead")
    try desk.sync(anna)
    try desk.sync(bo)
    desk.server.restore(newest: true)
    desk.clock.advance(by: 3_600_000)
    try desk.sync(anna)
    try desk.settle()
    #expect(try anna.store?.digest() == bo.store?.digest())
    #expect(anna.store?.cursor == bo.store?.cursor)
  }

  /// An entity that is named like an unsent change of this store, because a copy of the store made it.
  @Test func anEntityOfACopyIsReadFromTheRuns() throws {
    let desk = try Desk(sizes: Self.small())
    let anna = try desk.agent("anna")
    let bo = try desk.agent("bo")
    let replica = try #require(anna.store?.replica)
    let ticket = try #require(EntityID(type: "ticket", origin: ChangeID(replica, 5)))
    try desk.edit(bo, "on it", on: ticket)
    try desk.sync(bo)
    try desk.sync(anna)
    try anna.store?.compact(all: true)
    #expect(try anna.store?.changes(of: ticket).count == 1)
  }

  @Test func compactingGoesOnWhereTheLogsFilesCouldNotBeRemoved() throws {
    for seed in 0..<20 as Range<UInt64> {
      let desk = try Desk(seed: seed)
      let anna = try desk.agent("anna")
      for number in 0..<5 { try desk.edit(anna, "e\(number)") }
      try desk.sync(anna)
      anna.disk.faults.failsOneIn = 5
      for _ in 0..<10 { _ = try? anna.store?.compact(all: true) }
      anna.disk.faults = .init()
      try desk.edit(anna, "e5")
      try desk.sync(anna)
      try anna.store?.compact(all: true)
      #expect(try desk.tokens(anna) == (0...5).map { "e\($0)" })
      try anna.open()
      #expect(try desk.tokens(anna) == (0...5).map { "e\($0)" })
    }
  }

  /// A run that was merged and removed is there again where power was lost; when the server's history is another one, it goes
  /// like the others.
  @Test func noRunThatACrashLeftOutlivesItsHistory() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    desk.server.backUp()
    let ticket = try desk.edit(anna, "a").on
    try desk.sync(anna)
    try desk.edit(anna, "b", on: ticket)
    try desk.sync(anna)
    try anna.store?.compact(all: true)
    let placed = try #require(try anna.store?.changes(of: ticket).last)
    let writer = try RunWriter(anna.disk, RunName(first: 2, last: 2), sum: 0)
    try writer.add(placed)
    try writer.finish()
    desk.server.restore(newest: true)
    try desk.join(anna)
    try desk.settle()
    #expect(try desk.tokens(anna) == ["a", "b"])
    #expect(!anna.disk.paths.contains { $0.hasPrefix("runs/2-2.") }, "\(anna.disk.paths)")
  }

  /// The disk said that a run could not be put in place, and it was there: what is erased goes from it, too.
  @Test func whatACompactionLeftThatFailedIsErased() throws {
    for seed in 0..<80 as Range<UInt64> {
      let desk = try Desk(seed: seed)
      let anna = try desk.agent("anna")
      let bo = try desk.agent("bo")
      let ticket = try desk.edit(anna, "gone").on
      try desk.settle()
      anna.disk.faults.failsOneIn = 4
      _ = try? anna.store?.compact(all: true)
      anna.disk.faults = .init()
      try desk.erase(ticket, by: bo)
      try desk.sync(bo)
      try desk.sync(anna)
      #expect(!Survey.traces(on: anna.disk).contains { $0.tokens.contains("gone") }, "\(seed)")
    }
  }

  /// An edit that was made again has another name in the order; what its first name held goes with it.
  @Test func whatWasMadeAgainIsErasedUnderItsFormerName() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    let twin = try desk.copy(anna, "twin")
    try desk.edit(anna, "a")
    try desk.edit(twin, "gone")
    try desk.sync(anna)
    try desk.sync(twin)
    let store = try #require(twin.store)
    let ticket = try #require(store.configuration.ownFolder.map { _ in ChangeID(store.replica, 1) })
    let entity = try #require(EntityID(type: "ticket", origin: ticket))
    #expect(Survey.traces(on: twin.disk).contains { $0.path.hasPrefix("own/") && $0.tokens == ["gone"] })
    try desk.erase(entity, by: anna)
    try desk.settle()
    #expect(!Survey.traces(on: twin.disk).contains { $0.tokens.contains("gone") })
    #expect(try desk.tokens(twin) == ["a"])
    #expect(!twin.disk.paths.contains { $0.hasPrefix("own/") }, "\(twin.disk.paths)")
  }

  /// Made and erased while no server knew the store, then damaged: what the mirror has of it is given to a server that takes
  /// no erasure from this device.
  @Test func aRefusedErasureIsTakenBackWhereItIsRelayed() throws {
    let desk = try Desk()
    let anna = SimAgent(
      "anna", agent: "anna", SeededGenerator(seed: 5), NodeClock(desk.clock), Sizes(), isSupervisor: false)
    try anna.make()
    try desk.edit(anna, "a")
    let ticket = try desk.edit(anna, "b").on
    try desk.erase(ticket, by: anna)
    try desk.edit(anna, "c")
    try anna.store?.compact(all: true)
    anna.stop()
    let path = try #require(anna.disk.paths.first { $0.hasPrefix("own/") })
    var bytes = try #require(anna.disk.bytes(path))
    for offset in [20, 40] { bytes[offset] ^= 4 }
    anna.disk.put(path, bytes)
    try anna.open()
    let code = try #require(desk.server.invite("anna", isSupervisor: false))
    try anna.join(Direct(desk.server), code: code)
    let report = try desk.sync(anna)
    #expect(report.relayed > 0 && report.notes.contains { $0.contains("may not erase") }, "\(report)")
    #expect(try desk.tokens(anna).contains("a") && desk.tokens(anna).contains("c"))
    let bo = try desk.agent("bo")
    try desk.sync(bo)
    #expect(try bo.store?.digest() == anna.store?.digest())
  }

  /// The end of a device's log is lost, and the server's too: an edit that had seen both counts as made before either.
  @Test func whatSawMoreThanIsLeftAnywhereIsSent() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    let bo = try desk.agent("bo")
    try desk.edit(bo, "1")
    try desk.settle()
    let path = try #require(anna.disk.paths.first { $0.hasPrefix("log/") })
    let log = try #require(anna.disk.bytes(path))
    try desk.edit(bo, "2")
    try desk.settle()
    desk.server.backUp()
    try desk.edit(bo, "3")
    try desk.settle()
    let change = try desk.edit(anna, "a")
    #expect(change.seen == 3)
    anna.stop()
    anna.disk.put(path, log)
    try anna.open()
    desk.server.restore(newest: true)
    try desk.sync(anna)
    let placed = try #require(anna.store?.changes(of: change.on).first)
    #expect(placed.position == 3 && placed.seen == 1)
    try desk.settle()
    #expect(try desk.tokens(anna) == ["1", "2", "3", "a"])
    #expect(try anna.store?.digest() == bo.store?.digest())
  }

  /// A process was killed after it made `own/`'s first file; what the next one acknowledged survives power loss.
  @Test func aNameThatAKilledProcessDidNotSyncIsSynced() throws {
    for seed in 0..<40 as Range<UInt64> {
      let desk = try Desk(seed: seed)
      let anna = try desk.agent("anna")
      anna.disk.faults.crashAfter = Int(seed % 5) + 1
      _ = try? desk.edit(anna, "perhaps")
      anna.restart(losingPower: false)
      try anna.open()
      try desk.edit(anna, "done")
      anna.restart(losingPower: true)
      try anna.open()
      #expect(try desk.tokens(anna).contains("done"))
    }
  }

  /// An index into which an entry could not be written tells of none behind it, else two members were taken for one.
  @Test func theServersIndexHasNoGap() throws {
    for seed in 0..<40 as Range<UInt64> {
      let desk = try Desk(seed: seed)
      let anna = try desk.agent("anna")
      for number in 0..<12 {
        try desk.edit(anna, "e\(number)")
        desk.server.disk.faults.failsOneIn = 4
        for _ in 0..<3 { _ = try? desk.sync(anna) }
        desk.server.disk.faults = .init()
      }
      try desk.sync(anna)
      #expect(desk.server.isIntact, "\(desk.server.damage)")
      let bo = try desk.agent("bo")
      try desk.sync(bo)
      #expect(try desk.tokens(bo).count == 12)
    }
  }

  /// A push that could neither be finished nor cut off does not stand before the next one.
  @Test func theServerCutsOffWhatAFailedPushLeft() throws {
    for seed in 0..<40 as Range<UInt64> {
      let desk = try Desk(seed: seed)
      let anna = try desk.agent("anna")
      let bo = try desk.agent("bo")
      try desk.edit(anna, "first")
      try desk.sync(anna)
      try desk.edit(anna, "second")
      desk.server.disk.faults.failsOneIn = 2
      for _ in 0..<5 { _ = try? desk.sync(anna) }
      desk.server.disk.faults = .init()
      try desk.sync(anna)
      try desk.sync(bo)
      #expect(try desk.tokens(bo) == ["first", "second"])
      #expect(desk.server.isIntact, "\(desk.server.damage)")
    }
  }
}
