import Causality
import ChangeCodec
import Codec
import Merge
import TestSupport
import Testing

@testable import Storage

/// Runs: the same changes by entity, a pure function of the log between two positions.
@Suite struct RunTests {
  /// A disk with runs of the log, cut at some positions.
  static func runs(_ log: RandomLog, cuts: [Int], on disk: MemoryDisk = MemoryDisk()) throws -> RunSet {
    let runs = try RunSet(disk)
    let placed = log.placed
    var start = 0
    for end in cuts + [placed.count] where end > start {
      try runs.add(Array(placed[start..<end]), sum: sum(log, end))
      start = end
    }
    return runs
  }

  static func sum(_ log: RandomLog, _ count: Int) -> UInt32 { Chain.next(0, log.placed.prefix(count)) }

  static func text(_ disk: MemoryDisk, _ name: RunName) throws -> [UInt8] {
    try Inflater().inflateAll(try #require(disk.bytes(name.path)), limit: 1 << 28)
  }

  @Test(arguments: 0..<12) func aMergedRunIsTheRunMadeAtOnce(seed: UInt64) throws {
    let log = RandomLog(
      seed: seed, changes: 60 + Int(seed) * 10, entities: 7, padding: seed % 3 == 0 ? 9000 : 0)
    let whole = MemoryDisk()
    _ = try Self.runs(log, cuts: [], on: whole)
    var generator = SeededGenerator(seed: seed)
    let cuts = (0..<4).map { _ in generator.int(1...log.placed.count - 1) }.sorted()
    let merged = MemoryDisk(seed: seed)
    let runs = try Self.runs(log, cuts: cuts, on: merged)
    let before = runs.runs.count
    #expect(before > 1)
    #expect(try runs.merge(all: true).isChanged)
    #expect(runs.runs.count == 1)
    let name = RunName(first: 1, last: log.last)
    #expect(try Self.text(merged, name) == Self.text(whole, name))
    try runs.runs[0].verify()
    #expect(merged.paths == [name.indexPath, name.path].sorted())
  }

  @Test func aMergeThatIsGivenUpLeavesAllAsItWas() throws {
    let log = RandomLog(seed: 4, changes: 60, entities: 12)
    let disk = MemoryDisk()
    let runs = try Self.runs(log, cuts: [10, 30], on: disk)
    let before = disk.paths
    for patience in 0..<12 {
      var asked = 0
      let merged = try runs.merge(all: true) {
        asked += 1
        return asked > patience
      }
      #expect(!merged.isChanged && asked == patience + 1)
      #expect(disk.paths == before)
    }
    #expect(try runs.merge(all: true).isChanged)
    #expect(runs.runs.count == 1)
  }

  /// Whoever looks an entity up would not find it there.
  @Test func aRunWhoseMembersAreOutOfOrderIsDamaged() throws {
    let log = RandomLog(seed: 4, changes: 120, entities: 12, padding: 9000)
    let disk = MemoryDisk()
    let name = try Self.runs(log, cuts: [], on: disk).runs[0].name
    let bytes = try #require(disk.bytes(name.path))
    var scanner = MemberScanner(try disk.open(name.path, .read), path: name.path)
    var members: [ArraySlice<UInt8>] = []
    while let member = try scanner.next(limit: 1 << 28) { members.append(bytes[member.start..<member.end]) }
    try #require(members.count > 4)
    func read(_ members: [ArraySlice<UInt8>]) throws {
      disk.put(name.path, Array(members.joined()))
      try disk.remove(name.indexPath)
      try RunReader(disk, name).verify()
    }
    try read(members)
    var swapped = members
    swapped.swapAt(2, 3)
    #expect(throws: StorageError.self) { try read(swapped) }
    // The last one twice instead of the one before it: as many changes as before, or not even that.
    let twice = members.dropLast(2) + [members[members.count - 1], members[members.count - 1]]
    #expect(throws: StorageError.self) { try read(Array(twice)) }
    try read(members)
  }

  @Test func aRunThatPromisesMoreChangesThanItsBytesHoldIsDamaged() throws {
    let disk = MemoryDisk()
    let name = RunName(first: 1, last: UInt64(Int.max))
    disk.put(name.path, Deflater().compress(RunFileHeader(first: 1, last: name.last, sum: 0).text))
    #expect(throws: StorageError.self) { try RunReader(disk, name) }
  }

  @Test func aRunWrittenInHasteIsPackedOnce() throws {
    let log = RandomLog(seed: 4, changes: 200, entities: 7, padding: 200)
    let disk = MemoryDisk()
    let runs = try Self.runs(log, cuts: [], on: disk)
    let name = runs.runs[0].name
    let text = try Self.text(disk, name)
    #expect(try !runs.merge().isChanged && !runs.runs[0].isPacked)
    #expect(try runs.merge(all: true).isChanged && runs.runs[0].isPacked)
    #expect(try Self.text(disk, name) == text)
    #expect(disk.paths == [name.indexPath, name.path].sorted())
    try runs.runs[0].verify()
    #expect(try !runs.merge(all: true).isChanged)
  }

  /// Blocks of one change each by an agent with a long name that JSON escapes: the header outgrows the bodies by far.
  static func rows(_ count: Int) throws -> [PlacedChange] {
    let replica = ReplicaID(bits: 5)
    let entity = try #require(EntityID(type: "ticket", origin: ChangeID(replica, 1)))
    let by = String(repeating: "\u{1}", count: Change.maximumAuthor)
    return (1...UInt64(count)).map { sequence in
      let change = Change(
        id: ChangeID(replica, sequence), at: HybridTime(milliseconds: 1000), seen: 0, by: by, on: entity,
        body: [])
      return PlacedChange(change, position: sequence, stamp: 1, seenLimit: sequence % 2 == 0 ? 1 : nil)
    }
  }

  @Test func whatAWriterCanMakeAReaderTakes() throws {
    let disk = MemoryDisk()
    let runs = try RunSet(disk)
    let rows = try Self.rows(8300)
    try runs.add(rows, sum: 1)
    #expect(try Self.text(disk, runs.runs[0].name).count > 4 << 20)
    #expect(try runs.changes(of: rows[0].change.on) == rows)
    disk.put(runs.runs[0].name.indexPath, [])
    let again = try RunSet(disk)
    #expect(try again.runs[0].changes(0) == rows)
  }

  /// What no reader would take is not written in the place of what can be read.
  @Test func aMemberThatIsTooLargeIsRefused() throws {
    let disk = MemoryDisk()
    let rows = try Self.rows(10)
    let name = RunName(first: 1, last: 10)
    let writer = try RunWriter(disk, name, sum: 1, textLimit: 1000)
    for row in rows { try writer.add(row) }
    #expect(throws: StorageError.self) { try writer.finish() }
    #expect(disk.paths == [name.path + ".new"])
  }

  @Test func itIsSortedByEntityThenPositionAndHoldsAll() throws {
    let log = RandomLog(seed: 8, changes: 300, entities: 9, padding: 4000)
    let run = try Self.runs(log, cuts: []).runs[0]
    #expect(run.index.memberCount > 3)
    var found: [PlacedChange] = []
    for member in 0..<run.index.memberCount { found += try run.changes(member) }
    #expect(
      found == log.placed.sorted { ($0.change.on, $0.position ?? 0) < ($1.change.on, $1.position ?? 0) })
    #expect(run.index.sum == log.sum)
    for entity in log.entities {
      #expect(try run.changes(of: entity) == log.placed.filter { $0.change.on == entity })
    }
    let missing = try #require(EntityID("ticket/zzzzzzzzzz.1"))
    #expect(try run.changes(of: missing).isEmpty)
    for (replica, mark) in run.index.replicas {
      let last = log.placed.map(\.change).last { $0.id.replica == replica }
      #expect(mark == last.map { ReplicaMark(sequence: $0.id.sequence, at: $0.at) })
    }
  }

