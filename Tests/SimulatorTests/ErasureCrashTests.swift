import Agent
import Causality
import Codec
import Merge
import Server
import Storage
import TestSupport
import Testing

@testable import Simulator

/// The power goes at each write of a device or of the server that carries out an erasure, one after another.
@Suite struct ErasureCrashTests {
  /// Three of them small, so that logs, runs and several files are in it.
  private static var sizes: Sizes {
    var sizes = Sizes()
    sizes.ownFile = 600
    sizes.ownStep = 500
    sizes.agentRun = 6
    sizes.serverRun = 7
    sizes.segment = 700
    return sizes
  }

  private struct World {
    let desk: Desk
    let gone: Set<String>

    init(_ seed: UInt64) throws {
      desk = try Desk(seed: seed, sizes: ErasureCrashTests.sizes)
      let (sofia, anna) = (try desk.agent("sofia"), try desk.agent("anna"))
      let ticket = try desk.edit(anna, "e1").on
      try desk.edit(anna, "e2")
      try desk.settle()
      for number in 3..<9 {
        try desk.edit(number % 2 == 0 ? anna : sofia, "e\(number)", on: ticket)
        try desk.edit(anna, "f\(number)")
        try desk.settle()
        desk.server.maintain()
      }
      // Not sent when the erasure comes.
      try desk.edit(anna, "e9", on: ticket)
      gone = Set((1...9).map { "e\($0)" }).subtracting(["e2"])
      try desk.erase(ticket, by: sofia)
      try desk.sync(sofia)
    }

    var anna: SimAgent { desk.agents[1] }

    func left(on disk: MemoryDisk) -> Set<String> {
      Survey.traces(on: disk).reduce(into: Set<String>()) { $0.formUnion($1.tokens) }.intersection(gone)
    }

    /// All is gone, nothing else is, and all hold the same.
    func check(_ point: Int) throws {
      try desk.settle()
      try desk.server.settle()
      for agent in desk.agents {
        #expect(left(on: agent.disk).isEmpty, "\(agent.name), write \(point)")
        #expect(try desk.tokens(agent).contains("e2"))
      }
      #expect(left(on: desk.server.disk).isEmpty, "the server, write \(point)")
      #expect(Set(try desk.agents.map { try $0.store?.digest() }).count == 1, "write \(point)")
      #expect(desk.server.isIntact, "write \(point)")
    }
  }

  @Test func aDeviceLosesPowerAtEachWrite() throws {
    var point = 0
    var isThrough = false
    while !isThrough {
      point += 1
      let world = try World(UInt64(point))
      let anna = world.anna
      #expect(world.left(on: anna.disk) == world.gone)
      anna.disk.faults.crashAfter = point
      _ = try? world.desk.sync(anna)
      isThrough = !anna.disk.isDown
      anna.disk.faults.crashAfter = nil
      anna.restart(losingPower: point % 2 == 0)
      try anna.open()
      try world.check(point)
    }
    #expect(point > 20)
  }

  /// What was removed is gone for good once the device says that it is: in whatever order the disk writes folders.
  @Test func powerLossBringsNothingBackToADevice() throws {
    for seed in 0..<40 as Range<UInt64> {
      let world = try World(seed)
      let disk = world.anna.disk
      let copy = try #require(disk.paths.first { $0.hasPrefix("own/") }.flatMap { disk.bytes($0) })
      for path in ["damaged/1/own-000000000001.jsonl", "own/torn", "incoming/1-3.jsonl.gz"] {
        disk.put(path, copy)
      }
      try world.desk.sync(world.anna)
      world.anna.restart(losingPower: true)
      #expect(world.left(on: disk).isEmpty, "\(seed): \(Survey.traces(on: disk))")
      try world.anna.open()
      try world.check(Int(seed))
    }
  }

  @Test func powerLossBringsNothingBackToTheServer() throws {
    for seed in 0..<40 as Range<UInt64> {
      let world = try World(seed)
      let server = world.desk.server
      let anna = world.anna.disk
      let copy = try #require(anna.paths.first { $0.hasPrefix("own/") }.flatMap { anna.bytes($0) })
      server.disk.put("\(SimServer.workspace)/damaged/0000000001.jsonl.gz", copy)
      try server.settle()
      server.restart(losingPower: true)
      #expect(world.left(on: server.disk).isEmpty, "\(seed): \(Survey.traces(on: server.disk))")
      try world.check(Int(seed))
    }
  }

  @Test func theServerLosesPowerAtEachWrite() throws {
    var point = 0
    var isThrough = false
    while !isThrough {
      point += 1
      let world = try World(UInt64(1000 + point))
      let server = world.desk.server
      #expect(!world.left(on: server.disk).isEmpty)
      server.disk.faults.crashAfter = point
      try? server.settle()
      isThrough = !server.disk.isDown
      server.disk.faults.crashAfter = nil
      server.restart(losingPower: point % 2 == 0)
      try world.check(point)
    }
    #expect(point > 5)
  }
}
