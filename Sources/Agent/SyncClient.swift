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
  ///
  /// What this store made for them meanwhile, not knowing of it, is not erased with them: a desk's `customers(ofErased:)` and
  /// `leftovers(of:tiedBy:)` find what names them all the same, `stranded(by:mergedBy:)` the tickets that were merged into theirs.
  public var erased: [EntityID] = []
  /// How many requests were answered.
  public var roundTrips = 0
  /// Bytes of bodies, without HTTP's own.
  public var bytesSent = 0
  /// Bytes of the answers' bodies, as they were sent.
  public var bytesReceived = 0
  /// What had to be put right, in words for a person.
  public var notes: [String] = []

  /// Whether anything was exchanged but words about what is there.
  package var isMoved: Bool { sent + received + relayed > 0 }
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
///
/// A client may sync again and again, and wait for news in between: see `waitForNews`.
public final class SyncClient {
  let store: Store
  let link: ServerLink
  var report = SyncReport()
  /// The server that the transport leads to.
  private let server: String?
  private let progress: (SyncReport) -> Void
  /// How often the server refused something that this then put right.
  var healings = 0
  /// The most text that one request carries; less once a proxy found that too much.
  var pushSize: Int
  /// Whether own changes that are damaged here were looked for in what was set aside.
  var hasRelayed = false
  /// Whether something of what the server lost stays here, because it is too large for the way there.
  var holdsBack = false
  /// Whether erasures were carried out of which the server was not told yet.
  var hasScrubbed = false
  /// The runs that were copied once more from their start.
  var refetched: Set<RunName> = []
  /// The last own sequence that the server said it holds.
  var lastAcknowledged: UInt64 = 0
  /// What is known of the server's news, over all waits.
  var feed = LiveFeed()
  /// Whether a sync since the last wait for news brought or sent anything; nil where there was none.
  var hasMoved: Bool?
  /// How many seconds the last wait for news was to be where the server told none.
  var quiet = LiveFeed.polls.lowerBound

  /// - Parameter progress: called after each round trip, when what it brought is durable.
  /// - Throws: `SyncError.notJoined` for a store that no server knows.
  public init(
    _ store: Store, _ transport: any Transport, progress: @escaping (SyncReport) -> Void = { _ in }
  ) throws(SyncError) {
    guard let workspace = store.configuration.workspace, let token = store.configuration.token else {
      throw .notJoined
    }
    self.store = store
    server = store.configuration.server
    link = ServerLink(transport, workspace: workspace, token: token, lending: store)
    self.progress = progress
    pushSize = store.environment.sizes.push
  }