  @Test func tiersKeepFewRunsAndAllChanges() throws {
    let log = RandomLog(seed: 2, changes: 400, entities: 20)
    let disk = MemoryDisk()
    let runs = try RunSet(disk)
    var start = 0
    while start < log.placed.count {
      let end = min(start + 10, log.placed.count)
      try runs.add(Array(log.placed[start..<end]), sum: Self.sum(log, end))
      try runs.merge()
      start = end
    }
    #expect(1...8 ~= runs.runs.count)
    for entity in log.entities {
      #expect(try runs.changes(of: entity) == log.placed.filter { $0.change.on == entity })
    }
    #expect(try RunSet(disk).runs.map(\.name) == runs.runs.map(\.name))
  }

  @Test func theChainTakesTheWidestRuns() {
    func names(_ texts: String...) -> [RunName] { texts.compactMap { RunName($0) } }
    #expect(RunName.chain(names("11-30", "1-10", "1-30", "31-40")) == names("1-30", "31-40"))
    #expect(RunName.chain(names("2-10")) == [])
    #expect(RunName.chain(names("1-10", "12-20")) == names("1-10"))
    for bad in ["0-3", "3-2", "1-", "-1", "01-3", "1-3-4", "a-b", "", "1-99999999999999999999"] {
      #expect(RunName(bad) == nil, "\(bad)")
    }
  }

