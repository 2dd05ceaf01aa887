import Causality
import ChangeCodec
import Merge
import Storage
import SyncProtocol

/// What a sync did.
public struct SyncReport: Sendable, Hashable {
  /// Own changes that the server took.
  public var sent = 0
  /// Changes that were new to this store, own ones not counted.
  public var received = 0
  /// Changes of others that the server had lost and this store gave back.
  public var relayed = 0
  /// Entities of which this sync brought the erasure, ordered.
  public var erased: [EntityID] = []
  /// How many requests were answered.
  public var roundTrips = 0
  /// Bytes of bodies, without HTTP's own.
  public var bytesSent = 0
  /// Bytes of the answers' bodies, as they were sent.
  public var bytesReceived = 0
  /// What had to be put right, in words for a person.
  public var notes: [String] = []
}

/// Brings a store and its server together.
///
/// One round trip in the usual case. Whatever happens in between, what was exchanged counts, and another sync goes
/// on from there.
///
/// ```swift
/// let store = try Store(at: "nord", .writing)
/// let transport = try URLTransport(store.configuration.server ?? "https://desk.example.org")
/// let report = try SyncClient(store, transport).sync()
/// ```
public final class SyncClient {
  private let store: Store
  private let link: ServerLink
  private var report = SyncReport()
  private let progress: (SyncReport) -> Void
  /// How often the server refused something that this then put right.
  private var healings = 0
  /// The most text that one request carries; less once a proxy found that too much.
  private var pushSize: Int
  /// Whether own changes that are damaged here were looked for in what was set aside.
  private var hasRelayed = false
  /// The runs that were copied once more from their start.
  private var refetched: Set<RunName> = []
  /// The last own sequence that the server said it holds.
  private var lastAcknowledged: UInt64 = 0

  /// - Parameter progress: called after each round trip, when what it brought is durable.
  /// - Throws: `SyncError.notJoined` for a store that no server knows.
  public init(
    _ store: Store, _ transport: any Transport, progress: @escaping (SyncReport) -> Void = { _ in }
  ) throws(SyncError) {
    guard let workspace = store.configuration.workspace, let token = store.configuration.token else {
      throw .notJoined
    }
    self.store = store
    link = ServerLink(transport, workspace: workspace, token: token)
    self.progress = progress
    pushSize = store.environment.sizes.push
  }

  /// Syncs until neither side has anything new, then compacts the store where it is due.
  ///
  /// Cost: per change that is sent or comes; compaction's share is a logarithm of the store's size a change.
  public func sync() throws(SyncError) -> SyncReport {
    let before = store.position
    defer { store.journal(from: min(before, lowest), at: store.environment.now()) }
    let known = store.erasedEntities
    let edited = Dictionary(grouping: store.unsent.filter { !$0.erases && !$0.isStub }, by: \.on)
    var session = newSession()
    if store.position == 0 { try fetchRuns(&session) }
    if store.hasRemadeUnsent {
      // Another copy may have made the same changes again meanwhile, so it is looked before they are sent.
      try pull(&session)
      if try onStore(store.isRemadeElsewhere) { try fork(&session) }
    }
    repeat {
      let request = session.request(
        unsent: store.unsent, own: store.own.lastSequence, seenLimit: try onStore(store.seenLimit),
        erased: store.erasedPosition)
      switch try link.sync(request) {
      case .success(let answer): try take(answer, &session)
      case .failure(let refusal): try heal(refusal, &session)
      }
      count()
    } while !session.isDone(unsent: store.unsent.count)
    try relay(&session)
    let head = session.head?.position ?? store.position
    try onStore { () throws(StorageError) in
      try store.forgetAside()
      try tell(erasedSince: known, edited)
    }
    try erase(&session)
    try onStore { () throws(StorageError) in
      try store.note(SyncNote(at: store.environment.now(), head: head))
      try store.compact()
    }
    return report
  }

  /// The position to which the mirror went back; the greatest number while it did not.
  private var lowest = UInt64.max

  private func newSession() -> SyncSession {
    SyncSession(
      cursor: store.cursor, replica: store.replica, agent: store.configuration.agent,
      pushSize: pushSize, pullSize: store.environment.sizes.pull)
  }

  private func count() {
    report.roundTrips = link.roundTrips
    report.bytesSent = link.bytesSent
    report.bytesReceived = link.bytesReceived
    progress(report)
  }

  private func onStore<Result>(_ body: () throws(StorageError) -> Result) throws(SyncError) -> Result {
    do {
      return try body()
    } catch {
      throw .storage(error)
    }
  }

  /// Stores what an answer brought.
  private func take(_ answer: SyncAnswer<[UInt8]>, _ session: inout SyncSession) throws(SyncError) {
    let received: SyncSession.Received
    let before = session.cursor
    do {
      received = try session.receive(answer)
    } catch {
      switch error {
      case .damaged: throw .interrupted(error.description)
      case .diverged:
        try rewind(&session)
        return
      }
    }
    let sequence = received.acknowledged ?? 0
    guard session.cursor != before || sequence > lastAcknowledged || session.isDone(unsent: 0) else {
      throw .interrupted("the server's answer brought nothing behind position \(before.position)")
    }
    lastAcknowledged = max(lastAcknowledged, sequence)
    let blocks = received.members.flatMap(\.blocks)
    if store.isForked(by: blocks) {
      try fork(&session)
      return
    }
    let unsent = store.unsent.count
    try onStore { () throws(StorageError) in try store.integrate(received) }
    report.sent += unsent - store.unsent.count
    report.received += blocks.reduce(0) { $0 + ($1.replica == store.replica ? 0 : $1.count) }
  }

