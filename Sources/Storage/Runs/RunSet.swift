import Causality
import ChangeCodec
import Codec
import Merge

/// The runs that together hold positions 1 to `last`.
///
/// They are merged in size tiers: a run joins its older neighbour when that is at most twice as large as
/// all that is newer, so that there are logarithmically many and a change is rewritten logarithmically often
/// (the *logarithmic method* of J. L. Bentley and J. B. Saxe, 1980).
package final class RunSet {
  let disk: any Disk
  /// Oldest first.
  package private(set) var runs: [RunReader] {
    didSet { recent = [:] }
  }
  /// The names of the runs that were in the folder when it was opened, unordered.
  package let listed: Set<RunName>
  /// Runs in the folder that do not follow those: changes in front of them are missing.
  package let strays: [RunName]
  /// What was read of entities: whoever shows one resolves its name first, and edits it afterwards.
  private(set) var recent: [EntityID: [PlacedChange]] = [:]
  /// So many entities are kept, none of which has more than so many changes.
  static let recentLimit = (entities: 512, changes: 256)

  /// Opens the runs in `runs/`.
  ///
  /// - Parameter isWriting: whether indexes that are made anew are stored; who only looks leaves all as it is.
  /// - Throws: `StorageError.damaged` where one of them is damaged.
  package init(_ disk: any Disk, isWriting: Bool = true) throws(StorageError) {
    self.disk = disk
    runs = []
    let listing = try onDisk { () throws(DiskError) in try disk.list(RunName.folder) }
    let names = RunName.parse(listing)
    listed = Set(names)
    let chain = RunName.chain(names)
    strays = names.filter { $0.last > chain.last?.last ?? 0 }
    for name in chain { runs.append(try RunReader(disk, name, isWriting: isWriting)) }
  }

  /// The last position that the runs hold, 0 for none.
  package var last: UInt64 { runs.last?.name.last ?? 0 }
  /// The chain's sum at `last`, nil where there is no run.
  package var sum: UInt32? { runs.last?.index.sum }

  /// The last change of a replica within the runs.
  package func mark(of replica: ReplicaID) -> ReplicaMark? {
    for run in runs.reversed() {
      if let mark = run.index.replicas[replica] { return mark }
    }
    return nil
  }

  /// The changes of one entity, by position. Cost: one member a run; nothing for one that was read before.
  package func changes(of entity: EntityID) throws(StorageError) -> [PlacedChange] {
    if let found = recent[entity] { return found }
    var found: [PlacedChange] = []
    for run in runs { found += try run.changes(of: entity) }
    keep([(entity, found)])
    return found
  }

  /// Keeps what was read of some entities.
  func keep(_ read: [(id: EntityID, changes: [PlacedChange])]) {
    if recent.count + read.count > Self.recentLimit.entities { recent = [:] }
    for (id, changes) in read where changes.count <= Self.recentLimit.changes { recent[id] = changes }
  }

  /// All entities in order, with what lies beside the runs.
  ///
  /// - Parameters:
  ///   - type: only entities of this type; nil for all.
  ///   - newer: changes that are in no run.
  package func walk(
    type: String? = nil, newer: [EntityID: [PlacedChange]] = [:]
  ) throws(StorageError) -> EntityWalk {
    try EntityWalk(runs, type: type, newer: newer)
  }

  /// Makes a run of changes that follow `last`, then merges runs where the tiers ask for it.
  ///
  /// - Parameters:
  ///   - changes: by position, without gaps.
  ///   - sum: the chain's sum at the last of them.
  ///   - batch: how many members are compressed at a time, on all cores.
  /// - Throws: `StorageError.damaged` where they do not follow: the log that they were read from is not what the runs say.
  package func add(_ changes: [PlacedChange], sum: UInt32, batch: Int = 1) throws(StorageError) {
    guard let first = changes.first?.position, let last = changes.last?.position else { return }
    guard first == self.last + 1, last >= first, last - first + 1 == UInt64(changes.count) else {
      let reason =
        "\(changes.count) changes from position \(first) to \(last), expected \(self.last + 1) and on"
      throw .damaged(Damage(file: LogSegment.folder, offset: 0, reason: reason))
    }
    let name = RunName(first: first, last: last)
    let writer = try RunWriter(disk, name, sum: sum, batch: batch)
    for change in changes.sorted(by: { ($0.change.on, $0.position ?? 0) < ($1.change.on, $1.position ?? 0) })
    {
      try writer.add(change)
    }
    try writer.finish()
    runs.append(try RunReader(disk, name))
  }

  /// Merges newer runs into older ones as the tiers ask for it.
  ///
  /// - Parameters:
  ///   - all: merges everything into one run, as small as it gets; a single one that was written in haste is written anew.
  ///   - packing: whether the oldest run is made as small as it gets, which takes twice the time and saves 1 %: for a
  ///     server, of whose runs every new agent fetches a copy.
  ///   - batch: how many members are compressed at a time, on all cores.
  ///   - thinning: what need not be kept, where the oldest run takes part: only there nothing of an entity's past is
  ///     missing.
  ///   - isCancelled: asked again and again; once it says so, all is left as it was.
  /// - Returns: whether anything was merged or thinned, and how many values were thinned.
  @discardableResult
  package func merge(
    all: Bool = false, packing: Bool = false, batch: Int = 1, thinning: Thinning? = nil,
    isCancelled: () -> Bool = { false }
  ) throws(StorageError) -> (isChanged: Bool, thinned: Int) {
    var start = runs.count - 1
    var newer = runs.last?.size ?? 0
    while start > 0, all || runs[start - 1].size <= 2 * newer {
      start -= 1
      newer += runs[start].size
    }
    guard start >= 0 else { return (false, 0) }
    let thinning = start == 0 ? thinning : nil
    let merged = Array(runs[start...])
    if merged.count == 1 {
      guard all else { return (false, 0) }
      if try merged[0].isPacked, try !hasThinnable(merged[0], thinning) { return (false, 0) }
    }
    var thinned = 0
    let name = RunName(first: merged[0].name.first, last: last)
    let level: Int32 = all || packing && start == 0 ? 9 : 6
    let writer = try RunWriter(disk, name, sum: sum ?? 0, level: level, batch: batch)
    let walk = try EntityWalk(merged, ahead: 1)
    while let entity = try walk.next() {
      if isCancelled() {
        try writer.abandon()
        return (false, 0)
      }
      let kept = thinning?.thin(entity.changes) ?? (changes: entity.changes, count: 0)
      thinned += kept.count
      for change in kept.changes { try writer.add(change) }
    }
    if merged.count == 1 {
      // It is written anew under its own name: with an index of the other form it would be misread.
      try onDisk { () throws(DiskError) in
        try disk.remove(name.indexPath)
        try disk.syncFolder(RunName.folder)
      }
    }
    try writer.finish()
    runs[start...] = [try RunReader(disk, name)]
    try remove(merged.map(\.name).filter { $0 != name })
    return (true, thinned)
  }

  /// Whether a run that holds all there is has values that need not be kept. Cost: the run, up to the first of them.
  private func hasThinnable(_ run: RunReader, _ thinning: Thinning?) throws(StorageError) -> Bool {
    guard let thinning else { return false }
    let walk = try EntityWalk([run], ahead: 1)
    while let entity = try walk.next() {
      if !thinning.fields(of: entity.changes).isEmpty { return true }
    }
    return false
  }

  /// Opens a run again after its file was replaced.
  func reopen(_ name: RunName) throws(StorageError) {
    guard let index = runs.firstIndex(where: { $0.name == name }) else { return }
    runs[index] = try RunReader(disk, name)
  }

  /// Goes on without a run and those behind it, whose files somebody moves away.
  package func letGo(from first: RunName) {
    runs.removeAll { $0.name.first >= first.first }
  }

  /// Removes a run and those behind it, which say nothing without it: for whoever has the log of which they are made.
  package static func drop(from first: RunName, _ disk: any Disk) throws(StorageError) {
    try onDisk { () throws(DiskError) in
      for name in RunName.parse(try disk.list(RunName.folder)) where name.first >= first.first {
        try disk.remove(name.path)
        try disk.remove(name.indexPath)
      }
      try disk.syncFolderIfThere(RunName.folder)
    }
  }

  /// Removes runs that others cover, and what a crash left of unfinished ones and of removed ones.
  ///
  /// - Parameter hasLog: whether all runs are made of a log that is here, as a server's are: then those go too in front of which
  ///   one is missing, as in a backup that was copied while runs were merged. Nobody reads them, and no erasure reaches them.
  package func removeLeftovers(hasLog: Bool = false) throws(StorageError) {
    let kept = Set(runs.map(\.name))
    let listing = try onDisk { () throws(DiskError) in try disk.list(RunName.folder) }
    try remove(
      RunName.parse(listing).filter { name in
        !kept.contains(name) && (hasLog || kept.contains { $0.covers(name) })
      })
    let files = Set(listing)
    func isLeft(_ file: String) -> Bool {
      if file.hasSuffix(".jsonl.gz.new") || file.hasSuffix(".index.new") { return true }
      guard file.hasSuffix(".index"), let name = RunName(file.dropLast(".index".count)) else { return false }
      return !files.contains("\(name).jsonl.gz")
    }
    try onDisk { () throws(DiskError) in
      for file in listing where isLeft(file) { try disk.remove("\(RunName.folder)/\(file)") }
    }
  }

  private func remove(_ names: [RunName]) throws(StorageError) {
    try onDisk { () throws(DiskError) in
      for name in names {
        try disk.remove(name.path)
        try disk.remove(name.indexPath)
      }
    }
  }
}
