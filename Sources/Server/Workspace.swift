import Causality
import ChangeCodec
import Codec
import Merge
import Storage
import SyncProtocol
import Synchronization

/// One workspace on the server: its log, what it knows of each replica, and the sync with agents.
///
/// It knows nothing of customers or tickets. In memory it holds what grows with members of the log and with
/// replicas. Without sockets and threads of its own, so that a simulator runs it as it is.
package final class Workspace: Sendable {
  package let name: String
  package let disk: any Disk
  let now: @Sendable () -> UInt64
  let sizes: Sizes
  /// Runs that requests found damaged, or devices fetched again.
  let suspects = SuspectRuns()
  /// For what runs were removed when it was opened.
  let dropped: [Damage]
  /// The first of the runs that were set aside then, because they are of another log; nil for none.
  let foreign: RunName?

  private struct State {
    var log: ServerLog
    var marks: [ReplicaID: ReplicaMark]
    /// The erased entities, each with the position of its first erasure.
    var erasures: [EntityID: UInt64]
    /// The same entities.
    var erased: Set<EntityID>
    /// How far they are carried out in the files.
    var note: ErasureNote
  }

  private let state: Mutex<State>
  /// Held by whoever appends to the log or replaces a part of it.
  private let writing = Mutex(())

  /// Opens the workspace in a disk's folder.
  ///
  /// - Throws: `StorageError.damaged` where the log is damaged in the middle: a backup is needed, and agents
  ///   bring back what it lacks.
  package init(
    name: String, disk: any Disk, now: @escaping @Sendable () -> UInt64, sizes: Sizes = .standard
  ) throws(StorageError) {
    self.name = name
    self.disk = disk
    self.now = now
    self.sizes = sizes
    let log = try ServerLog(disk, repairing: true, sizes: sizes)
    if let damage = log.damage.first { throw .damaged(damage) }
    var marks: [ReplicaID: ReplicaMark] = [:]
    var dropped: [Damage] = []
    let runs = try Self.runs(disk) { dropped.append($0) }
    self.dropped = dropped
    // Those that are not of this log, as after a restore, are made again, and may hold what this one lost.
    var foreign: RunName?
    for run in runs.runs where try log.sum(at: run.name.last) != run.index.sum {
      foreign = run.name
      break
    }
    if let foreign {
      runs.letGo(from: foreign)
      try SetAside.runs(disk) { $0.first >= foreign.first }
    }
    self.foreign = foreign
    for run in runs.runs { marks.merge(run.index.replicas) { $1 } }
    var erasures: [EntityID: UInt64] = [:]
    for erasure in runs.erasures { erasures.merge([erasure.entity: erasure.position], uniquingKeysWith: min) }
    try log.forEachBlock(from: runs.last + 1) { (block) throws(StorageError) in
      if let last = block.changes.last {
        marks[block.replica] = ReplicaMark(sequence: last.id.sequence, at: last.at)
      }
      for erasure in block.erasures {
        erasures.merge([erasure.entity: erasure.position], uniquingKeysWith: min)
      }
      return true
    }
    // A log that was cut or restored may have given the positions to other changes since.
    let stored = ErasureNote.read(disk)
    let note = try log.sum(at: stored.position) == stored.sum ? stored : .none
    state = Mutex(State(log: log, marks: marks, erasures: erasures, erased: Set(erasures.keys), note: note))
  }

  /// The end of the log.
  package var head: Cursor { state.withLock { Self.head($0.log) } }

  private static func head(_ log: ServerLog) -> Cursor { Cursor(position: log.last, sum: log.sum) }

  /// The log as it is now.
  package var log: ServerLog { state.withLock { $0.log } }

  /// The log and the erasures in it, as of one moment.
  var snapshot: (log: ServerLog, erasures: [EntityID: UInt64]) {
    state.withLock { ($0.log, $0.erasures) }
  }

  /// How far erasures are carried out in the files.
  var note: ErasureNote {
    get { state.withLock { $0.note } }
    set { state.withLock { $0.note = newValue } }
  }

  /// Puts a segment that was written anew in the place of the log's.
  func adopt(_ first: UInt64, from log: ServerLog) {
    writing.withLock { _ in state.withLock { $0.log.adoptSegment(first, from: log) } }
  }

  /// Takes what was erased out of a segment of the log.
  func rewrite(_ first: UInt64, _ entities: Set<EntityID>) throws(StorageError) {
    let isOpen = log.isOpen(first)
    if isOpen {
      try writing.withLock { (_) throws(StorageError) in
        let log = try self.log.startingSegment()
        state.withLock { $0.log = log }
      }
    }
    adopt(first, from: try log.erasing(entities, in: first))
  }

  /// The last sequence of a replica that the server holds.
  package func lastSequence(of replica: ReplicaID) -> UInt64 {
    state.withLock { $0.marks[replica]?.sequence ?? 0 }
  }

  /// Who sends a request, as the token says.
  package struct Sender: Sendable {
    package var replica: ReplicaID
    package var agent: String
    /// Whether erasures are taken from it, its own and those that it gives back.
    package var isSupervisor: Bool

    package init(replica: ReplicaID, agent: String, isSupervisor: Bool) {
      self.replica = replica
      self.agent = agent
      self.isSupervisor = isSupervisor
    }
  }

  /// A request with its decoded blocks.
  package struct Push: Sendable {
    package let sender: Sender
    package let request: SyncRequest
    package let blocks: [Block]
    /// About how much memory the blocks take, in bytes.
    let weight: Int

    /// What a change takes beside its body, in bytes.
    private static let changeWeight = 192

    /// Decodes a request's body. Done outside of the workspace's turn, because it costs the most.
    package init(_ sender: Sender, _ request: SyncRequest) throws(Refusal) {
      self.sender = sender
      self.request = request
      let defaults =
        request.isRelay
        ? nil : BlockText.Defaults(replica: sender.replica, by: sender.agent, seen: request.after.position)
      blocks = try PushBody.decode(request.body, defaults: defaults)
      weight = blocks.reduce(0) { $1.changes.reduce($0 + 64) { $0 + $1.body.count + Self.changeWeight } }
    }
  }

  package typealias Answer = Result<SyncAnswer<[ServerLog.Extent]>, Refusal>

  /// Takes what is the matter with a workspace's files, for the operator: devices are told only that something is.
  package typealias Tell = (StorageError) -> Void

  /// Answers a request that pushes nothing. Cost: none but finding the place in the log, and reading a member where the place
  /// lies within one.
  package func pull(_ sender: Sender, _ request: SyncRequest, tell: Tell = { _ in }) -> Answer {
    let (log, mark) = state.withLock { ($0.log, $0.marks[sender.replica]) }
    return pull(sender, request, log, mark, tell)
  }

  /// Answers a request that pushes nothing; nil where a member would have to be read for it.
  package func pullAtOnce(_ sender: Sender, _ request: SyncRequest, tell: Tell = { _ in }) -> Answer? {
    let (log, mark) = state.withLock { ($0.log, $0.marks[sender.replica]) }
    return log.knowsSum(at: request.after.position) ? pull(sender, request, log, mark, tell) : nil
  }

  private func pull(
    _ sender: Sender, _ request: SyncRequest, _ log: ServerLog, _ mark: ReplicaMark?, _ tell: Tell
  ) -> Answer {
    do throws(Refusal) {
      try check(request, log, tell)
      try checkOwn(request.own, mark, sender.replica)
      return .success(try answer(request, log, nil, tell))
    } catch {
      return .failure(error)
    }
  }

  /// Answers requests that push, all of them with one write and one sync.
  package func process(_ pushes: [Push], tell: Tell = { _ in }) -> [Answer] {
    writing.withLock { _ in
      let before = state.withLock { $0 }
      var batch = PushBatch(
        log: before.log, marks: before.marks, erased: before.erased, stamp: now())
      var outcomes: [Result<Acknowledgement?, Refusal>] = []
      for push in pushes {
        do throws(Refusal) {
          try check(push.request, before.log, tell)
          outcomes.append(.success(try batch.take(push)))
        } catch {
          outcomes.append(.failure(error))
        }
      }
      let log: ServerLog
      do throws(StorageError) {
        log = try before.log.appending(batch.members)
      } catch {
        tell(error.of(workspace: name))
        let refusal = Refusal(.unavailable, "the server could not store the push\(Self.reason(error))")
        return pushes.map { _ in .failure(refusal) }
      }
      state.withLock { state in
        state.log = log
        state.marks = batch.marks
        for erasure in batch.erasures {
          state.erasures.merge([erasure.entity: erasure.position], uniquingKeysWith: min)
          state.erased.insert(erasure.entity)
        }
      }
      return zip(pushes, outcomes).map { push, outcome in
        outcome.map { acknowledgement in
          // What was stored is acknowledged, also where the log cannot be read: the next request, for the rest, is told so.
          (try? answer(push.request, log, acknowledgement, tell))
            ?? SyncAnswer(head: Self.head(log), acknowledgement: acknowledgement, body: [])
        }
      }
    }
  }

  /// What a device may know of why something could not be written, with a colon before it.
  static func reason(_ error: StorageError) -> String {
    if case .full = error { ": its disk is full" } else { "" }
  }

  /// Whether a request's cursor is of this log.
  private func check(_ request: SyncRequest, _ log: ServerLog, _ tell: Tell) throws(Refusal) {
    let sum: UInt32?
    do throws(StorageError) {
      sum = try log.sum(at: request.after.position)
    } catch {
      tell(error.of(workspace: name))
      throw Refusal(.failed, Self.unreadable)
    }
    guard sum == request.after.sum else {
      throw Refusal(
        .diverged,
        "position \(request.after.position) with sum \(Checksum.hex(request.after.sum)) is not of this log")
    }
  }

  private func checkOwn(_ own: UInt64, _ mark: ReplicaMark?, _ replica: ReplicaID) throws(Refusal) {
    guard let mark, own < mark.sequence else { return }
    throw Refusal(
      .forked,
      "the server holds \(mark.sequence) changes of replica \(replica) and this device made \(own) of them")
  }

  static let unreadable = "the server cannot read its log"

  private func answer(
    _ request: SyncRequest, _ log: ServerLog, _ acknowledgement: Acknowledgement?, _ tell: Tell
  ) throws(Refusal) -> SyncAnswer<[ServerLog.Extent]> {
    do throws(StorageError) {
      return SyncAnswer(
        head: Self.head(log), acknowledgement: acknowledgement,
        body: try extents(request, log, acknowledgement?.placed))
    } catch {
      tell(error.of(workspace: name))
      throw Refusal(.unavailable, Self.unreadable)
    }
  }

  /// What is new to the one who asks.
  private func extents(
    _ request: SyncRequest, _ log: ServerLog, _ placed: Acknowledgement.Placed?
  ) throws(StorageError) -> [ServerLog.Extent] {
    let after = request.after.position
    guard let placed else {
      return after < log.last ? try log.extents(after + 1...log.last, limit: request.limit).extents : []
    }
    // The agent has what it just sent: only what lies around it is new.
    var extents: [ServerLog.Extent] = []
    var room = request.limit
    var isWhole = true
    if after + 1 < placed.first {
      let (found, reached) = try log.extents(after + 1...placed.first - 1, limit: room)
      extents += found
      room -= found.reduce(0) { $0 + $1.length }
      isWhole = reached >= placed.first - 1
    }
    let next = placed.first + UInt64(placed.count)
    if isWhole, next <= log.last, room > 0 {
      extents += try log.extents(next...log.last, limit: room).extents
    }
    return extents
  }
}
