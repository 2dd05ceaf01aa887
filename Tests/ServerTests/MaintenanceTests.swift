import Agent
import Foundation
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// What the server does behind, with time that a test lets pass.
@Suite struct MaintenanceTests {
  @Test func anErasureThatFailedIsTriedAgainWithoutAPush() throws {
    let (disk, timer, told) = (MemoryDisk(), Later(), Told())
    let data = try OneDisk.data(disk)
    let hosted = try data.hosted("nord")
    try hosted.workspace.push([("a/", ""), ("a/0000000007.1", "\"erase\":true")])
    let maintenance = Maintenance(data, LiveStreams(), { told.add($0) }, after: { timer.add($0, $1) })
    disk.faults.isFull = true
    maintenance.request(hosted)
    var delays: [Double] = []
    for _ in 0..<9 { delays += timer.fire() }
    #expect(delays == [0.2, 5, 10, 20, 40, 80, 160, 300, 300])
    #expect(!told.all.isEmpty && Set(told.all).count == told.all.count, "\(told.all)")
    #expect(hosted.workspace.erasedPosition < hosted.workspace.head.position)
    // A push in between makes no second row of attempts.
    maintenance.request(hosted)
    #expect(timer.fire() == [300, 0.2])
    #expect(timer.fire() == [300])
    disk.faults.isFull = false
    while !timer.fire().isEmpty {}
    #expect(hosted.workspace.erasedPosition == hosted.workspace.head.position)
    #expect(Set(told.all).count == told.all.count, "\(told.all)")
  }

  /// Else every two seconds, as long as devices sync.
  @Test func activityThatCannotBeWrittenIsToldOnceAnHour() throws {
    let (disk, told, clock) = (MemoryDisk(), Told(), Ticks())
    let data = try OneDisk.data(disk, now: { clock.next() })
    let hosted = try data.hosted("nord")
    let maintenance = Maintenance(data, LiveStreams(), { told.add($0) }, after: { _, _ in })
    disk.faults.isFull = true
    for count in [1, 1, 1, 2] {
      if count == 2 { clock.advance(3_600_000) }
      hosted.activity.note("a", .init(seen: clock.next(), position: 0, unsent: 0, sum: 0, erased: 0))
      maintenance.flush()
      #expect(told.all.count == count, "\(told.all)")
    }
  }

  /// What is pushed would go into files that nobody finds.
  @Test(arguments: [false, true]) func aWorkspaceThatIsMovedIsNotServed(isReplaced: Bool) throws {
    let desk = try LocalDesk()
    let (anna, told) = (try desk.store("anna"), Told())
    try desk.join(anna)
    try desk.sync(anna)
    let maintenance = Maintenance(desk.data, LiveStreams(), { told.add($0) }, after: { _, _ in })
    maintenance.flush()
    #expect(told.all.isEmpty && desk.data.isOpen("nord"))
    let folder = desk.folder + "/server/nord"
    try FileManager.default.moveItem(atPath: folder, toPath: folder + ".old")
    if isReplaced { try FileManager.default.copyItem(atPath: folder + ".old", toPath: folder) }
    for _ in 0..<2 { maintenance.flush() }
    #expect(told.all.count == 1 && told.all[0].contains("workspace nord"), "\(told.all)")
    let answer = desk.endpoints.answer(
      ServerRequest(
        method: "GET", path: ["v1", "workspaces", "nord", "runs"], token: anna.configuration.token))
    #expect(answer.status == 503)
  }
}
