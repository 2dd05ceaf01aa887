import Causality
import Merge

/// The files of words of a store's runs, kept in step with them: `runs/1-10431.words` beside `runs/1-10431.jsonl.gz`.
///
/// A file has the words that the changes of its run write, of each entity; what of them still holds tells the
/// entity's state. What is missing, damaged or not of this run and this projection is made anew from the run.
package final class WordSet {
  private let disk: any Disk
  private let projection: any WordProjection
  /// One for each run, oldest first.
  package private(set) var files: [WordReader] = []
  private var identities: [TableIdentity] = []
  private static let suffix = ".words"

  package init(_ disk: any Disk, _ projection: any WordProjection) {
    self.disk = disk
    self.projection = projection
  }

  /// Whether a path is that of a file of words.
  package static func isPath(_ path: String) -> Bool { path.hasSuffix(suffix) }

  /// Whether the files are those of the runs.
  package func isInStep(with runs: [RunReader]) -> Bool { identities == wanted(runs) }

  private func wanted(_ runs: [RunReader]) -> [TableIdentity] {
    runs.indices.map { TableIdentity(runs, $0, version: projection.version) }
  }

  /// Brings the files in step with the runs. Cost: nothing where they are; else the runs that have none.
  ///
  /// - Parameters:
  ///   - token: tells this process's unfinished files from those of others.
  ///   - progress: told how many of how many changes were read, where that is much.
  /// - Returns: whether any was made.
  @discardableResult
  package func follow(
    _ runs: [RunReader], token: String, progress: (Int, Int) -> Void
  ) throws(StorageError) -> Bool {
    let wanted = wanted(runs)
    guard identities != wanted else { return false }
    var isNew = false
    var complete: [WordReader] = []
    for (index, identity) in wanted.enumerated() {
      if let place = identities.firstIndex(of: identity) {
        complete.append(files[place])
      } else if let file = open(Self.path(identity)), file.identity == identity {
        complete.append(file)
      } else {
        complete.append(try make(identity, runs[index], token, progress))
        isNew = true
      }
    }
    (files, identities) = (complete, wanted)
    removeOthers()
    return isNew
  }

  /// Forgets and removes a file that turned out to be damaged; `follow` makes it anew.
  package func discard(_ path: String) {
    try? disk.remove(path)
    (files, identities) = ([], [])
  }

  /// Forgets the files, which are gone; `follow` makes them anew.
  package func forget() { (files, identities) = ([], []) }

  private static func path(_ identity: TableIdentity) -> String {
    "\(RunName.folder)/\(identity.run)\(suffix)"
  }

  private func open(_ path: String) -> WordReader? {
    guard let file = try? disk.open(path, .read) else { return nil }
    return try? WordReader(file, path: path)
  }

  /// Makes a file; in memory where the disk does not let us. It is not synced: what a power loss leaves of it is found
  /// out by its checksums.
  private func make(
    _ identity: TableIdentity, _ run: RunReader, _ token: String, _ progress: (Int, Int) -> Void
  ) throws(StorageError) -> WordReader {
    let path = Self.path(identity)
    let scratch = "\(path).\(token).new"
    if let file = try? disk.open(scratch, .replace) {
      do throws(StorageError) {
        try fill(file, identity, run, progress)
        try onDisk { () throws(DiskError) in try disk.rename(scratch, to: path) }
        return try WordReader(file, path: path)
      } catch {
        try? disk.remove(scratch)
        switch error {
        case .disk, .full: break
        default: throw error
        }
      }
    }
    let file = MemoryFile()
    try fill(file, identity, run, progress)
    return try WordReader(file, path: path)
  }

  private func fill(
    _ file: any DiskFile, _ identity: TableIdentity, _ run: RunReader, _ progress: (Int, Int) -> Void
  ) throws(StorageError) {
    let writer = try WordWriter(file, identity)
    let total = Int(run.name.last - run.name.first + 1)
    var done = 0
    var told = 0
    let walk = try EntityWalk([run])
    while let (id, changes) = try walk.next() {
      try writer.add(id, projection.words(of: id, changes))
      done += changes.count
      if done - told >= 20_000 {
        told = done
        progress(done, total)
      }
    }
    try writer.finish()
  }

  /// Removes files of runs that are no more, and what a crash left of unfinished ones; another process's file is at worst
  /// made again.
  private func removeOthers() {
    guard let listing = try? disk.list(RunName.folder) else { return }
    let kept = Set(identities.map { "\($0.run)\(Self.suffix)" })
    for name in listing where name.hasSuffix(Self.suffix) && !kept.contains(name) {
      try? disk.remove("\(RunName.folder)/\(name)")
    }
  }
}
