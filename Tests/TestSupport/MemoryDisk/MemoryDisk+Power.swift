import Storage

/// A change of a folder that is not synced yet.
enum FolderChange {
  case link(String, MemoryInode)
  case unlink(String, MemoryInode)
  case rename(String, String, MemoryInode)
  case removeFolder(String)

  var paths: [String] {
    switch self {
    case .link(let path, _), .unlink(let path, _), .removeFolder(let path): [path]
    case .rename(let path, let target, _): [path, target]
    }
  }
}

extension MemoryDisk {
  /// Makes a folder's changes durable, and those that they build on.
  func flush(_ folder: String) {
    var paths: Set<String> = []
    var kept: [FolderChange] = []
    var flushed: [FolderChange] = []
    for change in pending.reversed() {
      if change.paths.contains(where: { Self.folder(of: $0) == folder || paths.contains($0) }) {
        paths.formUnion(change.paths)
        flushed.append(change)
      } else {
        kept.append(change)
      }
    }
    pending = kept.reversed()
    flushed.reversed().forEach(apply)
  }

  private func apply(_ change: FolderChange) {
    switch change {
    case .link(let path, let inode): durable[path] = inode
    case .unlink(let path, let inode): if durable[path] === inode { durable[path] = nil }
    case .rename(let path, let target, let inode):
      if durable[path] === inode { durable[path] = nil }
      durable[target] = inode
    case .removeFolder: break
    }
  }

  /// Starts the machine again. Files that were open and locks that were held are gone.
  ///
  /// - Parameter losingPower: whether unsynced bytes and folder changes are each kept or lost by chance;
  ///   without it, as
  ///   after `kill -9`, everything that was written is there.
  package func restart(losingPower: Bool) {
    generation += 1
    locks = []
    comeUp()
    guard losingPower else { return }
    for change in pending {
      if generator.oneIn(2) {
        apply(change)
      } else if case .removeFolder(let path) = change {
        folders.insert(path)
      }
    }
    pending = []
    names = durable
    var done: Set<ObjectIdentifier> = []
    for (path, inode) in names.sorted(by: { $0.key < $1.key }) {
      // A folder that is not empty cannot have gone.
      folders.insert(Self.folder(of: path))
      if done.insert(ObjectIdentifier(inode)).inserted { inode.losePower(&generator) }
    }
  }

  /// A disk with the same files, as `cp -a` makes it.
  package func copy(_ generator: SeededGenerator) -> MemoryDisk {
    let copy = MemoryDisk(generator)
    copy.folders = folders
    copy.names = names.mapValues { MemoryInode($0.bytes) }
    copy.durable = copy.names
    return copy
  }

  /// The files there are, ordered.
  package var paths: [String] { names.keys.sorted() }

  /// A file's bytes; nil when it is not there.
  package func bytes(_ path: String) -> [UInt8]? { names[path]?.bytes }

  /// What is left of each file whatever a power loss takes, by the file's present path.
  package var certain: [(path: String, bytes: [UInt8])] {
    let kept = Set(durable.values.map { ObjectIdentifier($0) })
    return names.sorted { $0.key < $1.key }.filter { kept.contains(ObjectIdentifier($0.value)) }
      .map { ($0.key, $0.value.certain) }
  }

  /// Puts a file there, durably, past all faults.
  package func put(_ path: String, _ bytes: [UInt8]) {
    var folder = Self.folder(of: path)
    while folders.insert(folder).inserted { folder = Self.folder(of: folder) }
    let inode = MemoryInode(bytes)
    names[path] = inode
    durable[path] = inode
    pending.removeAll { $0.paths.contains(path) }
  }

  /// Flips one bit of a file at rest. Returns where; nil when no file is wanted or none holds a byte.
  package func flipBit(in isWanted: (String) -> Bool = { _ in true }) -> (path: String, offset: Int)? {
    let candidates = names.filter { isWanted($0.key) && !$0.value.bytes.isEmpty }.keys.sorted()
    guard !candidates.isEmpty else { return nil }
    let path = generator.pick(candidates)
    guard let inode = names[path] else { return nil }
    let offset = generator.int(0...inode.bytes.count - 1)
    inode.flip(offset, bit: UInt8(generator.int(0...7)))
    return (path, offset)
  }
}
