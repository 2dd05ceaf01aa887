import Causality
import Codec
import Merge

/// What is known of a replica's last change within some positions.
package struct ReplicaMark: Hashable, Sendable {
  package var sequence: UInt64
  package var at: HybridTime

  package init(sequence: UInt64, at: HybridTime) {
    self.sequence = sequence
    self.at = at
  }
}

/// The index of a run: whether and in which member it holds an entity, and each replica's last change. Derived from the run
/// and written beside it; a damaged or missing one is made anew. `RunIndexBuilder` says how its bytes lie.
///
/// Of a large one the core is read when the run is opened, and a page or two for each entity that is looked for: so opening
/// a store does not depend on how many members its runs have.
package struct RunIndex: Sendable {
  package let name: RunName
  /// The chain's sum at the run's last position.
  package let sum: UInt32
  package let memberCount: Int
  /// Where the first member of changes starts, and where the last one ends.
  package let start: Int
  package let end: Int
  package private(set) var replicas: [ReplicaID: ReplicaMark] = [:]
  /// The erasures in the run, by entity: what has to be known of the order without reading it.
  package private(set) var erasures: [Erasure] = []
  private var types: [String] = []
  /// For each page of members its last entity.
  private var lasts: [EntityID] = []
  /// Of all pages, those of members before those of the filter.
  private var checksums: [UInt32] = []
  private let pages: Pages
  private let pagesStart: Int
  private let filter: EntityFilter

  /// Where pages come from: memory, where all are checked, or the file.
  private enum Pages: Sendable {
    case bytes([UInt8])
    case file(any DiskFile)
  }

  static let magic = Array("AORUNIX5".utf8)
  /// Of the magic and the fields of fixed size behind it.
  static let fixedSize = 8 + 4 + 4 + 8 + 8 + 4 + 4 + 4 + 4 + 4 + 8 + 8 + 4 + 4
  static let membersPerPage = 128
  static let memberSize = 28
  /// An index of no more than this many bytes is read as a whole.
  package static let small = 64 << 10

  /// Reads an index from memory and checks all of it; nil where the bytes are not an intact index of the run.
  package init?(_ bytes: [UInt8], name: RunName) {
    self.init(core: bytes, name: name, .bytes(bytes))
    var offset = pagesStart
    for (page, checksum) in checksums.enumerated() {
      let end = offset + pageSize(page)
      guard end <= bytes.count, Checksum.crc32(bytes.span.extracting(offset..<end)) == checksum else {
        return nil
      }
      offset = end
    }
    guard offset == bytes.count else { return nil }
  }

  /// The same index, all of it in memory: for whoever looks for many entities. nil where it is damaged.
  func loaded() throws(StorageError) -> RunIndex? {
    guard case .file(let file) = pages else { return self }
    let bytes = try onDisk { () throws(DiskError) in try file.read(at: 0, count: file.size()) }
    return RunIndex(bytes, name: name)
  }

  /// Opens a stored index; nil where it is not that of the run, as far as its core says.
  ///
  /// - Parameter small: one of no more than this many bytes is read as a whole, and all of it checked.
  init?(_ file: any DiskFile, name: RunName, small: Int = Self.small) throws(DiskError) {
    let size = try file.size()
    let head = try file.read(at: 0, count: min(size, Self.small))
    if size <= small {
      self.init(head, name: name)
      return
    }
    guard head.count >= Self.fixedSize else { return nil }
    let coreSize = Int(head.number(8, as: UInt32.self))
    let core = coreSize <= head.count ? head : try file.read(at: 0, count: min(coreSize, size))
    self.init(core: core, name: name, .file(file))
  }

  private init?(core bytes: [UInt8], name: RunName, _ pages: Pages) {
    guard bytes.count >= Self.fixedSize, Array(bytes[..<8]) == Self.magic else { return nil }
    let size = Int(bytes.number(8, as: UInt32.self))
    guard Self.fixedSize...bytes.count ~= size,
      bytes.number(12) == Checksum.crc32(bytes.span.extracting(16..<size)),
      bytes.number(16) == name.first, bytes.number(24) == name.last
    else { return nil }
    self.name = name
    self.pages = pages
    sum = bytes.number(32)
    var cursor = ByteCursor(bytes, 36..<size)
    do throws(TableFault) {
      let typeCount = Int(try cursor.number(as: UInt32.self))
      memberCount = Int(try cursor.number(as: UInt32.self))
      let replicaCount = Int(try cursor.number(as: UInt32.self))
      let erasureCount = Int(try cursor.number(as: UInt32.self))
      start = Int(truncatingIfNeeded: try cursor.number(as: UInt64.self))
      end = Int(truncatingIfNeeded: try cursor.number(as: UInt64.self))
      filter = EntityFilter(
        pageCount: Int(try cursor.number(as: UInt32.self)),
        wordsPerPage: Int(try cursor.number(as: UInt32.self)))
      pagesStart = size
      for _ in 0..<typeCount { types.append(try cursor.string()) }
      for _ in 0..<replicaCount {
        let replica = ReplicaID(bits: try cursor.number())
        replicas[replica] = ReplicaMark(
          sequence: try cursor.number(), at: HybridTime(bits: try cursor.number()))
      }
      for _ in 0..<erasureCount {
        erasures.append(Erasure(entity: try entity(&cursor), position: try cursor.number()))
      }
      for _ in 0..<memberPageCount { lasts.append(try entity(&cursor)) }
      for _ in 0..<(memberPageCount + filter.pageCount) { checksums.append(try cursor.number()) }
      guard cursor.isAtEnd, 0 <= start, start <= end, filter.isSound else { return nil }
    } catch {
      return nil
    }
  }

  private func entity(_ cursor: inout ByteCursor) throws(TableFault) -> EntityID {
    let type = Int(try cursor.number(as: UInt32.self))
    let origin = ChangeID(ReplicaID(bits: try cursor.number()), try cursor.number())
    guard type < types.count, let entity = EntityID(type: types[type], origin: origin) else {
      throw TableFault(reason: "an entity of no type")
    }
    return entity
  }

  private var memberPageCount: Int { (memberCount + Self.membersPerPage - 1) / Self.membersPerPage }

  // MARK: Pages

  private func pageSize(_ page: Int) -> Int {
    guard page < memberPageCount else { return filter.pageSize }
    return min(Self.membersPerPage, memberCount - page * Self.membersPerPage) * Self.memberSize
  }

  /// The bytes in which a page lies, and where it begins there. A page of a file is read and checked.
  private func page(_ page: Int) throws(StorageError) -> (bytes: [UInt8], offset: Int) {
    let offset =
      pagesStart
      + (page < memberPageCount
        ? page * Self.membersPerPage * Self.memberSize
        : memberCount * Self.memberSize + (page - memberPageCount) * filter.pageSize)
    let file: any DiskFile
    switch pages {
    case .bytes(let all): return (all, offset)
    case .file(let stored): file = stored
    }
    let size = pageSize(page)
    let bytes = try onDisk { () throws(DiskError) in try file.read(at: offset, count: size) }
    guard bytes.count == size, Checksum.crc32(bytes) == checksums[page] else {
      throw damage(offset, "a page of the index is damaged")
    }
    return (bytes, 0)
  }

  private func damage(_ offset: Int, _ reason: String) -> StorageError {
    .damaged(Damage(file: name.indexPath, offset: offset, reason: reason))
  }

  /// A member's last entity and the offset behind it.
  ///
  /// - Parameter page: its page.
  private func member(
    _ member: Int, _ page: (bytes: [UInt8], offset: Int)
  ) throws(StorageError) -> (last: EntityID, end: Int) {
    let offset = page.offset + member % Self.membersPerPage * Self.memberSize
    var cursor = ByteCursor(page.bytes, offset..<offset + Self.memberSize)
    do throws(TableFault) {
      let last = try entity(&cursor)
      return (last, Int(truncatingIfNeeded: try cursor.number(as: UInt64.self)))
    } catch {
      throw damage(offset, error.reason)
    }
  }

  private func member(_ member: Int) throws(StorageError) -> (last: EntityID, end: Int) {
    try self.member(member, page(member / Self.membersPerPage))
  }

  // MARK: Questions

  /// The bytes of a member.
  func range(_ member: Int) throws(StorageError) -> Range<Int> {
    let low = member == 0 ? start : try self.member(member - 1).end
    let high = try self.member(member).end
    guard start <= low, low <= high, high <= end else {
      throw damage(0, "member \(member) lies outside of the run")
    }
    return low..<high
  }

  /// The members that may hold an entity: usually one or none. Cost: two pages, and logarithmic in the number of members.
  func members(of entity: EntityID) throws(StorageError) -> Range<Int> {
    let hash = EntityFilter.hash(entity)
    let words = try page(memberPageCount + filter.page(of: hash))
    guard filter.mayContain(hash, words.bytes, words.offset) else { return 0..<0 }
    let low = try firstMember { $0 >= entity }
    // A large entity may go on in the members behind.
    var end = min(low + 1, memberCount)
    while end < memberCount, try member(end - 1).last == entity { end += 1 }
    return low..<end
  }

  /// The members that may hold entities of a type.
  func members(ofType type: String) throws(StorageError) -> Range<Int> {
    let low = try firstMember { $0.type >= type }
    let high = min(try firstMember { $0.type > type } + 1, memberCount)
    return low..<max(low, high)
  }

  /// The first member whose last entity is behind something; the count where there is none.
  private func firstMember(_ isBehind: (EntityID) -> Bool) throws(StorageError) -> Int {
    guard let place = lasts.firstIndex(where: isBehind) else { return memberCount }
    let page = try page(place)
    var low = place * Self.membersPerPage
    var high = min(low + Self.membersPerPage, memberCount) - 1
    while low < high {
      let middle = (low + high) / 2
      if isBehind(try member(middle, page).last) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
