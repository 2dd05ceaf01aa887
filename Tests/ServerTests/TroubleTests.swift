import Agent
import Causality
import Codec
import Glibc
import Storage
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// What is wrong on a server is told to its operator, and to agents only that something is.
@Suite struct TroubleTests {
  /// A log with a member of three changes, and a device.
  private struct World {
    let memory = MemoryDisk()
    let told = Told()
    let clock = Ticks()
    let data: ServerData
    let endpoints: Endpoints
    let token: String

    init(_ disk: (MemoryDisk) -> any Disk = { $0 }) throws {
      let (clock, told) = (clock, told)
      data = try OneDisk.data(disk(memory), now: { clock.next() })
      endpoints = Endpoints(data) { told.add($0) }
      let hosted = try data.hosted("nord")
      token = try hosted.devices.enrol(agent: "anna", role: "supervisor", replica: ReplicaID(bits: 1)).token
      try hosted.workspace.push((0..<3).map { ("a/", "\"set\":{\"a\":\($0)}") })
    }

    func ask(
      _ method: String, _ path: String, _ parameters: [String: String] = [:], _ body: [UInt8] = []
    ) -> (status: Int, text: String) {
      let answer = endpoints.answer(
        ServerRequest(
          method: method, path: ["v1", "workspaces", "nord", path], parameters: parameters, token: token,
          body: body))
      guard case .bytes(let bytes) = answer.body else { return (answer.status, "") }
      return (answer.status, String(decoding: bytes, as: UTF8.self))
    }
  }

  private static func expectTold(_ world: World, _ answer: (status: Int, text: String), _ file: String) {
    #expect(answer.status >= 500, "\(answer)")
    for word in [".gz", "jsonl", "admin", "/"] { #expect(!answer.text.contains(word), "\(answer)") }
    #expect(world.told.all.contains { $0.contains(file) }, "\(world.told.all)")
  }

  @Test(arguments: ["sync", "sum", "erasures"]) func aDamagedLogIsToldToTheOperator(path: String) throws {
    let world = try World()
    var bytes = try #require(world.memory.bytes(ServerLog.path(1)))
    for offset in bytes.count / 2..<bytes.count { bytes[offset] ^= 0x55 }
    // In place, because the server has the file open.
    try world.memory.open(ServerLog.path(1), .update).write(bytes.span, at: 0)
    let answer =
      path == "sync"
      ? world.ask("POST", path, ["after": "1", "sum": "00000000", "own": "0"])
      : world.ask("GET", path, ["at": "1"])
    Self.expectTold(world, answer, ServerLog.path(1))
  }

  @Test func aFullDiskIsToldToTheOperator() throws {
    let world = try World()
    world.memory.faults.isFull = true
    let body = Deflater().compress(Array("{\"seq\":1,\"times\":[1],\"on\":[\"a/\"]}\n{}\n".utf8))
    let answer = world.ask("POST", "sync", ["after": "0", "sum": "00000000", "own": "1"], body)
    Self.expectTold(world, answer, ServerLog.path(1))
    #expect(answer.status == 503)
    let fork = world.ask("POST", "fork", [:], Array("{\"replica\":\"aaaaaaaaaa\"}".utf8))
    Self.expectTold(world, fork, "devices.jsonl")
  }

  @Test func aRunThatIsRefusedIsToldToTheOperator() throws {
    let world = try World { memory in
      CountingDisk(
        inner: memory,
        atOpen: { (path) throws(DiskError) in
          if path == "runs/1-3.jsonl.gz" { throw DiskError("open", path, code: EMFILE, reason: "too many") }
        })
    }
    try world.memory.makeFolder("runs")
    world.memory.put("runs/1-3.jsonl.gz", [1])
    Self.expectTold(world, world.ask("GET", "runs"), "runs/1-3.jsonl.gz")
  }

  /// Anybody may name it, with any token: neither is its log read each time, nor does a stranger learn of its files.
  @Test func aWorkspaceThatCannotBeOpenedIsNotOpenedForEachRequest() throws {
    let (disk, told, clock) = (CountingDisk(inner: MemoryDisk()), Told(), Ticks())
    let data = ServerData(
      root: MemoryDisk(), disk: { _ in disk }, now: { clock.next() }, random: Environment.system.random)
    let endpoints = Endpoints(data) { told.add($0) }
    func status() -> Int {
      endpoints.answer(
        ServerRequest(method: "GET", path: ["v1", "workspaces", "nord", "runs"], token: "a.b")
      ).status
    }
    try data.create("nord")
    try disk.makeFolder("log")
    try disk.replace(ServerLog.path(1), with: Array("no member".utf8))
    let before = disk.counter.logs.load(ordering: .relaxed)
    for _ in 0..<5 { #expect(status() == 503) }
    #expect(disk.counter.logs.load(ordering: .relaxed) == before + 1)
    #expect(told.all.count == 1 && told.all[0].contains(ServerLog.path(1)), "\(told.all)")
    // Nobody opened it before, so the operator put it right and waits.
    try disk.remove(ServerLog.path(1))
    #expect(status() == 503)
    clock.advance(60_000)
    #expect(status() == 401)
  }

  @Test func aClockThatIsPutBackKeepsNoWorkspaceAway() throws {
    let (disk, time) = (MemoryDisk(), Ticks())
    let isBack = Atomic(false)
    let data = ServerData(
      root: MemoryDisk(), disk: { _ in disk },
      now: { time.next() - (isBack.load(ordering: .relaxed) ? 86_400_000 : 0) },
      random: Environment.system.random)
    try data.create("nord")
    try disk.makeFolder("log")
    try disk.replace(ServerLog.path(1), with: Array("no member".utf8))
    #expect(throws: StorageError.self) { try data.hosted("nord") }
    try disk.remove(ServerLog.path(1))
    #expect(throws: StorageError.self) { try data.hosted("nord") }
    isBack.store(true, ordering: .relaxed)
    #expect(try data.hosted("nord").workspace.head.position == 0)
  }
}
