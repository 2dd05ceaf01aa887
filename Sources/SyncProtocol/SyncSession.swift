import Causality
import ChangeCodec
import Codec
import Merge

/// The agent's end of a sync, as a value without I/O: it says what to send and what an answer means.
///
/// It holds nothing that must survive the connection: after any failure a new session starts from what the store
/// holds. Both silent means done.
package struct SyncSession: Sendable {
  /// What an answer brought.
  package struct Received: Sendable {
    /// To be appended to the mirror, in order, own changes among them.
    package var members: [BlockMember] = []
    /// Own changes up to this sequence are durable at the server.
    package var acknowledged: UInt64?

    package init(members: [BlockMember] = [], acknowledged: UInt64? = nil) {
      self.members = members
      self.acknowledged = acknowledged
    }
  }

  /// Why an answer cannot be used. The sync is tried again.
  package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The answer's bytes are damaged.
    case damaged(String)
    /// The answer's blocks or the server's head do not continue what this replica holds.
    case diverged

    package var description: String {
      switch self {
      case .damaged(let reason): "the server's answer cannot be read: \(reason)"
      case .diverged: "the server's log is not the one that this store mirrors"
      }
    }
  }

  /// What the mirror holds, as far as the session knows.
  package private(set) var cursor: Cursor
  /// The server's head in its last answer.
  package private(set) var head: Cursor?
  private var pushed: [Block] = []
  private let defaults: (ReplicaID, String)
  private let pushSize: Int
  private let pullSize: Int

  /// - Parameters:
  ///   - replica: the device's, `agent` its agent: what the server knows from the token.
  ///   - pushSize: the most text that one request carries, in bytes of bodies.
  ///   - pullSize: the most bytes of members that one answer may hold.
  package init(
    cursor: Cursor, replica: ReplicaID, agent: String, pushSize: Int = 2 << 20,
    pullSize: Int = SyncRequest.defaultLimit
  ) {
    self.cursor = cursor
    self.pushSize = pushSize
    self.pullSize = pullSize
    defaults = (replica, agent)
  }

  /// Whether nothing is left to do, given what is unsent.
  package func isDone(unsent: Int) -> Bool {
    guard let head else { return false }
    return unsent == 0 && cursor.position >= head.position
  }

  /// The next request: as many unsent changes as one request carries, and the cursor.
  ///
  /// - Parameters:
  ///   - limits: where the server lost its log, of which changes the knowledge counts up to where.
  ///   - erased: the position up to which erasures are carried out here.
  package mutating func request(
    unsent: [Change], own: UInt64, limits: [SeenLimit] = [], isRelay: Bool = false, erased: UInt64? = nil
  ) -> SyncRequest {
    var size = 0
    var count = 0
    while count < unsent.count, size < pushSize || count == 0 {
      size += unsent[count].body.count + 64
      count += 1
    }
    let changes = Array(unsent[..<count])
    pushed = Self.blocks(of: changes, limits)
    let leftOut =
      isRelay ? nil : BlockText.Defaults(replica: defaults.0, by: defaults.1, seen: cursor.position)
    return SyncRequest(
      after: cursor, own: own, unsent: unsent.count - count, isRelay: isRelay, erased: erased,
      limit: pullSize,
      body: PushBody.encode(pushed, leavingOut: leftOut))
  }

  /// Parts changes into blocks, each under one limit.
  private static func blocks(of changes: [Change], _ limits: [SeenLimit]) -> [Block] {
    var blocks: [Block] = []
    var rest = changes[...]
    while let first = rest.first {
      let due = limits.filter { $0.last >= first.id.sequence }
      // Behind the first of their ends there are fewer of them.
      let end = due.map(\.last).min() ?? .max
      let some = rest.prefix { $0.id.sequence <= end }
      let limit = due.map(\.position).min()
      blocks += BlockText.blocks(of: Array(some)).map { block in
        // Only what was seen beyond the shared part needs the limit.
        Block(block.changes, seenLimit: limit.flatMap { block.changes[0].seen > $0 ? $0 : nil })
      }
      rest = rest.dropFirst(some.count)
    }
    return blocks
  }

  /// Takes the answer to the last request.
  ///
  /// A body that was cut off counts up to its last whole member; the next request asks for the rest.
  package mutating func receive(_ answer: SyncAnswer<[UInt8]>) throws(Fault) -> Received {
    var received = Received(acknowledged: answer.acknowledgement?.sequence)
    var own = placedBlocks(answer.acknowledgement)
    pushed = []
    head = answer.head
    let deflater = Deflater()
    var members = PulledMembers(answer.body)
    while true {
      if let next = own.first?.placement?.first, next <= cursor.position + 1 {
        let blocks = try take(own)
        received.members += BlockMember.members(of: blocks, deflater)
        own = []
      }
      guard let member = try members.next() else { break }
      let new = try take(member.blocks)
      if new.count == member.blocks.count {
        received.members.append(member)
      } else if !new.isEmpty {
        received.members.append(BlockMember(new, deflater))
      }
    }
    if let head, head.position == cursor.position, head.sum != cursor.sum { throw .diverged }
    return received
  }

  /// The pushed blocks as the server stored them.
  private func placedBlocks(_ acknowledgement: Acknowledgement?) -> [Block] {
    // A server that had some of the push before sends all of it back instead.
    guard let placed = acknowledgement?.placed, placed.count == pushed.reduce(0, { $0 + $1.count }) else {
      return []
    }
    var blocks = pushed
    var position = placed.first
    for index in blocks.indices {
      blocks[index].placement = Placement(first: position, stamp: placed.stamp, sum: 0)
      position += UInt64(blocks[index].count)
    }
    return blocks
  }

  /// Moves the cursor over blocks that are new, checking that they continue it.
  private mutating func take(_ blocks: [Block]) throws(Fault) -> [Block] {
    var new: [Block] = []
    for var block in blocks {
      guard let placement = block.placement else { throw .damaged("a block without a position") }
      if block.last <= cursor.position { continue }
      guard placement.first == cursor.position + 1 else { throw .diverged }
      let sum = Chain.next(cursor.sum, block)
      if placement.sum == 0 {
        block.placement?.sum = sum
      } else if placement.sum != sum {
        throw .diverged
      }
      cursor = Cursor(position: block.last, sum: sum)
      new.append(block)
    }
    return new
  }
}