  private func heal(_ refusal: Refusal, _ session: inout SyncSession) throws(SyncError) {
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
      let entities = try onStore(store.withdrawErasures)
      guard !entities.isEmpty else { throw SyncError(refusal) }
      report.notes.append(
        "this device may not erase \(Self.list(entities)), so that was taken back and the rest is sent; ask a supervisor "
          + "to erase with 'askonce customer erase'")
      session = newSession()
    default: try fork(&session)
    }
  }

  private static func list(_ entities: [EntityID]) -> String {
    let shown = entities.prefix(3).map(\.description).joined(separator: ", ")
    return entities.count > 3 ? "\(shown) and \(entities.count - 3) more" : shown
  }

  // MARK: Erasures

  /// Says which erasures came, and whose unsent edits they took.
  private func tell(erasedSince known: Set<EntityID>, _ edited: [EntityID: [Change]]) throws(StorageError) {
    report.erased = store.erasedEntities.subtracting(known).sorted()
    for entity in report.erased {
      guard let edits = edited[entity],
        let by = try store.changes(of: entity).first(where: { $0.change.erases })
      else { continue }
      report.notes.append(
        "\(entity) was erased by \(by.change.by) while you edited it, so \(edits.count == 1 ? "your edit" : "your \(edits.count) edits") of it is gone; "
          + "'askonce conflicts' lists it")
    }
  }

  /// Carries out erasures that are due, and tells the server, so that nobody has to wait for the next sync to know it.
  private func erase(_ session: inout SyncSession) throws(SyncError) {
    guard try onStore(store.scrub) else { return }
    session = newSession()
    let request = session.request(unsent: [], own: store.own.lastSequence, erased: store.erasedPosition)
    // What fails here is told with the next sync.
    guard case .success(let answer)? = try? link.sync(request) else { return }
    try take(answer, &session)
    count()
  }

  /// Goes back to the last place that the server shares.
  private func rewind(_ session: inout SyncSession) throws(SyncError) {
    let checkpoints = store.checkpoints
    // What lies behind a place that differs differs too, so the last shared one can be searched for by halves.
    var low = 0
    var high = checkpoints.count
    while high - low > 1 {
      let middle = (low + high) / 2
      let sum = try link.sum(at: checkpoints[middle].position)
      if sum == checkpoints[middle].sum { low = middle } else { high = middle }
    }
    let shared = checkpoints[low].position
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
  private func fork(_ session: inout SyncSession) throws(SyncError) {
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

  /// Takes what the server has, without sending anything.
  private func pull(_ session: inout SyncSession) throws(SyncError) {
    repeat {
      switch try link.sync(
        session.request(unsent: [], own: ChangeID.maximumSequence, erased: store.erasedPosition))
      {
      case .success(let answer): try take(answer, &session)
      case .failure(let refusal): try heal(refusal, &session)
      }
      count()
    } while !session.isDone(unsent: 0)
  }

  /// Gives the server back what it lost of what was set aside.
  private func relay(_ session: inout SyncSession) throws(SyncError) {
    guard try onStore(store.seenLimit) != nil else { return }
    // Once more after something was sent: somebody else may have taken the ids meanwhile.
    for _ in 0..<5 {
      let lost = try onStore(store.lostChanges)
      for damage in lost.damage {
        let note = "what the server lost cannot be given back from here in full: \(damage)"
        if !report.notes.contains(note) { report.notes.append(note) }
      }
      for (limit, changes) in lost.groups { try relay(changes, limit, &session) }
      if !session.isDone(unsent: 0) { try pull(&session) }
      if lost.groups.isEmpty { return }
    }
  }

  private func relay(
    _ changes: [Change], _ limit: UInt64, _ session: inout SyncSession
  ) throws(SyncError) {
    var rest = changes[...]
    while !rest.isEmpty {
      let request = session.request(
        unsent: Array(rest), own: store.own.lastSequence, seenLimit: limit, isRelay: true,
        erased: store.erasedPosition)
      switch try link.sync(request) {
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
  }

  /// Copies the server's runs into an empty mirror, in pieces, going on where an earlier try stopped.
  private func fetchRuns(_ session: inout SyncSession) throws(SyncError) {
    for (name, size) in try link.runs() where name.first == store.position + 1 {
      do throws(SyncError) {
        try fetch(name, size)
      } catch {
        // The server may have merged this run meanwhile; then the log brings what is missing.
        guard case .notFound = error else { throw error }
        break
      }
      let isTaken: Bool
      do throws(SyncError) {
        isTaken = try onStore { () throws(StorageError) in try store.finishRun(name) }
      } catch {
        // The server wrote the run anew while it was copied, because something was erased: once more from its start.
        guard case .storage(.damaged) = error, refetched.insert(name).inserted else { throw error }
        return try fetchRuns(&session)
      }
      guard isTaken else {
        // Under a new id the same runs are just another replica's changes.
        try fork(&session)
        return try fetchRuns(&session)
      }
      report.received += Int(name.last - name.first + 1)
    }
    session = newSession()
  }

  private func fetch(_ name: RunName, _ size: Int) throws(SyncError) {
    var offset = try onStore { () throws(StorageError) in try store.startRun(name, size: size) }
    while offset < size {
      let piece = try link.run(
        name, from: offset, count: min(store.environment.sizes.runPiece, size - offset))
      guard !piece.isEmpty else { throw .interrupted("the server sent nothing of run \(name)") }
      try onStore { () throws(StorageError) in try store.appendRun(name, piece) }
      offset += piece.count
      count()
    }
  }
}
