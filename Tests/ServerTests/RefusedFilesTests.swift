import Agent
import Causality
import Glibc
import Storage
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// What a server does while the system refuses it files that are there.
@Suite struct RefusedFilesTests {
  /// A server with a device, its token, and the disk that can refuse to open files.
  private struct World {
    let disk = RefusingDisk(inner: MemoryDisk())
    let clock = Ticks()
    let told = Told()
    let endpoints: Endpoints
    let data: ServerData
    let token: String

    init() throws {
      let (disk, clock, told) = (disk, clock, told)
      data = try OneDisk.data(disk, now: { clock.next() })
      endpoints = Endpoints(data) { told.add($0) }
      let devices = try data.hosted("nord").devices
      token = try devices.enrol(agent: "anna", role: "agent", replica: ReplicaID(bits: 1)).token
    }

    func status(_ path: String...) -> Int {
      clock.advance(1000)
      return endpoints.answer(
        ServerRequest(method: "GET", path: ["v1", "workspaces", "nord"] + path, token: token)
      ).status
    }
  }

  @Test func whereTheListOfDevicesCannotBeLookedAtNobodyPasses() throws {
    let world = try World()
    #expect(world.status("runs") == 200)
    // Another process revokes the device, and the server has no descriptor to see it.
    let admin = try world.data.devices("nord")
    try admin.revoke(try #require(try admin.devices().first))
    world.disk.refuse(["devices.jsonl"], EMFILE)
    for _ in 0..<3 { #expect(world.status("runs") == 503) }
    let hosted = try world.data.hosted("nord")
    #expect(!hosted.devices.isEnrolled(world.token.prefix { $0 != "." }.description))
    #expect(world.told.all.count == 1 && world.told.all[0].contains("devices.jsonl"), "\(world.told.all)")
    world.disk.refuse([], 0)
    #expect(world.status("runs") == 401)
  }

  /// One that is over says nothing of the next.
  @Test func theSameOutageIsToldAnewLater() throws {
    let world = try World()
    for count in 1...2 {
      world.disk.refuse(["devices.jsonl"], EMFILE)
      for _ in 0..<5 { #expect(world.status("runs") == 503) }
      #expect(world.told.all.count == count, "\(world.told.all)")
      world.disk.refuse([], 0)
      #expect(world.status("runs") == 200)
      world.clock.advance(3_600_000)
    }
  }

  /// It would tell every device to join anew.
  @Test func aListThatIsGoneRevokesNobody() throws {
    let world = try World()
    world.disk.refuse(["devices.jsonl"], ENOENT)
    #expect(world.status("runs") == 503)
    world.disk.refuse([], 0)
    #expect(world.status("runs") == 200)
  }

  @Test func aDamagedListLetsNobodyIn() throws {
    let world = try World()
    let file = try world.disk.open("devices.jsonl", .append)
    try file.append(Array("{\"x\":1}\n".utf8).span)
    #expect(world.status("runs") == 503)
    #expect(world.told.all.first?.contains("nord/devices.jsonl") == true, "\(world.told.all)")
  }

  @Test func onlyARunThatIsMissingIsNotThere() throws {
    let world = try World()
    try world.disk.makeFolder("runs")
    _ = try world.disk.open("runs/1-4.jsonl.gz", .append)
    #expect(world.status("runs", "1-5") == 404)
    #expect(world.status("runs", "1-4") == 200)
    world.disk.refuse(["runs/1-4.jsonl.gz"], EMFILE)
    #expect(world.status("runs", "1-4") == 503)
  }
}

/// A disk that refuses to open some files.
private final class RefusingDisk: Disk {
  private let inner: any Disk
  private let refused = Mutex<(paths: Set<String>, code: Int32)>(([], 0))

  init(inner: any Disk) { self.inner = inner }

  func refuse(_ paths: Set<String>, _ code: Int32) { refused.withLock { $0 = (paths, code) } }

  func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
    let (paths, code) = refused.withLock { $0 }
    if paths.contains(path) { throw DiskError("open", path, code: code, reason: "the test says so") }
    return try inner.open(path, mode)
  }
  func list(_ folder: String) throws(DiskError) -> [String] { try inner.list(folder) }
  func makeFolder(_ folder: String) throws(DiskError) { try inner.makeFolder(folder) }
  func rename(_ path: String, to target: String) throws(DiskError) { try inner.rename(path, to: target) }
  func remove(_ path: String) throws(DiskError) { try inner.remove(path) }
  func syncFolder(_ folder: String) throws(DiskError) { try inner.syncFolder(folder) }
  func lock(_ path: String) throws(DiskError) -> (any Sendable)? { try inner.lock(path) }
}
