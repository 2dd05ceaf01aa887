import Glibc
import Storage

/// The bytes of one file, whatever its names are.
final class MemoryInode {
  /// As programs see them.
  private(set) var bytes: [UInt8] = []
  /// As the last sync left them.
  private(set) var synced: [UInt8] = []
  /// Below it the two images are alike.
  private var floor = 0
  /// Whether the file was cut since the last sync, rather than written over.
  private var isCut = false

  init(_ bytes: [UInt8] = []) {
    self.bytes = bytes
    sync()
  }

  /// The bytes that power loss cannot take.
  var certain: [UInt8] { Array(bytes.prefix(floor)) }

  func append(_ more: some Collection<UInt8>) {
    bytes += more
  }

  /// Writes over what is there, and on behind it.
  func write(_ more: ArraySlice<UInt8>, at offset: Int) {
    precondition(offset <= bytes.count, "a hole")
    floor = min(floor, offset)
    bytes.replaceSubrange(offset..<min(bytes.count, offset + more.count), with: more)
  }

  func truncate(to size: Int) {
    isCut = isCut || size < bytes.count
    if size < bytes.count {
      bytes.removeLast(bytes.count - size)
    } else {
      bytes += Array(repeating: 0, count: size - bytes.count)
    }
    floor = min(floor, size)
  }

  func sync() {
    synced = bytes
    floor = bytes.count
    isCut = false
  }

  /// Flips a bit in both images.
  func flip(_ offset: Int, bit: UInt8) {
    bytes[offset] ^= 1 << bit
    if offset < floor { synced[offset] ^= 1 << bit }
  }

  /// Decides what power loss leaves: the synced image, and of what came later a prefix that may end in
  /// garbage; of what was written over, any part.
  func losePower(_ generator: inout SeededGenerator) {
    if !isCut, floor < synced.count {
      let shared = min(bytes.count, synced.count)
      // Sectors get to the disk in any order.
      var start = floor
      while start < shared {
        let end = min(shared, start + generator.int(1...64))
        if generator.oneIn(2) { bytes.replaceSubrange(start..<end, with: synced[start..<end]) }
        start = end
      }
      floor = shared
    }
    if floor < synced.count, generator.oneIn(2) {
      bytes = synced
    } else {
      let late = bytes[min(floor, bytes.count)...]
      var kept =
        switch generator.int(0...3) {
        case 0: late.prefix(0)
        case 1: late
        default: late.prefix(generator.int(0...late.count))
        }
      // Blocks that the size already counts but that never got to the disk.
      if !kept.isEmpty, generator.oneIn(3) {
        let isZero = generator.oneIn(2)
        for index in kept.indices.suffix(generator.int(1...kept.count)) {
          kept[index] = isZero ? 0 : UInt8(truncatingIfNeeded: generator.next())
        }
      }
      bytes = Array(bytes[..<min(floor, bytes.count)] + kept)
    }
    sync()
  }
}

/// An open file of a `MemoryDisk`.
///
/// Unchecked, because `DiskFile` asks for it: it belongs to the disk's one thread.
final class MemoryFile: DiskFile, @unchecked Sendable {
  private let disk: MemoryDisk
  private let inode: MemoryInode
  private let path: String
  private let generation: Int

  init(_ disk: MemoryDisk, _ inode: MemoryInode, _ path: String) {
    self.disk = disk
    self.inode = inode
    self.path = path
    generation = disk.generation
  }

  var descriptor: Int32? { nil }

  func size() throws(DiskError) -> Int {
    try disk.check("measure", path, generation: generation)
    return inode.bytes.count
  }

  func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
    try disk.check("read", path, generation: generation)
    return Array(inode.bytes.dropFirst(offset).prefix(count))
  }

  func append(_ bytes: Span<UInt8>) throws(DiskError) {
    let all = bytes.withUnsafeBufferPointer { Array($0) }
    try disk.write("append to", path, generation: generation, needsRoom: true) {
      inode.append($0 == .all ? all[...] : all.prefix(disk.generator.int(0...all.count)))
    }
  }

  func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) {
    let all = bytes.withUnsafeBufferPointer { Array($0) }
    let needsRoom = offset + all.count > inode.bytes.count
    try disk.write("write to", path, generation: generation, needsRoom: needsRoom) {
      inode.write($0 == .all ? all[...] : all.prefix(disk.generator.int(0...all.count)), at: offset)
    }
  }

  func truncate(to size: Int) throws(DiskError) {
    try disk.write("truncate", path, generation: generation) {
      if $0 == .all || disk.generator.oneIn(2) { inode.truncate(to: size) }
    }
  }

  func sync() throws(DiskError) {
    try disk.write("sync", path, generation: generation) {
      if $0 == .all || disk.generator.oneIn(2) { inode.sync() }
    }
  }
}
