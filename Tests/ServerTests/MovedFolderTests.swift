import Causality
import Codec
import Dispatch
import Foundation
import HTTP
import Storage
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// What is done for a workspace between the moment its folder is moved and the next look at it.
@Suite struct MovedFolderTests {
  private struct World {
    let desk: LocalDesk
    let told = Told()
    let hosted: ServerData.Hosted
    let token: String
    let folder: String

    init() throws {
      desk = try LocalDesk()
      hosted = try desk.data.hosted("nord")
      token = try hosted.devices.enrol(agent: "anna", role: "supervisor", replica: ReplicaID(bits: 7)).token
      try hosted.workspace.push([("a/", ""), ("a/0000000007.1", "\"erase\":true")])
      folder = desk.folder + "/server/nord"
    }

    func move(isReplaced: Bool) throws {
      try FileManager.default.moveItem(atPath: folder, toPath: folder + ".old")
      if isReplaced { try FileManager.default.copyItem(atPath: folder + ".old", toPath: folder) }
    }

    /// All files of the workspace's folder and of the one that was moved away.
    func content() throws -> [String: Data] {
      var content: [String: Data] = [:]
      for root in [folder, folder + ".old"] {
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
          content["\(root)/\(name)"] = FileManager.default.contents(atPath: "\(root)/\(name)") ?? Data()
        }
      }
      return content
    }

    /// The status of a push of a third change.
    func push(_ service: Service) throws -> Int {
      let text = "{\"seq\":3,\"times\":[1],\"on\":[\"a/\"]}\n{}\n"
      let body = Deflater().compress(Array(text.utf8))
      let head =
        "POST /v1/workspaces/nord/sync?after=0&sum=00000000&own=3 HTTP/1.1\r\nHost: a\r\n"
        + "Authorization: Bearer \(token)\r\nContent-Length: \(body.count)\r\n\r\n"
      var parser = RequestParser(limits: Limits())
      var offset = 0
      guard case .head(let head) = parser.next(Array(head.utf8).span, from: &offset) else { return 0 }
      let status = Mutex(0)
      let answered = DispatchSemaphore(value: 0)
      service.handle(Request(head: head, body: body)) { response in
        status.withLock { $0 = response.status }
        answered.signal()
      }
      answered.wait()
      return status.withLock { $0 }
    }
  }

  @Test func aStepLeavesAloneWhatWasRestored() throws {
    let (world, later) = (try World(), Later())
    let told = world.told
    let maintenance = Maintenance(
      world.desk.data, LiveStreams(), { told.add($0) }, after: { later.add($0, $1) })
    maintenance.request(world.hosted)
    try world.move(isReplaced: true)
    let before = try world.content()
    while !later.fire().isEmpty {}
    #expect(try world.content() == before)
    #expect(!world.desk.data.isOpen("nord"))
    maintenance.flush()
    #expect(told.all.count == 1 && told.all[0].contains("not served: workspace nord"), "\(told.all)")
  }

  /// It would be in files that nobody finds, and the device forgets what the server has.
  @Test(arguments: [false, true]) func aPushIsNotAcknowledged(isReplaced: Bool) throws {
    let world = try World()
    let told = world.told
    let service = Service(world.desk.data) { told.add($0) }
    try world.move(isReplaced: isReplaced)
    if isReplaced {
      let before = try world.content()
      for _ in 0..<2 { #expect(try world.push(service) == 503) }
      #expect(try world.content() == before)
    } else {
      for _ in 0..<2 { #expect(try world.push(service) == 503) }
      #expect(!FileManager.default.fileExists(atPath: world.folder))
    }
    // Of one that is gone the list of devices may be missed first.
    if isReplaced { #expect(told.all[0].contains("not served: workspace nord"), "\(told.all)") }
    #expect(told.all.count == 1)
  }

  /// Nor does the server keep its files open, and the space of those that were removed in use.
  @Test func aFolderThatIsMovedIsLetGoOf() throws {
    let world = try World()
    let service = Service(world.desk.data) { _ in }
    weak let queue = service.queue(world.hosted)
    #expect(queue != nil)
    service.maintenance.flush()
    #expect(queue != nil)
    try world.move(isReplaced: false)
    service.maintenance.flush()
    #expect(queue == nil)
  }

  /// While a batch is written it cannot be known where it goes.
  @Test(arguments: [1, 2]) func aFolderThatGoesWhileAPushIsWrittenGetsNoAcknowledgement(look: Int) throws {
    let world = try World()
    let looks = Mutex(0)
    let queue = PushQueue(
      world.hosted.workspace,
      isServed: {
        looks.withLock {
          $0 += 1
          return $0 != look
        }
      }, moved: {})
    let body = Deflater().compress(Array("{\"seq\":3,\"times\":[1],\"on\":[\"a/\"]}\n{}\n".utf8))
    let sender = Workspace.Sender(replica: ReplicaID(bits: 7), agent: "anna", isSupervisor: true)
    let push = try Workspace.Push(sender, SyncRequest(after: .start, own: 3, body: body))
    let answers = Mutex<[Workspace.Answer]>([])
    var heads: [UInt64] = []
    for _ in 0..<2 {
      let answered = DispatchSemaphore(value: 0)
      queue.add(push) { answer in
        answers.withLock { $0.append(answer) }
        answered.signal()
      }
      answered.wait()
      heads.append(world.hosted.workspace.head.position)
    }
    #expect(heads == (look == 1 ? [2, 3] : [3, 3]))
    let codes = answers.withLock { $0.map { answer in (try? answer.get())?.acknowledgement?.sequence } }
    #expect(codes == [nil, 3])
  }
}
