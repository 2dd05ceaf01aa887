import Causality
import Codec
import HTTP
import Storage
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// Where a pull is answered: others wait for what is done on an event loop.
@Suite struct PullPlaceTests {
  private struct World {
    let disk = CountingDisk(inner: MemoryDisk())
    let data: ServerData
    let token: String

    /// A log of two members with three blocks each.
    init() throws {
      data = try OneDisk.data(disk)
      let hosted = try data.hosted("nord")
      token = try hosted.devices.enrol(agent: "anna", role: "agent", replica: ReplicaID(bits: 1)).token
      for _ in 0..<2 { try hosted.workspace.push((0..<3).map { ("a/", "\"set\":{\"a\":\($0)}") }) }
      #expect(hosted.workspace.log.memberCount == 2)
    }

    func request(after position: UInt64, _ sum: UInt32) -> ServerRequest {
      ServerRequest(
        method: "POST", path: ["v1", "workspaces", "nord", "sync"],
        parameters: ["after": "\(position)", "sum": Checksum.hex(sum), "own": "0"], token: token)
    }
  }

  @Test func onlyAPlaceWithinAMemberIsReadFor() throws {
    let world = try World()
    let (endpoints, log) = (Endpoints(world.data), try world.data.hosted("nord").workspace.log)
    for position in 0...8 as ClosedRange<UInt64> {
      let sum = try log.sum(at: position)
      #expect(log.knowsSum(at: position) == [0, 3, 6, 7, 8].contains(position), "\(position)")
      let request = world.request(after: position, sum ?? 0)
      let reads = world.disk.reads
      switch endpoints.begin(request) {
      case .answer(let answer):
        #expect([0, 3, 6, 7, 8].contains(position))
        #expect(answer.status == (position == 6 ? 204 : position > 6 ? 409 : 200), "\(position)")
      case .pull: #expect([1, 2, 4, 5].contains(position))
      case .push: Issue.record("a push without a body")
      }
      #expect(world.disk.reads == reads, "\(position)")
      #expect(endpoints.answer(request).status == (position == 6 ? 204 : position > 6 ? 409 : 200))
    }
  }
}
