import Glibc
import Storage

/// A disk in memory that forgets what was not synced, tears writes, fills up and rots, all from one seed.
///
/// Every file has a synced image and a volatile one; every change of a folder is pending until the folder is
/// synced. `restart(losingPower:)` decides what of the unsynced survived.
///
/// Unchecked, because `Disk` asks for it: a disk and what uses it belong to one thread.
package final class MemoryDisk: Disk, @unchecked Sendable {
  /// What goes wrong, and when.
  package struct Faults: Sendable {
    /// The writing call, counted from now, at which the power goes: 1 for the next.
    package var crashAfter: Int?
    /// Whether there is no room for more bytes.
    package var isFull = false
    /// One writing call in so many fails with an I/O error after doing a part; nil for none.
    package var failsOneIn: Int?

    package init() {}
  }

  package var faults = Faults()
  /// Whether the power went: every call fails until `restart`.
  package private(set) var isDown = false
  /// Writing calls so far.
  package private(set) var writeCount = 0

  var generator: SeededGenerator
  /// Grows with each restart; files that were opened before are dead.
  var generation = 0
  var names: [String: MemoryInode] = [:]
  var folders: Set<String> = [""]
  var locks: Set<String> = []
  /// The folders as they are after power loss, but for what is pending.
  var durable: [String: MemoryInode] = [:]
  var pending: [FolderChange] = []

  package init(_ generator: SeededGenerator) {
    self.generator = generator
  }

  package convenience init(seed: UInt64 = 0) {
    self.init(SeededGenerator(seed: seed))
  }

  /// Switches the power off now.
  package func goDown() {
    isDown = true
  }

  func comeUp() {
    isDown = false
    faults.crashAfter = nil
  }

  /// Refuses everything on a disk without power, or from before a restart.
  func check(_ operation: String, _ path: String, generation: Int) throws(DiskError) {
    if isDown || generation != self.generation {
      throw DiskError(operation, path, code: EIO, reason: "the power is off")
    }
  }

  /// Counts a writing call and lets it go wrong.
  ///
  /// - Parameter effect: does the call's work, as a share of it: nil for all, else a part that may be
  ///   nothing.
  func write(
    _ operation: String, _ path: String, generation: Int, needsRoom: Bool = false,
    effect: (PartOfWrite) -> Void
  ) throws(DiskError) {
    try check(operation, path, generation: generation)
    writeCount += 1
    if let left = faults.crashAfter {
      faults.crashAfter = left - 1
      if left <= 1 {
        effect(.some)
        isDown = true
        throw DiskError(operation, path, code: EIO, reason: "the power went")
      }
    }
    if faults.isFull, needsRoom {
      effect(.some)
      throw DiskError(operation, path, code: ENOSPC, reason: "no space left on device")
    }
    if let often = faults.failsOneIn, generator.oneIn(often) {
      effect(.some)
      throw DiskError(operation, path, code: EIO, reason: "input/output error")
    }
    effect(.all)
  }

  // MARK: Disk

  package func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
    try check("open", path, generation: generation)
    if folders.contains(path) { throw DiskError("open", path, code: EISDIR, reason: "is a directory") }
    if let inode = names[path] {
      if mode == .replace {
        try write("open", path, generation: generation) {
          if $0 == .all || generator.oneIn(2) { inode.truncate(to: 0) }
        }
      }
      return MemoryFile(self, inode, path)
    }
    guard mode != .read, folders.contains(Self.folder(of: path)) else {
      throw DiskError("open", path, code: ENOENT, reason: "no such file or directory")
    }
    let inode = MemoryInode()
    try write("open", path, generation: generation, needsRoom: true) {
      guard $0 == .all || generator.oneIn(2) else { return }
      names[path] = inode
      pending.append(.link(path, inode))
    }
    return MemoryFile(self, inode, path)
  }

  /// In an order of its own, as `readdir` gives it.
  package func list(_ folder: String) throws(DiskError) -> [String] {
    try check("list", folder, generation: generation)
    let inside = (Array(names.keys) + Array(folders)).filter { !$0.isEmpty && Self.folder(of: $0) == folder }
    return inside.map { String($0.dropFirst(folder.isEmpty ? 0 : folder.count + 1)) }
      .sorted().shuffled(using: &generator)
  }

  /// Durable when it returns, as `Disk` promises.
  package func makeFolder(_ folder: String) throws(DiskError) {
    try check("make", folder, generation: generation)
    var path = ""
    for part in folder.split(separator: "/") {
      path += path.isEmpty ? String(part) : "/\(part)"
      if !folders.contains(path) {
        try write("make", path, generation: generation, needsRoom: true) {
          if $0 == .all { folders.insert(path) }
        }
      }
    }
  }

  package func rename(_ path: String, to target: String) throws(DiskError) {
    guard let inode = names[path], folders.contains(Self.folder(of: target)) else {
      try check("rename", path, generation: generation)
      throw DiskError("rename", path, code: ENOENT, reason: "no such file or directory")
    }
    try write("rename", path, generation: generation) {
      guard $0 == .all || generator.oneIn(2) else { return }
      names[path] = nil
      names[target] = inode
      pending.append(.rename(path, target, inode))
    }
  }

  package func remove(_ path: String) throws(DiskError) {
    try check("remove", path, generation: generation)
    if folders.contains(path) {
      guard try list(path).isEmpty else {
        throw DiskError("remove", path, code: ENOTEMPTY, reason: "directory not empty")
      }
      try write("remove", path, generation: generation) { if $0 == .all { folders.remove(path) } }
      pending.append(.removeFolder(path))
    } else if let inode = names[path] {
      try write("remove", path, generation: generation) {
        guard $0 == .all || generator.oneIn(2) else { return }
        names[path] = nil
        pending.append(.unlink(path, inode))
      }
    }
  }

  package func syncFolder(_ folder: String) throws(DiskError) {
    guard folders.contains(folder) else {
      try check("sync", folder, generation: generation)
      throw DiskError("sync", folder, code: ENOENT, reason: "no such file or directory")
    }
    try write("sync", folder, generation: generation) {
      if $0 == .all || generator.oneIn(2) { flush(folder) }
    }
  }

  package func lock(_ path: String) throws(DiskError) -> (any Sendable)? {
    try check("lock", path, generation: generation)
    guard locks.insert(path).inserted else { return nil }
    return MemoryLock(self, path)
  }
}

/// How much of a writing call happens.
enum PartOfWrite {
  case all
  /// Some of it, perhaps nothing, perhaps all.
  case some
}

/// Held until the object goes or the disk restarts.
///
/// Unchecked, because a lock is given out as `Sendable`: it belongs to the disk's one thread.
private final class MemoryLock: @unchecked Sendable {
  private let disk: MemoryDisk
  private let path: String
  private let generation: Int

  init(_ disk: MemoryDisk, _ path: String) {
    self.disk = disk
    self.path = path
    generation = disk.generation
  }

  deinit {
    if disk.generation == generation { disk.locks.remove(path) }
  }
}
