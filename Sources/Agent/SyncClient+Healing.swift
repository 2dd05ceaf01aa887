import Causality
import ChangeCodec
import Merge
import Storage
import SyncProtocol

/// What is done about a server that refuses, that went back to an earlier history, or that lost something.
extension SyncClient {
  func heal(_ refusal: Refusal, _ session: inout SyncSession) throws(SyncError) {
    healings += 1
    guard healings <= 20 else { throw SyncError(refusal) }
    switch refusal.code {
    case .diverged: try rewind(&session)
    case .tooLarge:
      // A proxy's limit may be lower than the server's: less at once passes, unless one change is too large.
      guard pushSize > 1, store.unsent.count > 1 else { throw SyncError(refusal) }
      pushSize /= 8
      session = newSession()
    case .gap where !hasRelayed:
      // An own change is damaged here. Perhaps the mirror had it before the server lost it.
      hasRelayed = true
      session = newSession()
      try pull(&session)
      try relay(&session)
    case .notSupervisor:
      guard try withdrawErasures() else { throw SyncError(refusal) }
      session = newSession()
    default: try fork(&session)
    }
  }

  /// Takes back the erasures that this device may not make. Returns whether there were any.
  private func withdrawErasures() throws(SyncError) -> Bool {
    let entities = try onStore(store.withdrawErasures)
    guard !entities.isEmpty else { return false }
    report.notes.append(
      "this device may not erase \(Self.list(entities)), so that was taken back and the rest is sent; ask a supervisor "
        + "to erase with 'askonce customer erase'")
    return true
  }

  private static func list(_ entities: [EntityID]) -> String {
    let shown = entities.prefix(3).map(\.description).joined(separator: ", ")
    return entities.count > 3 ? "\(shown) and \(entities.count - 3) more" : shown
  }

  /// Up to where edits knew the server's log that saw more than there is of it: the mirror was cut here because it was damaged,
  /// and the server lost its end too, so that nobody can compare them.
  func findCut(_ session: inout SyncSession) throws(SyncError) -> [SeenLimit] {
    let held = store.position
    guard let seen = store.unsent.map(\.seen).max(), seen > held else { return [] }
    try pull(&session)
    return seen > store.position ? [SeenLimit(position: held)] : []
  }

  /// Goes back to the last place that the server shares.
  func rewind(_ session: inout SyncSession) throws(SyncError) {
    let checkpoints = store.checkpoints
    // What lies behind a place that differs differs too, so the last shared one can be searched for by halves.
    var low = 0
    var high = checkpoints.count
    while high - low > 1 {
      let middle = (low + high) / 2
      let sum = try link.sum(at: checkpoints[middle].position)
      if sum == checkpoints[middle].sum { low = middle } else { high = middle }
    }
    // Another process may have compacted the store meanwhile, so that this lies within a run now.
    let found = checkpoints[low].position
    let shared = store.checkpoints.last { $0.position <= found }?.position ?? 0
    guard shared < store.position else { throw .mismatch("the server refuses a history that it shares") }
    report.notes.append(
      "the server's history differs behind position \(shared): it was restored or replaced; "
        + "what it lost is sent again")
    try onStore { () throws(StorageError) in try store.rewind(to: shared) }
    lowest = min(lowest, shared)
    session = newSession()
    if shared == 0 { try fetchRuns(&session) }
  }

  /// Goes on under a new replica id.
  func fork(_ session: inout SyncSession) throws(SyncError) {
    // What the server has of this store's edits must not be sent twice, so all that is new is looked at first.
    var sent = Store.Sent(store.replica)
    var scan = newSession()
    repeat {
      switch try link.sync(
        scan.request(unsent: [], own: ChangeID.maximumSequence, erased: store.erasedPosition))
      {
      case .failure(let refusal):
        guard refusal.code == .diverged else { throw SyncError(refusal) }
        try rewind(&session)
        return
      case .success(let answer):
        let before = scan.cursor
        let received: SyncSession.Received
        do { received = try scan.receive(answer) } catch { throw .interrupted(error.description) }
        guard scan.cursor != before || scan.isDone(unsent: 0) else {
          throw .interrupted("the server's answer brought nothing behind position \(before.position)")
        }
        for block in received.members.flatMap(\.blocks) {
          for change in block.changes { sent.take(change) }
        }
      }
    } while !scan.isDone(unsent: 0)
    let old = store.replica
    let fork = try onStore { () throws(StorageError) in try store.fork(sent: sent) }
    let new = fork.replica
    let token = try link.fork(to: new)
    try onStore { () throws(StorageError) in try store.adopt(fork, token: token) }
    report.notes.append(
      "another device writes as replica \(old), so this store is a copy; it goes on as replica \(new), "
        + "and no edit was lost")
    link.token = token
    lastAcknowledged = 0
    session = newSession()
  }

