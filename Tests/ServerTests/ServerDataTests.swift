import Agent
import Causality
import ChangeCodec
import Codec
import Dispatch
import Foundation
import Storage
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// Workspaces beside each other in one data folder.
@Suite struct ServerDataTests {
  /// A desk with `nord` and `west` whose data is opened anew.
  private static func opened(
    _ desk: LocalDesk, _ damage: (FolderDisk) throws -> Void
  ) throws -> (data: ServerData, failures: [StorageError]) {
    try desk.data.create("west")
    try damage(FolderDisk(desk.folder + "/server"))
    let data = ServerData(
      folder: desk.folder + "/server", now: desk.environment.now, random: desk.environment.random)
    return (data, try data.openAll())
  }

  private static func join(_ data: ServerData, _ code: String) -> (status: Int, text: String) {
    let body = "{\"code\":\"\(code)\",\"replica\":\"aaaaaaaaaa\"}"
    let answer = Endpoints(data).answer(
      ServerRequest(method: "POST", path: ["v1", "join"], body: Array(body.utf8)))
    guard case .bytes(let bytes) = answer.body else { return (answer.status, "") }
    return (answer.status, String(decoding: bytes, as: UTF8.self))
  }

  /// Neither does it keep people from joining others, nor are strangers told which one it is.
  @Test(arguments: ["laterVersion", "devices", "settings", "log"])
  func oneUnusableWorkspaceKeepsNobodyFromOthers(kind: String) throws {
    let desk = try LocalDesk()
    let lost = try desk.invite("anna")
    let (data, failures) = try Self.opened(desk) { disk in
      switch kind {
      case "laterVersion":
        try disk.replace("nord/workspace.json", with: Array("{\"format\":2,\"workspace\":\"nord\"}\n".utf8))
      case "devices": try disk.replace("nord/devices.jsonl", with: Array("{\"x\":1}\n".utf8))
      case "settings": try disk.replace("nord/workspace.json", with: [0x7B])
      default:
        try disk.makeFolder("nord/log")
        try disk.replace("nord/log/0000000001.jsonl.gz", with: Array("no member".utf8))
      }
    }
    #expect(failures.count == 1, "\(failures)")
    let code = try data.devices("west").invite(agent: "bo", role: "agent", expires: .max)
    let good = Self.join(data, code)
    #expect(good.status == 200, "\(good)")
    let wrong = Self.join(data, "aaaaaa-aaaa-aaaa-aaaa-aaaa")
    #expect(wrong.status == (kind == "log" ? 401 : 503), "\(wrong)")
    #expect(!wrong.text.contains("nord"), "\(wrong)")
    // It may be one of the workspace that cannot be looked into: that is no reason to throw it away.
    let waiting = Self.join(data, lost)
    #expect(waiting.status == 503 && !waiting.text.contains("nord"), "\(waiting)")
  }

  /// Its invitations are known as they were read last: other codes are none of its.
  @Test func aWorkspaceThatIsRemovedMakesNoCodeDoubtful() throws {
    let desk = try LocalDesk()
    let lost = try desk.invite("anna")
    let (data, _) = try Self.opened(desk) { _ in }
    let nord = try data.hosted("nord")
    try FileManager.default.removeItem(atPath: desk.folder + "/server/nord")
    #expect(data.stopServing(ifMoved: nord) != nil)
    let wrong = Self.join(data, "aaaaaa-aaaa-aaaa-aaaa-aaaa")
    #expect(wrong.status == 401, "\(wrong)")
    #expect(Self.join(data, lost).status == 503)
    let code = try data.devices("west").invite(agent: "bo", role: "agent", expires: .max)
    #expect(Self.join(data, code).status == 200)
  }

  /// Two openers would take each other's appending for what a crash left.
  @Test func aWorkspaceIsOpenedOnce() throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    try desk.join(anna)
    for _ in 0..<5 {
      let (folder, counter) = (desk.folder + "/server", CountingDisk.Counter())
      let data = ServerData(
        root: FolderDisk(folder),
        disk: {
          // Long enough for the others to come.
          CountingDisk(inner: FolderDisk("\(folder)/\($0)"), counter: counter) { usleep(20_000) }
        },
        now: desk.environment.now, random: desk.environment.random)
      let found = Collected()
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        if let hosted = try? data.hosted("nord") { found.add(hosted) }
      }
      #expect(found.count == 8)
      #expect(found.differentObjects == 1)
      #expect(counter.logs.load(ordering: .relaxed) == 1)
    }
  }

  @Test func aBackupGoesOnBehindADamagedWorkspace() throws {
    let desk = try LocalDesk()
    let (data, _) = try Self.opened(desk) { disk in
      try disk.makeFolder("nord/log")
      try disk.replace("nord/log/0000000001.jsonl.gz", with: Array("no member".utf8))
    }
    let outcome = try Backup.run(data, from: desk.folder + "/server", to: desk.folder + "/copy")
    #expect(outcome.copied.map(\.workspace) == ["west"])
    #expect(outcome.failed.map(\.workspace) == ["nord"])
    #expect(try FolderDisk(desk.folder + "/copy/west").readAll("workspace.json") != nil)
  }

  /// What a running server is just writing is no damage.
  @Test func aPushThatIsBeingWrittenIsLookedAtAgain() throws {
    let blocks = RandomLog(seed: 5, changes: 20).blocks
    let disk = MemoryDisk(seed: 1)
    try ServerData.writeSettings(disk, "nord", created: 0)
    disk.put("devices.jsonl", [0x0A])
    var log = try ServerLog(disk, repairing: true)
    for block in blocks { log = try log.appending([BlockMember([block], Deflater())]) }
    let whole = try #require(disk.bytes(ServerLog.path(1)))
    let line = RecordLines.line(Array("{\"invite\":\"x\"}".utf8))
    for cut in [1, 20] {
      disk.put(ServerLog.path(1), Array(whole.dropLast(cut)))
      disk.put("invites.jsonl", Array(line.dropLast(cut)))
      let stopped = try Backup.check(disk, of: "nord") { false }
      #expect(stopped.damage.count == 2, "\(stopped.damage)")
      let stuck = try Backup.check(disk, of: "nord") { true }
      #expect(stuck.damage == stopped.damage)
      let running = try Backup.check(disk, of: "nord") {
        disk.put(ServerLog.path(1), whole)
        disk.put("invites.jsonl", line)
        return true
      }
      #expect(running.damage.isEmpty, "\(running.damage)")
      #expect(running.changes == 20)
    }
  }
}

/// What threads found.
private final class Collected: Sendable {
  private let all = Mutex<[ServerData.Hosted]>([])

  var count: Int { all.withLock { $0.count } }
  var differentObjects: Int { all.withLock { Set($0.map { ObjectIdentifier($0) }).count } }

  func add(_ hosted: ServerData.Hosted) { all.withLock { $0.append(hosted) } }
}
