import Causality
import ChangeCodec
import Codec
import Merge
import Storage
import SyncProtocol

/// Told by a store when what is derived from its runs can be brought in step cheaply.
package protocol StoreFollower: AnyObject {
  /// The newest changes are about to become a run.
  func storeWillCompact()
  /// Runs are about to be merged, perhaps: what is derived from them merges too.
  func storeWillMerge()
  /// Compaction made a run of the newest changes or merged runs; or it found nothing to do, at the end of a sync or
  /// of an edit.
  func storeDidCompact(hasNewRuns: Bool)
  /// Which replaced values need no longer be kept, as of now; nil where all are.
  func thinning() throws(StorageError) -> Thinning?
  /// Something is about to be erased in the store's files, and what is derived from them with it.
  func storeWillErase()
  /// What was derived from the store is gone, because something was erased.
  func storeDidErase()
}

/// A replica's local store: all of the workspace that was synced, and this agent's own edits.
///
/// Opening reads what is newer than the runs; a question about one entity reads that entity's part of the
/// runs. One process writes at a time; readers never wait and never see half a change. A store is used from
/// one thread.
///
/// A store that was opened for writing keeps every other one out, of this process too, until it goes: keep it no longer than
/// the work takes. Only while its sync or `SyncClient.waitForNews` waits for the server is the lock lent, and what others wrote
/// is read afterwards. A store that was opened for reading shows the moment when it was opened: open another one to see more.
public final class Store {
  /// How a store is opened.
  public enum Access: Sendable {
    /// Shows the moment of opening, and refuses with `StorageError.readOnly` whatever would write.
    case reading
    /// Takes the store's lock, so that no other store can be opened for writing.
    case writing
  }

  package let disk: any Disk
  package let environment: Environment
  let access: Access
  /// nil for a reader, and while it is lent.
  var lock: (any Sendable)?
  /// Where the store is, for messages.
  public let root: String
  /// What `store.json` holds: who and where this store is.
  public internal(set) var configuration: StoreConfiguration
  package internal(set) var runs: RunSet { didSet { recent = RecentStates() } }
  var mirror: MirrorLog
  var own: OwnLog
  var clock: HybridClock
  /// Whether files were replaced or settings written, and that stopped half way, so that only the disk knows what counts.
  var isInDoubt = false
  /// The last own sequence that the mirror holds, so that the server has it.
  package internal(set) var acknowledged: UInt64
  /// Changes that are in no run, by entity: those of the mirror's log, then own unsent ones.
  package internal(set) var newer: [EntityID: [PlacedChange]] = [:]
  /// Of which of the own unsent ones the knowledge counts up to where, as `seenLimits` last said.
  var unsentLimits: [SeenLimit] = []
  /// States by what `runs` and `newer` hold, of a store that is written to.
  /// Forgotten wherever what they were made of is read again.
  var recent = RecentStates()
  /// Entities that no own change without a place erases, as far as anybody asked.
  var knownUnerased: Set<EntityID> = []
  /// The entities that are erased in the workspace's order, each with the position of its first erasure; nil until it is
  /// asked for.
  private var knownErasures: [EntityID: UInt64]?
  /// How far they are carried out in the files; nil until it is asked for.
  private var knownErasureNote: ErasureNote?
  /// How far erasures were carried out when a reader opened the store.
  var noteAtOpening: ErasureNote?
  /// How many replaced values compactions have thinned since the store was opened.
  public internal(set) var thinnedCount = 0
  /// They keep what is derived from the runs in step with them.
  var followers = StoreFollowers()

  /// Opens a store in a folder.
  ///
  /// - Throws: `StorageError`, `.noStore` where there is none and `.locked` where another process writes.
  public convenience init(
    at root: String, _ access: Access, environment: Environment = .system
  ) throws(StorageError) {
    try self.init(disk: FolderDisk(root), root: root, access, environment: environment)
  }

  /// Opens a store on a disk.
  ///
  /// - Parameter held: the store's lock, from whoever took it already; nil to take it.
  package init(
    disk: any Disk, root: String, _ access: Access, environment: Environment,
    holding held: (any Sendable)? = nil
  ) throws(StorageError) {
    self.disk = disk
    self.root = root
    self.access = access
    self.environment = environment
    configuration = try StoreConfiguration.read(disk, root: root)
    if access == .writing {
      if let held { lock = held } else { lock = try Self.takeLock(disk) }
      if lock == nil { throw .locked(root) }
      // Whoever had the lock until now may have given the store a new replica id, and edits a new folder.
      configuration = try StoreConfiguration.read(disk, root: root)
    } else {
      lock = nil
      noteAtOpening = ErasureNote.read(disk)
    }
    let parts = try Self.read(disk, configuration, isWriting: access == .writing, environment.sizes)
    runs = parts.runs
    mirror = parts.mirror
    own = parts.own
    acknowledged = parts.acknowledged
    clock = HybridClock()
    try dropStaleParts()
    index()
    // What a crash or a full disk left; it is tried again.
    if access == .writing { _ = try? scrub() }
  }

