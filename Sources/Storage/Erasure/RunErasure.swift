import Causality
import ChangeCodec
import Codec
import Merge

/// Takes what was erased out of a run, and leaves its other members as they lie.
package enum RunErasure {
  /// Puts stubs in the places of erased entities' changes.
  ///
  /// The run is replaced as a whole: a crash leaves the old or the new one, and who reads the old one goes on reading it.
  /// Cost: the members that hold the entities; where there is something to erase, a copy of the file.
  /// - Returns: whether the run holds changes of any of them, and whether it was written anew.
  package static func erase(
    _ entities: Set<EntityID>, in run: RunReader, _ disk: any Disk, folder: String = RunName.folder
  ) throws(StorageError) -> (holds: Bool, isChanged: Bool) {
    var dirty: Set<Int> = []
    var holds = false
    // In their order, so that a member is read once for all that are in it.
    for entity in entities.sorted() {
      for member in try run.members(of: entity) {
        for placed in try run.changes(member) where placed.change.on == entity {
          holds = true
          if !placed.change.isStub { dirty.insert(member) }
        }
      }
    }
    guard !dirty.isEmpty else { return (holds, false) }
    try rewrite(run, dirty, entities, disk, folder)
    return (true, true)
  }

  private static func rewrite(
    _ run: RunReader, _ dirty: Set<Int>, _ entities: Set<EntityID>, _ disk: any Disk, _ folder: String
  ) throws(StorageError) {
    let path = run.name.path(in: folder)
    let indexPath = run.name.indexPath(in: folder)
    let source = run.diskFile
    let file = try onDisk { () throws(DiskError) in try disk.open(path + ".new", .replace) }
    var end = run.index.start
    try copy(0..<end, of: source, to: file)
    let deflater = Deflater()
    for member in 0..<run.index.memberCount {
      let range = try run.range(member)
      guard dirty.contains(member) else {
        try copy(range, of: source, to: file)
        end += range.count
        continue
      }
      var text = RunText()
      for placed in try run.changes(member) { text.add(placed.erasing(entities) ?? placed) }
      var bytes: [UInt8] = []
      let cuts = text.finish(to: &bytes)
      var packed: [UInt8] = []
      deflater.compress(bytes.span, cuts: cuts, to: &packed)
      try onDisk { () throws(DiskError) in try file.append(packed.span) }
      end += packed.count
    }
    try onDisk { () throws(DiskError) in
      try file.sync()
      // Without its index the new file is read as a whole; with the old one it would be misread.
      try disk.remove(indexPath)
      try disk.syncFolder(folder)
      try disk.rename(path + ".new", to: path)
      try disk.syncFolder(folder)
    }
  }

  private static let piece = 1 << 20

  private static func copy(
    _ range: Range<Int>, of source: any DiskFile, to target: any DiskFile
  ) throws(StorageError) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(piece, range.upperBound - offset)
      let bytes = try onDisk { () throws(DiskError) in try source.read(at: offset, count: count) }
      guard bytes.count == count else { throw .disk("a run became shorter while it was read") }
      try onDisk { () throws(DiskError) in try target.append(bytes.span) }
      offset += count
    }
  }
}

extension RunSet {
  /// Takes what was erased out of the runs, one after another.
  ///
  /// - Parameter single: whether to stop behind the first run that was written anew.
  /// - Returns: the runs that hold changes of the entities, and whether any was written anew.
  package func erase(
    _ entities: Set<EntityID>, single: Bool = false
  ) throws(StorageError) -> (holding: [RunName], isChanged: Bool) {
    var holding: [RunName] = []
    var isChanged = false
    for run in runs {
      let found = try RunErasure.erase(entities, in: run, disk)
      if found.holds { holding.append(run.name) }
      guard found.isChanged else { continue }
      isChanged = true
      try reopen(run.name)
      if single { break }
    }
    return (holding, isChanged)
  }

  /// The changes that erase something. Cost: the members that hold them.
  package func erasureChanges() throws(StorageError) -> [PlacedChange] {
    var found: [PlacedChange] = []
    for run in runs {
      for erasure in run.index.erasures.sorted(by: { ($0.entity, $0.position) < ($1.entity, $1.position) }) {
        for member in try run.members(of: erasure.entity) {
          found += try run.changes(member).filter { $0.position == erasure.position }
        }
      }
    }
    return found
  }

  /// The erasures in the runs, by their indexes.
  package var erasures: [Erasure] { runs.flatMap(\.index.erasures) }
}