  /// Gives the server back what it lost of what was set aside.
  ///
  /// The server takes erasures from supervisors' devices only. Elsewhere an erasure and what its replica made behind it wait,
  /// because a replica's changes follow each other without gaps.
  func relay(_ session: inout SyncSession) throws(SyncError) {
    guard try onStore(store.seenLimit) != nil else { return }
    guard try onStore(store.hasNewsOfWaiting) else { return sayWhatWaits() }
    var waiting: [ReplicaID: UInt64] = [:]
    // Once more after something was sent: somebody else may have taken the ids meanwhile.
    for _ in 0..<5 {
      // What has to be made again under another id has a name there by which no erasure knows it.
      if try onStore(store.scrub) { hasScrubbed = true }
      try catchUp(&session)
      let lost = try onStore(store.lostChanges)
      for damage in lost.damage {
        let note = "what the server lost cannot be given back from here in full: \(damage)"
        if !report.notes.contains(note) { report.notes.append(note) }
      }
      func waits(_ changes: [Change]) -> Bool {
        waiting[changes[0].id.replica].map { $0 <= changes[0].id.sequence } ?? false
      }
      let marks = lost.groups.map(\.changes).filter(waits).map { $0[0].id }
      for (limit, changes) in lost.groups where !waits(changes) {
        if let first = try relay(changes, limit, &session) { waiting[first.replica] = first.sequence }
      }
      if !session.isDone(unsent: 0) { try pull(&session) }
      if marks.count == lost.groups.count {
        // What is too large for the way waits for nobody's device: the next sync tries it again.
        guard !holdsBack else { return }
        try onStore { () throws(StorageError) in try store.noteWaiting(marks) }
        if !marks.isEmpty { sayWhatWaits() }
        return
      }
    }
    throw .interrupted(
      "other devices gave the server changes under the ids that were to be given back; sync again")
  }

  /// Fetches the end of the mirror again where it turned out to be damaged when the files were read anew. Returns whether it did.
  @discardableResult
  func catchUp(_ session: inout SyncSession) throws(SyncError) -> Bool {
    guard store.position < session.cursor.position else { return false }
    session = newSession()
    try pull(&session)
    return true
  }

  private func sayWhatWaits() {
    let note =
      "the server lost an erasure, which only a supervisor's device may give back; this one keeps it, and what its author "
      + "did afterwards, until such a device has synced, or it has joined again with a supervisor's code"
    if !report.notes.contains(note) { report.notes.append(note) }
  }

  private func sayWhatIsTooLarge(_ id: ChangeID) {
    holdsBack = true
    report.notes.append(
      "the server lost change \(id), which is larger than what is between here and the server lets through, so it and what its "
        + "author did afterwards stay here; ask your operator about the proxy's body limit")
  }

  /// Gives back changes of one replica. Returns the first of those that stay here: they wait for a supervisor's device, or one is
  /// too large for the way to the server.
  private func relay(
    _ changes: [Change], _ limit: UInt64, _ session: inout SyncSession
  ) throws(SyncError) -> ChangeID? {
    var waiting: ChangeID?
    var rest = changes[...]
    while !rest.isEmpty {
      let request = session.request(
        unsent: Array(rest), own: store.own.lastSequence, limits: [SeenLimit(position: limit)], isRelay: true,
        erased: store.erasedPosition)
      switch try link.sync(request) {
      case .failure(let refusal) where refusal.code == .notSupervisor && rest.contains(where: \.erases):
        if rest.first?.id.replica == store.replica {
          _ = try withdrawErasures()
          try catchUp(&session)
          let customers = Set(rest.filter(\.erases).compactMap(\.madeForErasure))
          rest = ArraySlice(rest.map { $0.withdrawn(customers) })
        } else {
          waiting = rest.first(where: \.erases)?.id
          rest = rest.prefix { !$0.erases }
        }
      case .failure(let refusal) where refusal.code == .tooLarge:
        let sent = rest.count - request.unsent
        if sent > 1, pushSize > 1 {
          pushSize /= 8
          session = newSession()
        } else {
          waiting = rest.first?.id
          if let waiting { sayWhatIsTooLarge(waiting) }
          rest = []
        }
      case .failure(let refusal):
        // What the server holds changed since it was looked at.
        let isMoved = [.diverged, .gap, .forked].contains(refusal.code)
        throw isMoved ? .interrupted(refusal.message) : SyncError(refusal)
      case .success(let answer):
        try take(answer, &session)
        let sent = rest.count - request.unsent
        report.relayed += sent
        rest = rest.dropFirst(sent)
      }
      count()
    }
    return waiting
  }
}