  /// Reads the files again where an error of the disk left open what is in them.
  func settleDoubt() throws(StorageError) {
    guard isInDoubt else { return }
    let before = knownErasureNote
    try reopen()
    // What is derived from the files was made anew by whoever carried out an erasure while the lock was lent.
    if erasureNote != before { for follower in followers.all { follower.storeDidErase() } }
  }

  /// Refuses to write where the store was opened for reading, or another process may write because the lock is lent.
  func requireWriting() throws(StorageError) {
    guard access == .writing else { throw .readOnly(root) }
    guard lock != nil || isInDoubt else { throw .locked(root) }
  }

  /// Reads the files again, after they were put right.
  func reopen() throws(StorageError) {
    try regainLock()
    if isInDoubt { configuration = try StoreConfiguration.read(disk, root: root) }
    let parts = try Self.read(disk, configuration, isWriting: access == .writing, environment.sizes)
    runs = parts.runs
    mirror = parts.mirror
    own = parts.own
    acknowledged = parts.acknowledged
    knownErasures = nil
    knownErasureNote = nil
    try dropStaleParts()
    isInDoubt = false
    index()
  }

  /// Takes away what a damaged mirror left behind that is not of it any more.
  private func dropStaleParts() throws(StorageError) {
    guard access == .writing else { return }
    try takeStrays()
    try dropStaleErasureNote()
  }

  /// The entities that are erased in the workspace's order, each with the position of its first erasure.
  ///
  /// Cost: once, a pass over the log's bodies.
  var erasures: [EntityID: UInt64] {
    get {
      if let knownErasures { return knownErasures }
      var found: [EntityID: UInt64] = [:]
      for erasure in runs.erasures + mirror.blocks.flatMap(\.erasures) {
        found.merge([erasure.entity: erasure.position], uniquingKeysWith: min)
      }
      knownErasures = found
      return found
    }
    set { knownErasures = newValue }
  }

  /// How far erasures are carried out in the files.
  var erasureNote: ErasureNote {
    get {
      if let knownErasureNote { return knownErasureNote }
      let note = ErasureNote.read(disk)
      // A mirror that lost its end gets other changes in its place, perhaps.
      let isOfMirror =
        note.position < mirror.last || note == ErasureNote(position: mirror.last, sum: mirror.sum)
      knownErasureNote = isOfMirror ? note : ErasureNote.none
      return knownErasureNote ?? .none
    }
    set { knownErasureNote = newValue }
  }

  private struct Parts {
    var runs: RunSet
    var mirror: MirrorLog
    var own: OwnLog
    var acknowledged: UInt64
  }

  /// Reads the store's files. A reader that meets a compaction in the middle starts again.
  private static func read(
    _ disk: any Disk, _ configuration: StoreConfiguration, isWriting: Bool, _ sizes: Sizes
  ) throws(StorageError) -> Parts {
    var attempt = 0
    while true {
      attempt += 1
      do {
        let runs = try RunSet(disk)
        let mirror = try MirrorLog(disk: disk, after: runs.last, sum: runs.sum ?? 0, repairing: isWriting)
        // A compaction between reading the list of runs and the log leaves a gap that a second look closes.
        if !isWriting, attempt < 5, !mirror.damage.isEmpty { continue }
        var acknowledged = runs.mark(of: configuration.replica)?.sequence ?? 0
        for block in mirror.blocks where block.replica == configuration.replica {
          acknowledged = block.changes[block.count - 1].id.sequence
        }
        let replica = configuration.replica
        let own = try onDisk { () throws(DiskError) in
          try OwnLog(
            disk: disk, folder: configuration.ownPath, replica: replica,
            acknowledged: acknowledged,
            repairing: isWriting, sizes: sizes)
        }
        // What a compaction took out of the log or sealed meanwhile is in a run that was not there before.
        if !isWriting, attempt < 5, try Self.runNames(disk) != runs.listed { continue }
        return Parts(runs: runs, mirror: mirror, own: own, acknowledged: acknowledged)
      } catch {
        if case .disk = error, !isWriting, attempt < 5 { continue }
        throw error
      }
    }
  }

