import Agent
import CLI
import Causality
import Codec
import Foundation
import Merge
import Server
import ServiceDesk
import Storage
import Synchronization
import TestSupport
import Testing

/// Damages a store's files in every way and looks what `verify` and a sync make of it.
@Suite("Verify")
struct VerifyTests {
  private typealias World = VerifyWorld

  @Test("An intact store is intact")
  func intact() throws {
    let world = try World()
    #expect(world.files.contains { $0.hasPrefix("runs/") && $0.hasSuffix(".jsonl.gz") })
    #expect(world.files.contains { $0.hasPrefix("log/") })
    #expect(world.files.contains { $0.hasSuffix(".table") })
    #expect(world.files.contains { $0.hasSuffix(".words") })
    #expect(world.files.contains("erased.json"))
    for path in world.files { try world.check(path, world.content[path] ?? [], path) }
  }

  @Test("Every flipped byte is named or harmless, repaired, and no edit is lost by it")
  func flips() throws {
    let world = try World()
    var lost = 0
    for path in world.files {
      let bytes = world.content[path] ?? []
      for index in Sampling.places(bytes.count) {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(index % 8)
        let what = "\(path) byte \(index) bit \(index % 8)"
        do {
          try world.check(path, damaged, what)
        } catch {
          // A flip may make the format's number a later one.
          guard case .laterVersion = error as? StorageError else { throw error }
          lost += 1
        }
      }
    }
    #expect(lost <= 1)
  }

  @Test("Cut at every byte")
  func cuts() throws {
    let world = try World()
    for path in world.files where path != "store.json" {
      let bytes = world.content[path] ?? []
      for count in Sampling.places(bytes.count) {
        let disk = try world.disk(with: path, Array(bytes.prefix(count)))
        _ = try Store.verify(
          disk: disk, root: "store", repairing: true, environment: world.server.environment)
        let store = try Store(disk: disk, root: "store", .writing, environment: world.server.environment)
        try world.server.pull(store)
        if !path.hasPrefix("own/") { #expect(try store.digest() == world.digest, "\(path) cut at \(count)") }
      }
    }
  }

  @Test("Two flipped bits in one edit lose that edit alone; the sequence has no gap and syncs on")
  func lostEdit() throws {
    let world = try World()
    let path = try #require(world.files.last { $0.hasPrefix("own/") })
    var bytes = world.content[path] ?? []
    let lines = bytes.split(separator: 0x0A)
    let target = lines[lines.count - 3]
    bytes[target.startIndex + 120] ^= 0x11
    let disk = try world.disk(with: path, bytes)
    let check = try Store.verify(
      disk: disk, root: "store", repairing: true, environment: world.server.environment)
    #expect(check.need == .person)
    #expect(check.findings.first?.damage.file == path)
    let store = try Store(disk: disk, root: "store", .writing, environment: world.server.environment)
    #expect(store.unsent.count == 4)
    try world.server.sync(store)
    #expect(store.unsent.isEmpty)
    #expect(
      try Store.verify(disk: disk, root: "store", repairing: false, environment: world.server.environment)
        .findings.isEmpty)
  }

  @Test("A flipped byte of a file of words is named, and the words are made anew from the run")
  func words() throws {
    let world = try World()
    let path = try #require(world.files.first { $0.hasSuffix(".words") })
    let bytes = world.content[path] ?? []
    func found(_ disk: MemoryDisk) throws -> [EntityID] {
      try Desk(Store(disk: disk, root: "store", .writing, environment: world.server.environment))
        .search("drips", SearchFilter(), limit: 100).map(\.id)
    }
    let before = try found(world.disk(with: path, bytes))
    #expect(before.count == 8)
    for index in Sampling.places(bytes.count) {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      let disk = try world.disk(with: path, damaged)
      let check = try Store.verify(
        disk: disk, root: "store", repairing: true, environment: world.server.environment)
      #expect(check.findings.map(\.damage.file) == [path], "byte \(index)")
      #expect(check.need == .nothing)
      #expect(try !disk.list("runs").contains(String(path.dropFirst("runs/".count))), "byte \(index)")
      #expect(try found(disk) == before, "byte \(index)")
    }
  }

