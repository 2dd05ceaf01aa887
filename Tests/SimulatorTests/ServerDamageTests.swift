import Agent
import ChangeCodec
import Merge
import Server
import Storage
import TestSupport
import Testing

@testable import Simulator

/// A small server with every kind of file, damaged at each byte: opened without a trap, the damage named, what was not
/// damaged still there, nobody let in who was revoked, and after a repair and a sync everything again.
@Suite struct ServerDamageTests {
  private static let tokens: Set = ["a1", "a2", "a3", "b1", "b2", "b3"]

  /// A full disk takes no pushes, and keeps nobody from reading, also where the server starts on it.
  @Test func aServerStartsOnAFullDisk() throws {
    let desk = try Desk()
    let (anna, bo) = (try desk.agent("anna"), try desk.agent("bo"))
    try desk.edit(anna, "a")
    try desk.sync(anna)
    desk.server.disk.faults.isFull = true
    desk.server.restart(losingPower: false)
    #expect(try desk.sync(bo).received == 1)
    try desk.edit(bo, "b")
    #expect(throws: SyncError.self) { try desk.sync(bo) }
    desk.server.disk.faults.isFull = false
    try desk.settle()
    #expect(try desk.tokens(anna) == ["a", "b"])
    #expect(desk.server.isIntact, "\(desk.server.damage)")
  }

  /// What a test needs of a server whose agents have worked.
  private struct World {
    let desk: Desk
    let disk: MemoryDisk
    /// Tokens of a device that may sync, and of one that was revoked.
    let (good, revoked): (String, String)

    /// The server's data on a disk.
    func data(_ disk: MemoryDisk) -> ServerData {
      let environment = NodeClock(desk.clock).environment(SeededGenerator(seed: 5))
      return ServerData(
        root: disk, disk: { FolderOfDisk(disk: disk, folder: $0) }, now: environment.now,
        random: environment.random)
    }
  }

  /// A server with a run, a log behind it, three devices of which one was revoked, and used and open invitations.
  private static func world() throws -> World {
    var sizes = Sizes()
    sizes.serverRun = 2
    sizes.segment = 400
    let desk = try Desk(sizes: sizes)
    let (anna, bo, eve) = (try desk.agent("anna"), try desk.agent("bo"), try desk.agent("eve"))
    for number in 1...3 {
      try desk.edit(anna, "a\(number)")
      try desk.sync(anna)
      if number == 2 { for _ in 0..<5 { desk.server.maintain() } }
      try desk.edit(bo, "b\(number)")
      try desk.sync(bo)
    }
    let revoked = try #require(eve.store?.configuration.token)
    try desk.server.revoke("eve")
    _ = desk.server.invite("nobody")
    try desk.server.hosted()?.activity.flush()
    desk.server.stop()
    let good = try #require(anna.store?.configuration.token)
    return World(desk: desk, disk: desk.server.disk, good: good, revoked: revoked)
  }

  @Test func theServerHasEveryKindOfFile() throws {
    let paths = try Self.world().disk.paths
    for kind in ["workspace.json", "devices.jsonl", "invites.jsonl", "log/", "runs/", ".index", ".jsonl.gz"] {
      #expect(paths.contains { $0.contains(kind) }, "\(kind) \(paths)")
    }
  }

  @Test(arguments: [false, true]) func everyByteDamaged(isCut: Bool) throws {
    let world = try Self.world()
    var number = 0
    for path in world.disk.paths {
      let bytes = try #require(world.disk.bytes(path))
      for offset in bytes.indices {
        number += 1
        var damaged = isCut ? Array(bytes[..<offset]) : bytes
        if !isCut { damaged[offset] ^= 1 << UInt8(number % 8) }
        let disk = world.disk.copy(SeededGenerator(seed: UInt64(number)))
        disk.put(path, damaged)
        // A file that ends where a line or member does looks whole.
        let isWhole = isCut && Self.isEnd(path, bytes, offset)
        try Self.check(world, disk, path, "\(path) at \(offset)", isWhole: isWhole, isCut: isCut)
      }
    }
    #expect(number > 2000)
  }