  /// The index is derived: however it is damaged, it is made again and says the same.
  @Test func aDamagedIndexIsMadeAgain() throws {
    let disk = MemoryDisk()
    let log = RandomLog(seed: 4, changes: 40)
    let name = try Self.runs(log, cuts: [], on: disk).runs[0].name
    let bytes = try #require(disk.bytes(name.indexPath))
    for offset in bytes.indices {
      var damaged = bytes
      damaged[offset] ^= 1 << UInt8(offset % 8)
      #expect(RunIndex(damaged, name: name) == nil, "byte \(offset)")
      #expect(RunIndex(Array(bytes[..<offset]), name: name) == nil)
      disk.put(name.indexPath, damaged)
      _ = try RunReader(disk, name)
      #expect(disk.bytes(name.indexPath) == bytes)
      // What is read page by page is found out when it is asked for.
      disk.put(name.indexPath, damaged)
      let run = try RunReader(disk, name, smallIndex: 0)
      for entity in log.entities {
        #expect(try run.changes(of: entity) == log.placed.filter { $0.change.on == entity })
      }
      #expect(disk.bytes(name.indexPath) == bytes, "byte \(offset)")
    }
    #expect(RunIndex(bytes, name: RunName(first: 1, last: 3)) == nil)
    try disk.remove(name.indexPath)
    _ = try RunReader(disk, name)
    #expect(disk.bytes(name.indexPath) == bytes)
  }

  /// All changes of a run, in its order.
  static func read(_ disk: MemoryDisk, _ name: RunName) -> Result<[PlacedChange], StorageError> {
    Result { () throws(StorageError) in
      let run = try RunReader(disk, name)
      var found: [PlacedChange] = []
      for member in 0..<run.index.memberCount { found += try run.changes(member) }
      return found
    }
  }

  /// Every byte of a run flipped, and the run cut there, with and without its index: named, and never other changes.
  @Test func everyByteOfARunDamaged() throws {
    let disk = MemoryDisk()
    let log = RandomLog(seed: 6, changes: 30)
    let name = try Self.runs(log, cuts: [], on: disk).runs[0].name
    let bytes = try #require(disk.bytes(name.path))
    let index = try #require(disk.bytes(name.indexPath))
    let truth = log.placed.sorted { ($0.change.on, $0.position ?? 0) < ($1.change.on, $1.position ?? 0) }
    var unseen = 0
    for offset in bytes.indices {
      var flipped = bytes
      flipped[offset] ^= 1 << UInt8(offset % 8)
      for damaged in [flipped, Array(bytes[..<offset])] {
        disk.put(name.path, damaged)
        for hasIndex in [true, false] {
          if hasIndex { disk.put(name.indexPath, index) } else { try disk.remove(name.indexPath) }
          switch Self.read(disk, name) {
          case .success(let found): #expect(found == truth)
          case .failure(.damaged(let damage)): #expect(damage.file == name.path)
          case .failure(let error): Issue.record("byte \(offset): \(error)")
          }
        }
        // With an index the damage may lie where nothing reads; a check of every byte sees it.
        disk.put(name.indexPath, index)
        if (try? RunReader(disk, name).verify()) != nil { unseen += 1 }
      }
    }
    // Six bytes of a gzip header say nothing: the time, the compressor's flags, the system. And one bit of the flags.
    #expect(unseen <= 7 * 2)
  }
}