  @Test("A damaged note of erasures is named; the next sync goes through the files again and writes it")
  func erasureNote() throws {
    let world = try World()
    let path = "erased.json"
    let text = String(decoding: world.content[path] ?? [], as: UTF8.self)
    let position = try #require(try JSONText(parsing: text.utf8)["position"]?.int)
    let sum = try #require(try JSONText(parsing: text.utf8)["sum"]?.string)
    for damaged in [
      "", "{", "hello", text.replacing("position", with: "pisition"),
      text.replacing(sum, with: sum == "00000000" ? "00000001" : "00000000"),
      text.replacing("\(position)", with: "\(position + 1000)"),
    ] {
      let disk = try world.disk(with: path, Array(damaged.utf8))
      for isRepairing in [false, true] {
        let check = try Store.verify(
          disk: disk, root: "store", repairing: isRepairing, environment: world.server.environment)
        #expect(check.findings.map(\.damage.file) == [path], "\(damaged)")
        #expect(check.need == .nothing)
        #expect((check.findings.first?.done != nil) == isRepairing)
      }
      #expect(try disk.readAll(path) == nil)
      let store = try Store(disk: disk, root: "store", .writing, environment: world.server.environment)
      try world.server.pull(store)
      let written = try #require(try disk.readAll(path))
      #expect(try JSONText(parsing: written)["position"]?.int == Int(store.position))
      #expect(
        try Store.verify(disk: disk, root: "store", repairing: false, environment: world.server.environment)
          .findings.isEmpty)
    }
  }

  @Test("Settings that are gone for good are made anew from the edits")
  func settings() throws {
    let world = try World()
    let disk = try world.disk(with: "store.json", Array("{}".utf8))
    let check = try Store.verify(
      disk: disk, root: "store", repairing: true, environment: world.server.environment)
    #expect(check.need == .person)
    let store = try Store(disk: disk, root: "store", .writing, environment: world.server.environment)
    #expect(store.configuration.agent == "anna")
    #expect(try store.digest() == world.digest)
    try world.server.join(store)
    try world.server.sync(store)
    #expect(try store.digest() == world.digest)
  }

  @Test(
    "Lost settings are no empty folder: nothing is made over it, and verify makes them anew from the edits")
  func missingSettings() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    for number in 0..<3 { _ = try desk.ok("ticket", "new", "Ticket \(number)") }
    let disk = FolderDisk(desk.folder + "/store")
    try disk.remove("store.json")
    let before = try disk.readAll("own/000000000001.jsonl")
    for command in [
      ["ticket", "list"], ["ticket", "new", "x"], ["init", "--agent", "anna"], ["verify", "--check"],
    ] {
      let run = desk.run(command)
      #expect(run.code == .damaged, "\(command)")
      #expect((run.output + run.errors).contains("askonce verify"), "\(command): \(run.errors)")
    }
    #expect(try disk.readAll("own/000000000001.jsonl") == before)
    #expect(try disk.readAll("own/torn") == nil)
    #expect(desk.run("verify").code == .damaged)
    #expect(desk.run("verify").output.hasSuffix("3 changes: intact\n"))
    #expect(desk.run("status", "--json").json?["agent"]?.string == "anna")
    #expect(desk.run("ticket", "list", "--json").json?.elements?.count == 3)
    // An empty folder is still one.
    try disk.remove("store.json")
    try disk.remove("own/000000000001.jsonl")
    _ = try desk.ok("init", "--agent", "bo")
  }

  @Test("A store that went on as a copy keeps to the folder in which it did")
  func missingSettingsOfAFork() throws {
    let world = try World()
    let disk = try world.disk(with: "", [])
    func fork() throws -> (replica: ReplicaID, unsent: [Change]) {
      let store = try Store(disk: disk, root: "store", .writing, environment: world.server.environment)
      try store.adopt(store.fork(sent: Store.Sent(store.replica)), token: "token")
      return (store.replica, store.unsent)
    }
    let (replica, unsent) = try fork()
    #expect(unsent.count == 4)
    try disk.remove("store.json")
    _ = try Store.verify(disk: disk, root: "store", repairing: true, environment: world.server.environment)
    let again = try Store(disk: disk, root: "store", .writing, environment: world.server.environment)
    #expect(again.replica == replica && again.unsent == unsent)
  }

  @Test("Zeros where several edits were are more than one unfinished edit")
  func zeros() throws {
    let world = try World()
    let path = try #require(world.files.last { $0.hasPrefix("own/") })
    let bytes = world.content[path] ?? []
    let lines = bytes.split(separator: 0x0A)
    for start in [0, lines[lines.count - 3].startIndex, lines[lines.count - 3].startIndex + 20] {
      let disk = try world.disk(with: path, Array(bytes[..<start]) + bytes[start...].map { _ in 0 })
      let check = try Store.verify(
        disk: disk, root: "store", repairing: true, environment: world.server.environment)
      #expect(check.need == .person)
    }
  }

  @Test(
    "An edit that is damaged here and in the mirror comes back from the server, and nobody is taken for a copy"
  )
  func sentEdit() throws {
    let world = try World()
    let log = try #require(world.files.last { $0.hasPrefix("log/") })
    for path in world.files where path.hasPrefix("own/") && path.hasSuffix(".jsonl") {
      var own = world.content[path] ?? []
      let lines = own.split(separator: 0x0A).filter { $0.count > 60 }
      // The last that were sent, of which only the log behind the runs tells.
      let target = lines[lines.count - 6]
      own.replaceSubrange(
        target.startIndex + 20..<target.startIndex + 60, with: Array(repeating: 0, count: 40))
      let disk = try world.disk(with: path, own)
      var bytes = world.content[log] ?? []
      // The first member's text.
      bytes[30] ^= 0x11
      try disk.replace(log, with: bytes)
      let check = try Store.verify(
        disk: disk, root: "store", repairing: true, environment: world.server.environment)
      #expect(check.need == .sync, "\(check.findings)")
      func sync() throws {
        let store = try Store(disk: disk, root: "store", .writing, environment: world.server.environment)
        let replica = store.replica
        let report = try world.server.sync(store)
        #expect(report.notes.isEmpty && store.replica == replica)
        #expect(try store.digest() == world.digest && store.unsent.isEmpty)
      }
      try sync()
      let again = try Store.verify(
        disk: disk, root: "store", repairing: true, environment: world.server.environment)
      #expect(again.need == .nothing, "\(again.findings)")
      #expect(
        try Store.verify(disk: disk, root: "store", repairing: false, environment: world.server.environment)
          .findings.isEmpty)
    }
  }

  @Test("Edits of another replica are left to whoever finds the right settings")
  func foreign() throws {
    let world = try World()
    let disk = try world.disk(with: "", [])
    let other = MemoryDisk()
    _ = try Store.make(disk: other, root: "other", agent: "bo", environment: world.server.environment)
    let right = try #require(try disk.readAll("store.json"))
    try disk.replace("store.json", with: try #require(try other.readAll("store.json")))
    for _ in 0..<2 {
      let check = try Store.verify(
        disk: disk, root: "store", repairing: true, environment: world.server.environment)
      #expect(check.need == .person)
    }
    try disk.replace("store.json", with: right)
    let store = try Store(disk: disk, root: "store", .writing, environment: world.server.environment)
    #expect(try store.digest() == world.digest && store.unsent.count == 4)
  }

  @Test("The command says what it found, and its exit code what is needed")
  func command() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    for number in 0..<20 { _ = try desk.ok("ticket", "new", "Ticket \(number)") }
    #expect(desk.run("verify").output.hasSuffix("20 changes: intact\n"))
    let log = FolderDisk(desk.folder + "/store")
    let file = try log.open("own/000000000001.jsonl", .append)
    try file.append(Array("{\"id\":".utf8).span)
    let looked = desk.run("verify", "--check", "--json")
    #expect(looked.code == .damaged)
    #expect(looked.json?["findings"]?.elements?.count == 1)
    #expect(looked.json?["findings"]?.elements?.first?["file"]?.string == "own/000000000001.jsonl")
    let repaired = desk.run("verify")
    #expect(repaired.code == .ok)
    #expect(repaired.output.contains("cut off; no command had called it done"))
    #expect(desk.run("verify").output.contains("intact"))
    #expect(desk.run("ticket", "list", "--json").json?.elements?.count == 20)
    #expect(desk.run("verify", "--store", desk.folder + "/none").code == .notFound)
  }
}

/// Which places of a file are damaged: all of them with `ASKONCE_EVERY_BYTE=1`, else some hundreds in all.
private enum Sampling {
  static func places(_ count: Int) -> some Sequence<Int> {
    let isAll = ProcessInfo.processInfo.environment["ASKONCE_EVERY_BYTE"] == "1"
    // A prime step meets every bit and every column.
    return stride(from: 0, to: count, by: isAll ? 1 : 29)
  }
}