  /// Syncs until neither side has anything new, then compacts the store where it is due.
  ///
  /// A store that is open for writing keeps others out. The sync lends the lock while it waits for the server: then others may
  /// write to the store, and what they wrote is sent with the rest, or by the next sync. A store that somebody opened for
  /// reading does not see what came. Cost: per change that is sent or comes; compaction's share is a logarithm of the store's
  /// size a change.
  /// - Throws: `SyncError`; `.storage(.readOnly)` where the store was opened for reading, and `.storage(.locked)` where another
  ///   process syncs this store, or opened it while the lock was lent and still keeps it after half a minute. Nothing is lost
  ///   then, and the next sync or edit takes the lock again once it is free.
  public func sync() throws(SyncError) -> SyncReport {
    try onStore(store.requireWriting)
    begin()
    let lock = try onStore(store.takeSyncLock)
    defer { withExtendedLifetime(lock) {} }
    try onStore(store.settleDoubt)
    try takeToken()
    // A sync that breaks may have brought something, and the next one then brings nothing.
    defer { hasMoved = hasMoved == true || report.isMoved }
    let before = store.position
    defer { store.journal(from: min(before, lowest), at: store.environment.now()) }
    // What a sync that broke brought is told by the one that carries it out.
    let known = store.scrubbedEntities
    let edited = Dictionary(grouping: store.unsent.filter { !$0.erases && !$0.isStub }, by: \.on)
    var session = newSession()
    if store.position == 0 { try fetchRuns(&session) }
    if store.hasRemadeUnsent {
      // Another copy may have made the same changes again meanwhile, so it is looked before they are sent.
      try pull(&session)
      if try onStore(store.isRemadeElsewhere) { try fork(&session) }
    }
    let cut = try findCut(&session)
    let last = store.own.lastSequence
    var late = 0
    repeat {
      let request = session.request(
        unsent: store.unsent, own: store.own.lastSequence, limits: try onStore(store.seenLimits) + cut,
        erased: store.erasedPosition)
      switch try link.sync(request) {
      case .success(let answer): try take(answer, &session)
      case .failure(let refusal): try heal(refusal, &session)
      }
      count()
      // What others write while this waits goes along, but whoever writes all the time does not keep a sync from its end.
      if session.isDone(unsent: store.unsent.count { $0.id.sequence <= last }) { late += 1 }
    } while !session.isDone(unsent: store.unsent.count) && late < Self.lateRequests
    try relay(&session)
    let head = session.head?.position ?? store.position
    if !holdsBack { try onStore(store.forgetAside) }
    try erase(&session)
    try onStore { () throws(StorageError) in
      try tell(erasedSince: known, edited)
      let own = store.acknowledged > 0 ? ChangeID(store.replica, store.acknowledged) : nil
      try store.note(SyncNote(at: store.environment.now(), head: head, own: own))
      try store.compact()
    }
    return report
  }

  /// How many requests at most a sync makes for edits that came while it was under way.
  private static let lateRequests = 8

  /// The position to which the mirror went back; the greatest number while it did not.
  var lowest = UInt64.max

  /// Forgets the sync before. The size of requests stays: what a proxy found too much, it will again.
  private func begin() {
    report = SyncReport()
    link.resetCounts()
    healings = 0
    hasRelayed = false
    holdsBack = false
    hasScrubbed = false
    refetched = []
    lastAcknowledged = 0
    lowest = UInt64.max
  }

  /// Takes the token that the store has now: the device may have joined again, or another process gone on under another
  /// replica id.
  ///
  /// - Throws: `SyncError.moved` where it is another server's.
  func takeToken() throws(SyncError) {
    guard store.configuration.server == server else {
      throw .moved(store.configuration.server ?? "no server")
    }
    link.token = store.configuration.token
  }

  func newSession() -> SyncSession {
    SyncSession(
      cursor: store.cursor, replica: store.replica, agent: store.configuration.agent,
      pushSize: pushSize, pullSize: store.environment.sizes.pull)
  }

  func count() {
    report.roundTrips = link.roundTrips
    report.bytesSent = link.bytesSent
    report.bytesReceived = link.bytesReceived
    progress(report)
  }

  func onStore<Result>(_ body: () throws(StorageError) -> Result) throws(SyncError) -> Result {
    do {
      return try body()
    } catch {
      throw .storage(error)
    }
  }

  /// Stores what an answer brought.
  func take(_ answer: SyncAnswer<[UInt8]>, _ session: inout SyncSession) throws(SyncError) {
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
    // What comes in between may erase more; a disk that damages the mirror each time does so for ever.
    for _ in 0..<8 {
      guard try onStore(store.scrub) || hasScrubbed else { return }
      hasScrubbed = false
      if try catchUp(&session) { continue }
      session = newSession()
      let request = session.request(unsent: [], own: store.own.lastSequence, erased: store.erasedPosition)
      let answer: Result<SyncAnswer<[UInt8]>, Refusal>
      do throws(SyncError) {
        answer = try link.sync(request)
      } catch {
        if case .storage = error { throw error }
        // What fails on the way is told with the next sync.
        return
      }
      guard case .success(let told) = answer else { return }
      try take(told, &session)
      count()
    }
  }
}
