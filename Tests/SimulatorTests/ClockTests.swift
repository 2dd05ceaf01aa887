import Agent
import Causality
import Codec
import Merge
import Server
import Storage
import TestSupport
import Testing

@testable import Simulator

/// What a device writes counts as made after what it shows, wherever it holds that.
@Suite struct ClockTests {
  private static let twoMinutes: Int64 = 120_000

  /// A desk with two devices that know each other's edits. One's clock is two minutes ahead.
  private static func desk(sizes: Sizes = Sizes()) throws -> (desk: Desk, anna: SimAgent, bo: SimAgent) {
    let desk = try Desk(sizes: sizes)
    let anna = try desk.agent("anna")
    let bo = try desk.agent("bo")
    bo.clock.offset = twoMinutes
    return (desk, anna, bo)
  }

  /// Another process opens the store.
  private static func reopen(_ agent: SimAgent) throws {
    agent.stop()
    try agent.open()
  }

  @Test func whatIsInARunIsAnsweredAfterIt() throws {
    let (desk, anna, bo) = try Self.desk()
    let question = try desk.edit(bo, "question")
    try desk.sync(bo)
    try desk.sync(anna)
    try anna.store?.compact(all: true)
    try Self.reopen(anna)
    #expect(try desk.edit(anna, "answer", on: question.on).at > question.at)
  }

  @Test func whatADeviceJoinedWithIsAnsweredAfterIt() throws {
    let (desk, anna, bo) = try Self.desk(sizes: StoryTests.small())
    let question = try desk.edit(bo, "question")
    try desk.sync(bo)
    while try desk.server.hosted()?.workspace.maintain() == true {}
    try desk.sync(anna)
    #expect(anna.disk.paths.contains { $0.hasPrefix("runs/") })
    #expect(try desk.edit(anna, "answer", on: question.on).at > question.at)
  }

  /// What came last was imported, and is old.
  @Test(arguments: [false, true]) func whatLiesBeforeAnImportIsAnsweredAfterIt(isReopened: Bool) throws {
    let (desk, anna, bo) = try Self.desk()
    let question = try desk.edit(bo, "question")
    let old = Draft(set: ["status": "old"])
    try bo.store?.commit(Edit(.new(type: "ticket"), old, at: HybridTime(milliseconds: 1_000_000)))
    try desk.sync(bo)
    try desk.sync(anna)
    if isReopened { try Self.reopen(anna) }
    #expect(try desk.edit(anna, "answer", on: question.on).at > question.at)
  }

  /// An edit that was dated ten days ahead, before the clock was put right, does not keep it from following others.
  @Test(arguments: [false, true]) func othersAreFollowedBehindAnOwnDateFarAhead(isReopened: Bool) throws {
    let (desk, anna, bo) = try Self.desk()
    anna.clock.offset = 864_000_000
    try desk.edit(anna, "ahead")
    anna.clock.offset = 0
    let question = try desk.edit(bo, "question")
    try desk.sync(bo)
    try desk.sync(anna)
    if isReopened { try Self.reopen(anna) }
    let answer = try desk.edit(anna, "answer", on: question.on)
    #expect(answer.at > question.at)
    // Own ones follow each other as well, in the next process, too.
    if isReopened { try Self.reopen(anna) }
    #expect(try desk.edit(anna, "more", on: question.on).at > answer.at)
  }
}
