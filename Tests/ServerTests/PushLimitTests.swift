import Causality
import ChangeCodec
import Codec
import Dispatch
import Merge
import Storage
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// What a push may hold beyond its bytes.
@Suite struct PushLimitTests {
  /// Nearly nothing on the wire can be very many changes in memory.
  @Test func changesOfAPushAreCounted() throws {
    #expect(try PushBody.decode(Self.push(65_536), defaults: nil).reduce(0) { $0 + $1.count } == 65_536)
    let refusal = #expect(throws: Refusal.self) { try PushBody.decode(Self.push(65_537), defaults: nil) }
    #expect(try #require(refusal).code == .tooLarge)
  }

  /// Else it could not be made again under another id once a server lost it.
  @Test(arguments: ["", ",\"b\":1"]) func theLineOfAChangeIsBounded(behind: String) throws {
    func change(_ count: Int) throws -> Change {
      let replica = ReplicaID(bits: 7)
      let id = ChangeID(replica, 1)
      let body = "\"set\":{\"a\":\"\(String(repeating: "s", count: count))\"\(behind)}"
      return Change(
        id: id, at: HybridTime(milliseconds: 1), seen: 0, by: "a",
        on: try #require(EntityID(type: "a", origin: id)), body: Array(body.utf8))
    }
    func decoded(_ change: Change) throws -> [Change] {
      try PushBody.decode(PushBody.encode([Block([change])], leavingOut: nil), defaults: nil)[0].changes
    }
    let room = Change.maximumSize - ChangeLine.bytes(try change(0)).count
    let largest = try change(room)
    #expect(try decoded(largest) == [largest])
    #expect(try ChangeLine.parse(ChangeLine.text(largest)) == largest)
    let refusal = #expect(throws: Refusal.self) { try decoded(try change(room + 1)) }
    #expect(try #require(refusal).code == .malformed)
  }

  /// What a push leaves out can be many times what it says: it is stored so that it can be read.
  @Test func whatAPushLeavesOutMakesNoMemberTooLarge() throws {
    let server = try MemoryServer()
    let workspace = try server.data.hosted("nord").workspace
    let replica = ReplicaID(bits: 7)
    // A control character takes six bytes.
    let sender = Workspace.Sender(
      replica: replica, agent: String(repeating: "\u{1}", count: 100), isSupervisor: false)
    let count = 13_000
    let text = (1...count).map { "{\"seq\":\($0),\"times\":[1],\"on\":[\"a/\"]}\n{}\n" }.joined()
    let body = Deflater().compress(Array(text.utf8))
    let request = SyncRequest(after: .start, own: UInt64(count), body: body)
    let answers = workspace.process([try Workspace.Push(sender, request)])
    let acknowledgement = try answers[0].get().acknowledgement
    #expect(acknowledgement?.sequence == UInt64(count))
    #expect(acknowledgement?.placed?.count == count)
    #expect(workspace.log.memberCount == 2)
    #expect(try Backup.verify(workspace.disk).changes == UInt64(count))
  }

  @Test(arguments: [1, 300, 500, 700, 2000, 100_000])
  func membersHoldAllBlocksInOrder(size: Int) throws {
    let blocks = RandomLog(seed: 11, changes: 40).blocks
    let members = BlockMember.members(of: blocks, Deflater(), size: size)
    #expect(members.flatMap(\.blocks) == blocks)
    for member in members {
      var text: [UInt8] = []
      let end = try Inflater().inflateMember(member.bytes.span, limit: 1 << 20, to: &text)
      #expect(end == member.bytes.count)
      #expect(try BlockText.parseAll(text.span) == member.blocks)
      #expect(text.count <= size || member.blocks.count == 1)
    }
    #expect(BlockMember.members(of: [], Deflater(), size: size).isEmpty)
  }

  /// What waits for a slow disk is bounded; a push that alone is larger than that goes all the same.
  @Test func pushesInLineAreBounded() throws {
    let server = try MemoryServer()
    let workspace = try server.data.hosted("nord").workspace
    func push(_ replica: UInt64, _ count: Int) throws -> Workspace.Push {
      let sender = Workspace.Sender(replica: ReplicaID(bits: replica), agent: "a", isSupervisor: false)
      let text = (1...count).map { "{\"seq\":\($0),\"times\":[1],\"on\":[\"a/\"]}\n{}\n" }.joined()
      let body = Deflater().compress(Array(text.utf8))
      return try Workspace.Push(sender, SyncRequest(after: .start, own: UInt64(count), body: body))
    }
    let one = try push(1, 10).weight
    let answers = Mutex<[UInt64: Bool]>([:])
    let answered = DispatchGroup()
    func add(_ replica: UInt64, _ count: Int, _ queue: PushQueue) throws {
      answered.enter()
      queue.add(try push(replica, count)) { answer in
        answers.withLock { $0[replica] = (try? answer.get()) != nil }
        answered.leave()
      }
    }
    // Each with signals of its own: a queue may come to wait only after it was let go on.
    func queue() -> (queue: PushQueue, reached: DispatchSemaphore, goesOn: DispatchSemaphore) {
      let (reached, goesOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
      let queue = PushQueue(workspace, limit: one * 5 / 2) {
        reached.signal()
        goesOn.wait()
      }
      return (queue, reached, goesOn)
    }
    let first = queue()
    try add(1, 50, first.queue)
    first.reached.wait()
    // The one before is not let go of yet.
    try add(2, 10, first.queue)
    first.goesOn.signal()
    answered.wait()
    let second = queue()
    try add(3, 10, second.queue)
    second.reached.wait()
    try add(4, 10, second.queue)
    try add(5, 10, second.queue)
    for _ in 0..<2 { second.goesOn.signal() }
    answered.wait()
    #expect(answers.withLock { $0 } == [1: true, 2: false, 3: true, 4: true, 5: false])
  }

  private static func push(_ count: Int) -> [UInt8] {
    var text = ""
    for first in stride(from: 1, through: count, by: 10_000) {
      let changes = min(10_000, count + 1 - first)
      let rest = changes - 1
      text += "{\"replica\":\"k7f3q2hd9x\",\"by\":\"a\",\"seen\":0,\"seq\":\(first),\"times\":[1"
      text +=
        String(repeating: ",0", count: rest) + "],\"on\":[\"ticket/\""
        + String(repeating: ",\"\"", count: rest)
      text += "]}\n" + String(repeating: "{}\n", count: changes)
    }
    return Deflater().compress(Array(text.utf8))
  }
}
