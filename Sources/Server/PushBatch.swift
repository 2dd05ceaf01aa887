import Causality
import ChangeCodec
import Codec
import Merge
import Storage
import SyncProtocol

/// Requests that are stored together, while they are checked and placed.
struct PushBatch {
  private(set) var members: [BlockMember] = []
  private(set) var marks: [ReplicaID: ReplicaMark]
  /// What the requests erase.
  private(set) var erasures: [Erasure] = []
  private var erased: Set<EntityID>
  /// The end of the log before the batch: nobody has seen more.
  private let head: UInt64
  private var last: UInt64
  private var sum: UInt32
  private let stamp: UInt64
  private let deflater = Deflater()

  init(log: ServerLog, marks: [ReplicaID: ReplicaMark], erased: Set<EntityID>, stamp: UInt64) {
    self.marks = marks
    self.erased = erased
    head = log.last
    last = head
    sum = log.sum
    self.stamp = stamp
  }

  /// Checks and places a push. Throws without having changed anything.
  mutating func take(_ push: Workspace.Push) throws(Refusal) -> Acknowledgement? {
    let replica = push.sender.replica
    let ownLast = push.blocks.last.map { $0.changes[$0.count - 1].id.sequence } ?? 0
    if !push.request.isRelay, let mark = marks[replica], max(push.request.own, ownLast) < mark.sequence {
      throw Refusal(
        .forked,
        "the server holds \(mark.sequence) changes of replica \(replica) and this device made \(max(push.request.own, ownLast))"
      )
    }
    guard !push.blocks.isEmpty else { return nil }
    var fresh: [Block] = []
    var marks = self.marks
    var count = 0
    for block in push.blocks {
      guard block.replica == replica || push.request.isRelay else {
        throw Refusal(
          .forbidden, "a change of replica \(block.replica) from the device of replica \(replica)")
      }
      guard block.placement == nil else {
        throw Refusal(.malformed, "a push must not say where its blocks are placed")
      }
      count += block.count
      if let new = try Self.unknown(block, isRelay: push.request.isRelay, &marks) { fresh.append(new) }
    }
    for block in fresh { try check(block, from: push.sender) }
    let first = last + 1
    var placedCount = 0
    for index in fresh.indices {
      sum = Chain.next(sum, fresh[index].changes, stamp: stamp, seenLimit: fresh[index].seenLimit)
      fresh[index].placement = Placement(first: last + 1, stamp: stamp, sum: sum)
      last += UInt64(fresh[index].count)
      placedCount += fresh[index].count
      erasures += fresh[index].erasures
    }
    for erasure in erasures where !erased.contains(erasure.entity) { erased.insert(erasure.entity) }
    // What was erased is not stored again; what stands before the erasure goes when it is carried out.
    if !erased.isEmpty { fresh = fresh.map { $0.erasing(erased) ?? $0 } }
    self.marks = marks
    members += BlockMember.members(of: fresh, deflater)
    let sequence = marks[replica]?.sequence ?? 0
    guard placedCount == count, !push.request.isRelay else { return Acknowledgement(sequence: sequence) }
    return Acknowledgement(sequence: sequence, placed: .init(first: first, count: placedCount, stamp: stamp))
  }

  /// Whether a block may be stored, apart from its place.
  ///
  /// Erasures are taken from supervisors only, also those that others made: anybody can say that they were another's. And what
  /// a change claims to have seen beyond the log's end would count as known to it for ever.
  private func check(_ block: Block, from sender: Workspace.Sender) throws(Refusal) {
    if !sender.isSupervisor, let change = block.changes.first(where: \.erases) {
      throw Refusal(
        .notSupervisor,
        "change \(change.id) erases \(change.on), which takes a device with the role supervisor")
    }
    let seen = min(block.changes[0].seen, block.seenLimit ?? .max)
    guard seen <= head else {
      throw Refusal(
        .malformed, "change \(block.changes[0].id) has seen position \(seen), and the log ends at \(head)")
    }
  }

  /// The changes of a block that the server does not have; moves the replica's mark.
  private static func unknown(
    _ block: Block, isRelay: Bool, _ marks: inout [ReplicaID: ReplicaMark]
  ) throws(Refusal) -> Block? {
    let mark = marks[block.replica] ?? ReplicaMark(sequence: 0, at: .zero)
    if !isRelay, let known = block.changes.first(where: { $0.id.sequence == mark.sequence }),
      known.at != mark.at
    {
      throw Refusal(
        .forked, "change \(known.id) is another one on the server: two devices write as one replica")
    }
    let new = block.changes.filter { $0.id.sequence > mark.sequence }
    guard let first = new.first, let last = new.last else { return nil }
    guard first.id.sequence == mark.sequence + 1 else {
      throw Refusal(
        .gap,
        "change \(first.id) does not follow \(block.replica).\(mark.sequence), the last that the server holds",
        last: mark.sequence)
    }
    marks[block.replica] = ReplicaMark(sequence: last.id.sequence, at: last.at)
    return Block(new, seenLimit: block.seenLimit)
  }
}
