import Agent
import Codec
import Merge
import Storage
import TestSupport
import Testing

/// Own edits of which the end is not there any more, though the server has some of it.
@Suite("Verify, where own edits lost their end")
struct ShortenedOwnTests {
  private let path = "own/000000000001.jsonl"

  /// A store with three edits that were sent, and two that were not.
  private func world() throws -> (disk: MemoryDisk, environment: Environment) {
    let server = try MemoryServer()
    let disk = MemoryDisk()
    let store = try Store.make(disk: disk, root: "store", agent: "anna", environment: server.environment)
    try server.join(store)
    for number in 1...5 {
      try store.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "Ticket \(number)"])))
      if number == 3 { try server.sync(store) }
    }
    return (disk, server.environment)
  }

  private func lines(_ bytes: [UInt8]) -> [[UInt8]] {
    bytes.split(separator: 0x0A).map { Array($0) + [0x0A] }
  }

  @Test("A person has to look, since nobody knows what stood behind", arguments: [0, 1, 2, 150, 400])
  func short(_ size: Int) throws {
    let (disk, environment) = try world()
    disk.put(path, Array(try #require(disk.bytes(path)).prefix(size)))
    if size == 0 { try disk.remove(path) }
    for repairing in [false, true] {
      let check = try Store.verify(
        disk: disk, root: "store", repairing: repairing, environment: environment)
      #expect(check.need == .person, "\(check.findings)")
    }
    let store = try Store(disk: disk, root: "store", .reading, environment: environment)
    #expect(store.position == 3 && store.lastOwnSequence == 3)
    #expect(
      try Store.verify(disk: disk, root: "store", repairing: false, environment: environment).need == .nothing
    )
  }

  @Test("Lines that are damaged stand in their places, so nothing stood behind them")
  func damaged() throws {
    let (disk, environment) = try world()
    var all = lines(try #require(disk.bytes(path))).prefix(3)
    all[2][20] ^= 0x55
    disk.put(path, all.flatMap(\.self))
    let check = try Store.verify(disk: disk, root: "store", repairing: true, environment: environment)
    #expect(check.need == .nothing && check.findings.contains { $0.done?.contains("taken again") == true })
    let store = try Store(disk: disk, root: "store", .reading, environment: environment)
    #expect(store.lastOwnSequence == 3 && store.unsent.isEmpty)
  }
}
