import Agent
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
    let last = try #require(try Repair.run(disk))
    #expect(last == found.changes && 5...15 ~= last)
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
