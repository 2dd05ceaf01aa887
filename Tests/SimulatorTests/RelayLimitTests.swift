import Agent
import Causality
import Merge
import Storage
import TestSupport
import Testing

@testable import Simulator

/// A proxy whose limit is lower than the server's, while a device gives back what the server lost of others.
@Suite struct RelayLimitTests {
  /// A proxy that takes bodies up to a size.
  private struct Proxy: Transport {
    let inner: Direct
    let limit: Int

    func exchange(_ call: Call) throws(TransportError) -> Reply {
      if call.body.count > limit { return Reply(status: 413, fields: [:], body: Array("too large".utf8)) }
      return try inner.exchange(call)
    }
  }

  /// A desk whose server lost what anna sent, whose device is gone; bo holds it.
  private static func desk(_ texts: [String]) throws -> (desk: Desk, bo: SimAgent) {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    let bo = try desk.agent("bo")
    try desk.edit(anna, "kept")
    try desk.settle()
    desk.server.backUp()
    for text in texts { try desk.edit(anna, text) }
    try desk.sync(anna)
    try desk.sync(bo)
    desk.server.restore(newest: true)
    desk.forget(anna)
    return (desk, bo)
  }

  /// Letters that do not compress well.
  private static func noise(_ count: Int, _ generator: inout SeededGenerator) -> String {
    String(decoding: (0..<count).map { _ in UInt8(generator.int(97...122)) }, as: UTF8.self)
  }

  private static func sync(_ agent: SimAgent, _ desk: Desk, limit: Int) throws -> SyncReport {
    let store = try #require(agent.store)
    return try SyncClient(store, Proxy(inner: Direct(desk.server), limit: limit)).sync()
  }

  @Test func whatIsGivenBackGoesInSmallerRequests() throws {
    var generator = SeededGenerator(seed: 1)
    let texts = (0..<60).map { "\($0) " + Self.noise(60, &generator) }
    let (desk, bo) = try Self.desk(texts)
    let report = try Self.sync(bo, desk, limit: 1024)
    #expect(report.relayed == 60, "\(report)")
    #expect(try Self.sync(bo, desk, limit: 1024).roundTrips == 1)
    #expect(!bo.disk.paths.contains { $0.hasPrefix("old/") }, "\(bo.disk.paths)")
    let cleo = try desk.agent("cleo")
    try desk.sync(cleo)
    #expect(try desk.tokens(cleo) == (texts + ["kept"]).sorted())
  }

  /// One change that is too large by itself stays here with what is behind it, and the sync comes to its end.
  @Test func whatIsTooLargeByItselfStays() throws {
    var generator = SeededGenerator(seed: 1)
    let texts = ["before", Self.noise(4000, &generator), "behind"]
    let (desk, bo) = try Self.desk(texts)
    for _ in 0..<2 {
      let report = try Self.sync(bo, desk, limit: 1024)
      #expect(report.notes.contains { $0.contains("body limit") }, "\(report)")
      #expect(bo.disk.paths.contains { $0.hasPrefix("old/") }, "\(bo.disk.paths)")
      #expect(bo.disk.paths.contains("sync.json"))
    }
    // Until the operator raises the limit.
    #expect(try Self.sync(bo, desk, limit: 8192).relayed == 2)
    #expect(try desk.tokens(bo) == (texts + ["kept"]).sorted())
    #expect(!bo.disk.paths.contains { $0.hasPrefix("old/") }, "\(bo.disk.paths)")
  }
}
