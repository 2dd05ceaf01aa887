import Agent
import ChangeCodec
import Codec
import Foundation
import Merge
import Storage
import SyncProtocol
import TestSupport
import Testing

@testable import Server

@Suite struct RepairTests {
  @Test func damagedLogIsCutAndAgentsGiveBackWhatItLost() throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    try desk.join(anna)
    for number in 0..<20 {
      try anna.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "Ticket \(number)"])))
      try desk.sync(anna)
    }
    let before = try anna.digest()
    let path = "\(desk.folder)/server/nord/log/0000000001.jsonl.gz"
    var bytes = Array(try #require(FileManager.default.contents(atPath: path)))
    // Within what a member in the middle holds: of some bits of its header nothing depends.
    let header = try #require(bytes[(bytes.count / 2)...].firstRange(of: [0x1F, 0x8B, 0x08]))
    bytes[header.lowerBound + 30] ^= 0x10
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let disk = FolderDisk("\(desk.folder)/server/nord")
    let found = try Backup.verify(disk)
    #expect(found.damage.count == 1)
    #expect(try Repair.run(disk) == .logEnds(found.changes) && 5...15 ~= found.changes)
    #expect(try Backup.verify(disk).damage.isEmpty)
    #expect(try Repair.run(disk) == nil)
    let fresh = ServerData(
      folder: desk.folder + "/server", now: desk.environment.now, random: desk.environment.random)
    let transport = LocalTransport(Endpoints(fresh))
    let report = try SyncClient(anna, transport).sync()
    #expect(report.notes.count == 1)
    #expect(try fresh.hosted("nord").workspace.head.position == 20)
    #expect(try anna.digest() == before)
    #expect(anna.unsent.isEmpty)
  }

  /// A disk with a log of several segments, damaged in the middle of the second, and what lies before that.
  private static func damagedLog() throws -> (disk: MemoryDisk, whole: [UInt64], kept: UInt64) {
    let blocks = RandomLog(seed: 5, changes: 60).blocks
    var sizes = Sizes()
    sizes.segmentMembers = 6
    let disk = MemoryDisk(seed: 9)
    var log = try ServerLog(disk, repairing: true, sizes: sizes)
    for block in blocks { log = try log.appending([BlockMember([block], Deflater())]) }
    let firsts = try disk.list("log").filter { $0.hasSuffix(".gz") }.compactMap {
      UInt64($0.prefix { $0 != "." })
    }
    let path = ServerLog.path(firsts.sorted()[1])
    var bytes = try #require(disk.bytes(path))
    let header = try #require(bytes[(bytes.count / 2)...].firstRange(of: [0x1F, 0x8B, 0x08]))
    bytes[header.lowerBound + 30] ^= 0x10
    disk.put(path, bytes)
    return (disk, firsts.sorted(), try Backup.verify(disk).changes)
  }

  /// Whenever the power goes, what lies before the damage stays in the log, and a second repair ends what the first began.
  @Test(arguments: [false, true]) func aRepairThatIsInterruptedLosesNothing(losesPower: Bool) throws {
    let (damaged, firsts, kept) = try Self.damagedLog()
    #expect(firsts.count > 3 && kept > firsts[1])
    var call = 0
    var isDone = false
    while !isDone {
      call += 1
      let disk = damaged.copy(SeededGenerator(seed: UInt64(call)))
      disk.faults.crashAfter = call
      isDone = (try? Repair.run(disk)) != nil
      disk.restart(losingPower: losesPower)
      let found = try Backup.verify(disk)
      #expect(found.changes == kept, "\(call)")
      // Unless all is done, nobody goes on behind the end as if nothing had been there.
      let names = try disk.list("log").filter { $0.hasSuffix(".gz") }
      #expect(!found.damage.isEmpty || names.count == 2, "\(call) \(names)")
      _ = try Repair.run(disk)
      let mended = try Backup.verify(disk)
      #expect(mended.damage.isEmpty && mended.changes == kept, "\(call)")
      // The whole of what was damaged is set aside.
      let aside = try disk.list(Repair.folder).compactMap { disk.bytes("\(Repair.folder)/\($0)") }
      for first in firsts[1...] {
        #expect(aside.contains(try #require(damaged.bytes(ServerLog.path(first)))), "\(call) \(first)")
      }
    }
    #expect(call > 10)
  }

  @Test func whatWasSetAsideStaysWhenARepairIsDoneAgain() throws {
    let (disk, firsts, _) = try Self.damagedLog()
    let path = ServerLog.path(firsts[1])
    let first = try #require(disk.bytes(path))
    _ = try Repair.run(disk)
    var second = try #require(disk.bytes(path))
    second.removeLast(3)
    disk.put(path, second)
    _ = try Repair.run(disk)
    let name = String(path.dropFirst("log/".count).prefix { $0 != "." })
    #expect(disk.bytes("\(Repair.folder)/\(name).jsonl.gz") == first)
    #expect(disk.bytes("\(Repair.folder)/\(name).2.jsonl.gz") == second)
  }

  /// What looks damaged may be what that one writes.
  @Test func whatALaterVersionWroteIsLeftAsItIs() throws {
    let disk = try Self.damagedLog().disk
    disk.put(
      ServerData.settingsPath, Array("{\"format\":2,\"workspace\":\"nord\",\"created\":5}\n".utf8))
    let before = disk.paths.map { disk.bytes($0) }
    func refusal(_ path: String) -> StorageError { .laterVersion(file: path, found: 2, known: 1) }
    #expect(throws: refusal("nord/workspace.json")) { try Backup.check(disk, of: "nord") { false } }
    #expect(throws: refusal("nord/workspace.json")) { try Repair.settings(disk, of: "nord") }
    #expect(throws: refusal("workspace.json")) { try Repair.run(disk) }
    #expect(disk.paths.map { disk.bytes($0) } == before)
  }

  @Test func damagedSettingsKeepWhenTheWorkspaceWasMade() throws {
    for (kept, created) in [("", 0), (",\"created\":1795281663306", 1_795_281_663_306)] {
      let disk = MemoryDisk()
      disk.put(ServerData.settingsPath, Array("{\"format\":1,\"workspace\":\"nprd\"\(kept)}\n".utf8))
      _ = try Repair.settings(disk, of: "nord")
      let settings = try JSONText(parsing: try #require(disk.bytes(ServerData.settingsPath)))
      #expect(settings["created"]?.int == created && settings["workspace"]?.string == "nord")
    }
  }

  @Test func tooLargeForAProxyIsSentInSmallerParts() throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    try desk.join(anna)
    try anna.commit(
      (0..<400).map { number in
        Edit(
          .new(type: "ticket"),
          Draft(set: ["subject": "A subject that is not short, number \(number * 7919 % 1000)"]))
      })
    let report = try SyncClient(anna, LimitedTransport(inner: desk.transport, limit: 2000)).sync()
    #expect(report.sent == 400)
    #expect(anna.unsent.isEmpty)
  }
}

/// A proxy that lets only small bodies through.
private struct LimitedTransport: Transport {
  let inner: LocalTransport
  let limit: Int

  func exchange(_ call: Call) throws(TransportError) -> Reply {
    if call.body.count > limit {
      return Reply(status: 413, fields: [:], body: Array("<html>too large</html>".utf8))
    }
    return try inner.exchange(call)
  }
}
