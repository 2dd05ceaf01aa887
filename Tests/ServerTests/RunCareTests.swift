import Agent
import Causality
import Storage
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// Runs that requests find damaged or gone, and what a server does about them.
@Suite struct RunCareTests {
  /// A server whose erasures are carried out, with one run and the token of a supervisor.
  private struct World {
    let memory = MemoryDisk()
    let told = Told()
    let clock = Ticks()
    let data: ServerData
    let endpoints: Endpoints
    let hosted: ServerData.Hosted
    let tokens: [String]
    /// A line for each time that maintenance was asked for.
    let cared = Told()

    init(_ disk: (MemoryDisk) -> any Disk = { $0 }) throws {
      let (clock, told, cared) = (clock, told, cared)
      data = try OneDisk.data(disk(memory), sizes: Self.sizes, now: { clock.next() })
      endpoints = Endpoints(data, report: { told.add($0) }, care: { cared.add($0.workspace.name) })
      let hosted = try data.hosted("nord")
      self.hosted = hosted
      tokens = try [1, 2].map { bits in
        try hosted.devices.enrol(agent: "anna", role: "supervisor", replica: ReplicaID(bits: bits)).token
      }
      try hosted.workspace.push((0..<30).map { ("a/", "\"set\":{\"a\":\"\($0)\"}") })
      try hosted.workspace.push([("a/0000000007.2", "\"erase\":true")])
      try settle()
    }

    static var sizes: Sizes {
      var sizes = Sizes()
      sizes.serverRun = 4
      return sizes
    }

    func settle() throws { while try hosted.workspace.maintain() {} }

    var run: RunName { get throws { try #require(RunName.parse(try memory.list(RunName.folder)).first) } }

    var isIntact: Bool { get throws { try Backup.verify(memory).damage.isEmpty } }

    /// Flips bits within a run, of which its index says nothing.
    func damage() throws {
      var bytes = try #require(memory.bytes(try run.path))
      bytes[bytes.count - 12] ^= 0x55
      memory.put(try run.path, bytes)
      #expect(try !isIntact)
    }

    func get(_ path: String..., token: Int = 0, from first: Int? = nil) -> Int {
      endpoints.answer(
        ServerRequest(
          method: "GET", path: ["v1", "workspaces", "nord"] + path, token: tokens[token],
          range: first.map { (first: $0, last: Optional($0 + 99)) })
      ).status
    }
  }

  /// Else each such request would read the whole log.
  @Test func aRunThatARequestFindsDamagedIsMadeAgain() throws {
    let world = try World()
    try world.damage()
    #expect(world.get("erasures") == 200)
    #expect(world.cared.all == ["nord"])
    try world.settle()
    #expect(try world.isIntact)
    #expect(world.get("erasures") == 200)
    #expect(world.cared.all == ["nord"])
  }

  /// Maintenance merges beside requests.
  @Test func aRunThatGoesWhileItIsOpenedIsLookedForAgain() throws {
    let goes = Mutex(false)
    let world = try World { memory in
      CountingDisk(
        inner: memory,
        atOpen: { (path) throws(DiskError) in
          guard path.hasPrefix(RunName.folder), goes.withLock({ $0 }) else { return }
          goes.withLock { $0 = false }
          for name in try memory.list(RunName.folder) { try memory.remove("\(RunName.folder)/\(name)") }
        })
    }
    goes.withLock { $0 = true }
    #expect(world.get("erasures") == 200)
    #expect(!goes.withLock { $0 })
    #expect(world.told.all.isEmpty, "\(world.told.all)")
  }

  /// A first sync that finds a copy damaged fetches it once more.
  @Test func aRunThatADeviceFetchesAgainIsChecked() throws {
    let world = try World()
    try world.damage()
    let run = try "\(world.run)"
    #expect(world.get("runs", run, from: 0) == 206)
    #expect(world.get("runs", run, from: 100) == 206)
    #expect(world.get("runs", run, token: 1, from: 0) == 206)
    try world.settle()
    #expect(try !world.isIntact && world.cared.all.isEmpty)
    #expect(world.get("runs", run, from: 0) == 206)
    #expect(world.cared.all == ["nord"])
    try world.settle()
    #expect(try world.isIntact)
  }

  /// Devices must not keep a server busy with that.
  @Test func aRunIsCheckedOnceAnHour() throws {
    let world = try World()
    let run = try "\(world.run)"
    for _ in 0..<2 { #expect(world.get("runs", run) == 200) }
    try world.settle()
    try world.damage()
    for _ in 0..<5 { #expect(world.get("runs", run) == 200) }
    try world.settle()
    #expect(try !world.isIntact)
    world.clock.advance(3_600_000)
    for _ in 0..<2 { #expect(world.get("runs", run) == 200) }
    try world.settle()
    #expect(try world.isIntact)
  }

  /// As in a backup that was copied while runs were merged.
  @Test func anErasureTakesRunsBehindAGap() throws {
    let world = try World()
    let stray = RunName(first: 900, last: 999)
    for path in [stray.path, stray.indexPath] { world.memory.put(path, Array("what was erased".utf8)) }
    try world.hosted.workspace.push([("a/0000000007.3", "\"erase\":true")])
    try world.settle()
    #expect(world.hosted.workspace.erasedPosition == world.hosted.workspace.head.position)
    #expect(world.memory.bytes(stray.path) == nil && world.memory.bytes(stray.indexPath) == nil)
    #expect(try world.isIntact)
    #expect(try world.run.first == 1)
  }

  @Test(arguments: [false, true]) func aRunThatIsDroppedAtOpeningIsTold(isAtStart: Bool) throws {
    let world = try World()
    try world.damage()
    let run = try world.run
    try world.memory.remove(run.indexPath)
    let (told, later) = (Told(), Later())
    let data = try OneDisk.data(world.memory, sizes: World.sizes)
    if isAtStart { _ = try data.hosted("nord") }
    let maintenance = Maintenance(data, LiveStreams(), { told.add($0) }, after: { later.add($0, $1) })
    maintenance.start()
    if !isAtStart {
      _ = try data.hosted("nord")
      maintenance.flush()
    }
    maintenance.flush()
    #expect(told.all.count == 1 && told.all[0].contains("workspace nord: \(run.path)"), "\(told.all)")
    maintenance.stop()
  }
}
