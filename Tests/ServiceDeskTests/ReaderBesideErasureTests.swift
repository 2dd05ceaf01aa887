import Agent
import Codec
import DeskSupport
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

@Suite("A reader beside an erasure")
struct ReaderBesideErasureTests {
  /// A reader shows the store as it was when it was opened, and stores what it derives from that for the next command.
  @Test(
    "What a reader derived from what was erased meanwhile does not stay in any file",
    arguments: ["rows", "tables", "words"])
  func derived(_ what: String) throws {
    let disk = MemoryDisk()
    let environment = NodeClock(VirtualClock()).environment(SeededGenerator(seed: 3))
    let writer = try Store.make(disk: disk, root: "", agent: "anna", environment: environment)
    var customers: [Change] = []
    for number in 0..<40 {
      let draft = Draft(set: ["name": "Zerasedname \(number)", "ref": "\(number % 2)"])
      let change = try writer.commit(Edit(.new(type: "customer"), draft))
      customers.append(try #require(change))
    }
    if what != "rows" { try writer.compact(all: true) }
    let reader = try Store(disk: disk, root: "", .reading, environment: environment)
    let desk = Desk(reader)
    for change in customers {
      var draft = Draft()
      draft.erase = true
      try writer.commit(Edit(.entity(change.on), draft))
    }
    #expect(try writer.eraseLocally())
    switch what {
    case "rows", "tables": #expect(try desk.customers().total == 40)
    default: #expect(try !desk.search("zerasedname", limit: 10).isEmpty)
    }
    var isAnythingRead = false
    for path in disk.paths {
      let bytes = try disk.readAll(path) ?? []
      isAnythingRead = isAnythingRead || !bytes.isEmpty
      let text = path.hasSuffix(".gz") ? "" : String(decoding: bytes, as: UTF8.self).lowercased()
      let isThere = text.contains("zerased")
      #expect(!isThere, "\(path)")
    }
    #expect(isAnythingRead)
  }

  @Test("An inbox that may not stay on the disk is shown all the same")
  func inbox() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.sync()
    try desks.anna.set(ticket, ["subject": "Zerased one"])
    try desks.bo.set(ticket, ["subject": "Zerased two"])
    try desks.sync()
    let disk = desks.anna.store.disk
    let reader = Desk(try Store(disk: disk, root: "", .reading, environment: desks.anna.store.environment))
    try desks.anna.erase(try desks.anna.erasurePlan(of: customer))
    try desks.sync()
    #expect(desks.anna.store.isErased(ticket))
    for _ in 0..<2 {
      let (conflicts, total) = try reader.conflicts()
      #expect(conflicts.count == 1 && total == 1)
    }
    #expect(try disk.readAll(InboxFile.path) == nil)
  }
}
