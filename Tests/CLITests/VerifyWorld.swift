import Agent
import CLI
import Causality
import Codec
import Merge
import Server
import ServiceDesk
import Storage
import TestSupport
import Testing

/// A server in memory, and a store that holds a run, a log, sealed and unsent edits.
final class VerifyWorld {
  let server: MemoryServer
  let disk = MemoryDisk()
  let files: [String]
  /// The store's files as they were.
  let content: [String: [UInt8]]
  /// The digest once all is sent, and the one while not.
  let digest: String

  init() throws {
    server = try MemoryServer()
    let store = try Store.make(disk: disk, root: "store", agent: "anna", environment: server.environment)
    try server.join(store)
    let other = try Store.make(
      disk: MemoryDisk(), root: "other", agent: "bo", environment: server.environment)
    try server.join(other, role: "supervisor")
    var tickets: [EntityID] = []
    func edit(_ store: Store, _ count: Int) throws {
      for number in 0..<count {
        var draft = Draft(set: ["subject": "Ticket \(number)", "status": "open"])
        draft.log["timeline"] = JSONText(object: [("text", JSONText("It drips \(number)"))])
        let target = tickets.count < 8 ? Edit.Target.new(type: "ticket") : .entity(tickets[number % 8])
        if let change = try store.commit(Edit(target, draft)) { tickets.append(change.on) }
      }
    }
    try edit(store, 12)
    try server.sync(store)
    try edit(other, 5)
    // One ticket is erased, which the store notes as carried out.
    let gone = try #require(
      try other.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "Soon gone"]))))
    var erasing = Draft()
    erasing.erase = true
    try server.sync(other)
    try other.commit(Edit(.entity(gone.on), erasing))
    try server.sync(other)
    try server.sync(store)
    try store.compact(all: true)
    try edit(other, 4)
    try server.sync(other)
    try edit(store, 3)
    try server.sync(store)
    try edit(store, 4)
    // A desk makes tables and words beside the runs.
    _ = try Desk(store).tickets()
    _ = try Desk(store).search("drips")
    digest = try store.digest()
    var content: [String: [UInt8]] = [:]
    for folder in ["", "own", "log", "runs"] {
      for name in try disk.list(folder) {
        let path = folder.isEmpty ? name : folder + "/" + name
        if let bytes = try? disk.readAll(path), !bytes.isEmpty { content[path] = bytes }
      }
    }
    self.content = content
    files = content.keys.sorted()
  }

  /// A copy of the disk in which one file is another.
  func disk(with path: String, _ bytes: [UInt8]) throws -> MemoryDisk {
    let copy = MemoryDisk()
    for (name, original) in content {
      try copy.makeFolder(name.contains("/") ? String(name.prefix { $0 != "/" }) : "")
      let file = try copy.open(name, .replace)
      try file.append((name == path ? bytes : original).span)
    }
    return copy
  }

  /// Verifies, repairs, syncs, and compares with what the store was.
  func check(_ path: String, _ bytes: [UInt8], _ what: String) throws {
    let looked = try? Store.verify(
      disk: try disk(with: path, bytes), root: "store", repairing: false, environment: server.environment)
    let disk = try disk(with: path, bytes)
    let found = try Store.verify(
      disk: disk, root: "store", repairing: true, environment: server.environment)
    #expect(looked?.findings.isEmpty == found.findings.isEmpty, "\(what)")
    let again = try Store.verify(
      disk: disk, root: "store", repairing: true, environment: server.environment)
    #expect(again.findings.isEmpty, "\(what): \(again.findings)")
    guard found.need != .person else { return }
    let store = try Store(disk: disk, root: "store", .writing, environment: server.environment)
    try server.pull(store)
    #expect(try store.digest() == digest, "\(what): \(found.findings)")
    #expect(store.unsent.count == 4, "\(what)")
  }
}