  private static func runNames(_ disk: any Disk) throws(StorageError) -> Set<RunName> {
    Set(RunName.parse(try onDisk { () throws(DiskError) in try disk.list(RunName.folder) }))
  }

  /// Tells somebody from now on, for as long as they are there, beside those who are told already.
  package func addFollower(_ follower: any StoreFollower) { followers.add(follower) }

  /// What was added to `newer` since this follower asked; nil where all of it has to be looked at.
  package func takeNews(for follower: any StoreFollower) -> [PlacedChange]? {
    followers.takeNews(for: follower)
  }

  /// The replicas that made any change here. Cost: per replica of each run, and per block of the log.
  package var knownReplicas: Set<ReplicaID> {
    var known: Set<ReplicaID> = [replica]
    for run in runs.runs { known.formUnion(run.index.replicas.keys) }
    for block in mirror.blocks { known.insert(block.replica) }
    return known
  }

  /// Whether a change and the one that created an entity may be by authors of whom neither knew the other's, as far as the runs
  /// tell: nothing of the entity is read. Cost: per run.
  package func mayBeParallel(_ placed: PlacedChange, toCreationOf entity: EntityID) -> Bool {
    let origin = entity.origin
    if origin.replica == placed.change.id.replica { return false }
    return !runs.runs.contains { run in
      run.name.last <= placed.seen
        && run.index.replicas[origin.replica].map { origin.sequence <= $0.sequence } ?? false
    }
  }

  /// This store's replica id.
  public var replica: ReplicaID { configuration.replica }
  /// The last position of the workspace's order that this store holds.
  public var position: UInt64 { mirror.last }
  /// The sequence of the last own change, 0 before the first one.
  package var lastOwnSequence: UInt64 { own.lastSequence }
  /// Own changes that no server has acknowledged, oldest first.
  public var unsent: [Change] { own.unsent }

  /// All changes of an entity that this store knows: those with a position by it, then own unsent ones.
  ///
  /// Cost: the members that hold the entity, one or two a run.
  public func changes(of entity: EntityID) throws(StorageError) -> [PlacedChange] {
    let newer = self.newer[entity] ?? []
    // What this store made and did not send yet can be in no run.
    let isUnsent = newer.contains { $0.position == nil && $0.change.creates }
    return isUnsent ? newer : try runs.changes(of: entity) + newer
  }

  /// Reads what the runs hold of some entities side by side, for whoever will ask for one after another.
  package func readAhead(_ entities: [EntityID]) throws(StorageError) {
    // What was made behind the runs is in none.
    try runs.readAhead(entities.filter { newer[$0]?.contains(where: \.change.creates) != true })
  }

  /// Calls `body` with 256 entities after others, which are read ahead on all cores.
  ///
  /// - Parameter entities: ordered, as they lie in the runs.
  package func forEachBatch(
    of entities: [EntityID], _ body: ([EntityID]) throws(StorageError) -> Void
  ) throws(StorageError) {
    let count = 256
    for start in stride(from: 0, to: entities.count, by: count) {
      let some = Array(entities[start..<min(start + count, entities.count)])
      try readAhead(some)
      try body(some)
    }
  }

  /// The state of an entity; nil when this store knows no change of it.
  ///
  /// Cost: as `changes(of:)` and a pass over them; next to nothing for what was asked for just before.
  public func state(of entity: EntityID) throws(StorageError) -> EntityState? {
    if let state = recent.state(of: entity) { return state }
    let changes = try changes(of: entity)
    return changes.isEmpty ? nil : fold(changes, of: entity)
  }

  /// The state of an entity after all of its changes. A store that is written to keeps it for a while.
  func fold(_ changes: [PlacedChange], of entity: EntityID) -> EntityState {
    access == .writing ? recent.fold(changes, of: entity) : Fold.state(of: entity, changes)
  }

  /// Calls `visit` with the state of every entity of a type, or of all types, in order.
  ///
  /// Reads all of them: for digests, exports and building indexes. Cost: per store.
  public func forEachState(
    ofType type: String? = nil, _ visit: (EntityState) throws(StorageError) -> Void
  ) throws(StorageError) {
    let walk = try runs.walk(type: type, newer: newer)
    while let (id, changes) = try walk.next() { try visit(Fold.state(of: id, changes)) }
  }

  /// A number that is the same on every replica that holds the same changes, unsent ones included: sixteen
  /// hexadecimal digits, the sum of the digests of all states. Cost: per store.
  public func digest() throws(StorageError) -> String {
    var sum: UInt64 = 0
    try forEachState { (state) throws(StorageError) in sum &+= state.digest }
    return FNV1a.hex(sum)
  }
}