  private static func isEnd(_ path: String, _ bytes: [UInt8], _ offset: Int) -> Bool {
    if offset == 0 { return true }
    return path.hasSuffix(".gz") ? bytes[offset...].starts(with: [0x1F, 0x8B]) : bytes[offset - 1] == 0x0A
  }

  private static func check(
    _ world: World, _ disk: MemoryDisk, _ path: String, _ place: Comment, isWhole: Bool, isCut: Bool
  ) throws {
    let folder = FolderOfDisk(disk: disk, folder: SimServer.workspace)
    let damage = try Backup.verify(folder).damage + Backup.verifySettings(folder, of: SimServer.workspace)
    let file = String(path.dropFirst(SimServer.workspace.count + 1))
    // The log and the running checksum over it are one; everything else is named by its file.
    for found in damage {
      #expect(found.file == file || file.hasPrefix("log/") && found.file.hasPrefix("log"), place)
    }
    let before = try read(world, disk, place)
    if file.hasPrefix("log/"), file.hasSuffix(".gz") {
      if before != tokens, !isWhole { #expect(!damage.isEmpty, place) }
    } else if let before {
      #expect(before == tokens, place)
    }
    // What cannot be served is named; and what is said to be whole is.
    if before == nil { #expect(!damage.isEmpty, place) }

    _ = try Repair.settings(folder, of: SimServer.workspace)
    _ = try Repair.run(folder)
    #expect(try Backup.verify(folder).damage.isEmpty, place)
    #expect(try Backup.verifySettings(folder, of: SimServer.workspace).isEmpty, place)
    let after = try #require(try read(world, disk, place), place)
    if let before { #expect(before.isSubset(of: after), place) }
    // The hashes of tokens take their time to compute.
    guard file == "devices.jsonl" else { return }
    // One flipped bit in the list of devices shuts nobody out and lets nobody in.
    let devices = try world.data(disk).devices(SimServer.workspace)
    if !isCut {
      #expect(throws: Never.self, place) { try devices.device(token: world.good) }
    }
    if !isCut { #expect(throws: (any Error).self, place) { try devices.device(token: world.revoked) } }
  }

  /// The tokens that a server serves from a disk; nil where it refuses because of damage.
  private static func read(_ world: World, _ disk: MemoryDisk, _ place: Comment) throws -> Set<String>? {
    var found: Set<String> = []
    do throws(StorageError) {
      let hosted = try world.data(disk).hosted(SimServer.workspace)
      try hosted.workspace.log.forEachBlock(from: 1) { (block) throws(StorageError) in
        for change in block.changes { found.formUnion(Token.all(in: change.body)) }
        return true
      }
      return found
    } catch {
      switch error {
      case .damaged, .workspaceDamaged, .workspaceUnreadable: return nil
      // A flipped digit of the format, and settings that are cut to nothing.
      case .laterVersion, .refused: return nil
      default:
        Issue.record("\(error)", sourceLocation: #_sourceLocation)
        return nil
      }
    }
  }

  /// After the damage of the log, a repair and a sync of all devices, the server has all again.
  @Test(arguments: 0..<4) func devicesGiveBackWhatARepairTook(part: Int) throws {
    var number = part * 5
    while true {
      let world = try Self.world()
      let paths = world.disk.paths.filter { $0.contains("/log/") && $0.hasSuffix(".gz") }
      var rest = number
      guard
        let path = paths.first(where: { path in
          let size = world.disk.bytes(path)?.count ?? 0
          if rest < size { return true }
          rest -= size
          return false
        }), var bytes = world.disk.bytes(path)
      else { break }
      bytes[rest] ^= 1 << UInt8(number % 8)
      world.disk.put(path, bytes)
      world.desk.server.repair()
      for agent in world.desk.agents.prefix(2) + world.desk.agents.prefix(2) { try world.desk.sync(agent) }
      for agent in world.desk.agents.prefix(2) {
        #expect(try Set(world.desk.tokens(agent)) == Self.tokens, "\(path) at \(rest)")
      }
      #expect(try world.desk.agents[0].store?.digest() == world.desk.agents[1].store?.digest())
      number += 4 * 60 + 1
    }
  }
}
