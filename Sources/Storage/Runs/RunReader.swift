import Causality
import ChangeCodec
import Codec
import Merge

/// Reads one run: the changes between two positions, sorted by entity.
package final class RunReader {
  package let name: RunName
  package private(set) var index: RunIndex
  private let disk: any Disk
  private let folder: String
  /// Whether an index that was made anew is stored.
  private let isWriting: Bool
  private let file: any DiskFile
  private let inflater = Inflater()
  private var cached: (member: Int, changes: [PlacedChange])?
  /// The member of which an entity was read last.
  private var visited: Int?

  /// Opens a run and its index; makes the index anew where it is missing or damaged.
  ///
  /// - Parameters:
  ///   - smallIndex: an index of no more than this many bytes is read as a whole.
  ///   - isWriting: whether an index that is made anew is stored; else this alone knows it.
  /// - Throws: `StorageError.damaged` where the run itself is damaged.
  package init(
    _ disk: any Disk, _ name: RunName, in folder: String = RunName.folder, smallIndex: Int = RunIndex.small,
    isWriting: Bool = true
  ) throws(StorageError) {
    self.name = name
    self.disk = disk
    self.folder = folder
    self.isWriting = isWriting
    let path = name.path(in: folder)
    let indexPath = name.indexPath(in: folder)
    let file = try onDisk { () throws(DiskError) in try disk.open(path, .read) }
    self.file = file
    let stored = try onDisk { () throws(DiskError) -> RunIndex? in
      guard let bytes = try disk.openIfThere(indexPath),
        let index = try RunIndex(bytes, name: name, small: smallIndex),
        try index.end == file.size()
      else { return nil }
      return index
    }
    if let stored {
      index = stored
    } else {
      index = try Self.remadeIndex(disk, file, name, folder, isWriting)
    }
  }

  /// Makes the index anew from the run, and stores it where it may.
  private static func remadeIndex(
    _ disk: any Disk, _ file: any DiskFile, _ name: RunName, _ folder: String, _ isWriting: Bool
  ) throws(StorageError) -> RunIndex {
    let path = name.path(in: folder)
    let bytes = try scan(file, name, path)
    // A reader without the right to write goes on without storing it.
    if isWriting { try? disk.replace(name.indexPath(in: folder), with: bytes) }
    guard let index = RunIndex(bytes, name: name) else {
      throw .damaged(Damage(file: path, offset: 0, reason: "no index can be made of the run"))
    }
    return index
  }

  /// Asks the index; where a part of it turns out to be damaged, it is made anew first.
  private func asking<Answer>(_ ask: (RunIndex) throws(StorageError) -> Answer) throws(StorageError) -> Answer
  {
    do throws(StorageError) {
      return try ask(index)
    } catch {
      guard case .damaged = error else { throw error }
      index = try Self.remadeIndex(disk, file, name, folder, isWriting)
      return try ask(index)
    }
  }

  /// The members that may hold an entity.
  package func members(of entity: EntityID) throws(StorageError) -> Range<Int> {
    try asking { (index) throws(StorageError) in try index.members(of: entity) }
  }

  /// The members that may hold entities of a type.
  func members(ofType type: String) throws(StorageError) -> Range<Int> {
    try asking { (index) throws(StorageError) in try index.members(ofType: type) }
  }

  /// The bytes of a member.
  package func range(_ member: Int) throws(StorageError) -> Range<Int> {
    try asking { (index) throws(StorageError) in try index.range(member) }
  }

  /// Takes the whole index into memory, for whoever looks for many entities.
  func loadIndex() throws(StorageError) {
    if let whole = try index.loaded() { index = whole }
  }

  /// The size of the run's compressed bytes.
  package var size: Int { index.end }

  /// Whether the run was written at zlib's highest level, which gzip notes in its header: RFC 1952, section 2.3.1, XFL.
  var isPacked: Bool {
    get throws(StorageError) {
      try onDisk { () throws(DiskError) in try file.read(at: 8, count: 1) } == [2]
    }
  }

  /// The open file, for sending it as it lies.
  package var diskFile: any DiskFile { file }

  /// The changes of one entity, by position. Cost: the member or members that hold the entity; of several that are asked for
  /// in their order, each member once or twice.
  package func changes(of entity: EntityID) throws(StorageError) -> [PlacedChange] {
    var found: [PlacedChange] = []
    for member in try members(of: entity) {
      // Whoever comes back to a member will come again.
      if cached?.member == member || visited == member {
        let changes = try self.changes(member)
        let near = changes.lastIndex(ofSortedWhere: { $0.change.on < entity })
        found += changes[near...].drop { $0.change.on < entity }.prefix { $0.change.on == entity }
      } else {
        found += try read(member, only: entity)
        visited = member
      }
    }
    return found
  }

  /// A member's bytes as they lie in the file.
  func bytes(ofMember member: Int) throws(StorageError) -> [UInt8] {
    let range = try range(member)
    return try onDisk { () throws(DiskError) in try file.read(at: range.lowerBound, count: range.count) }
  }

  /// All changes of one member, by entity, then position.
  package func changes(_ member: Int) throws(StorageError) -> [PlacedChange] {
    if let cached, cached.member == member { return cached.changes }
    let changes = try read(member)
    cached = (member, changes)
    return changes
  }

  /// All changes of some members, each by entity, then position. Reads them one after another and parses them on all cores.
  func changes(ofMembers members: Range<Int>) throws(StorageError) -> [[PlacedChange]] {
    if members.count == 1 { return [try changes(members.lowerBound)] }
    var pieces: [[UInt8]] = []
    for member in members { pieces.append(try bytes(ofMember: member)) }
    let parsed = SideBySide.map(pieces.count) { [pieces] index in
      Result { () throws(MemberFault) in try Self.parse(pieces[index], nil, Inflater()) }
    }
    var found: [[PlacedChange]] = []
    for (member, result) in zip(members, parsed) {
      do throws(MemberFault) {
        found.append(try result.get())
      } catch {
        throw damage(member, error)
      }
    }
    return found
  }

  private func read(_ member: Int, only entity: EntityID? = nil) throws(StorageError) -> [PlacedChange] {
    let bytes = try bytes(ofMember: member)
    do throws(MemberFault) {
      return try Self.parse(bytes, entity, inflater)
    } catch {
      throw damage(member, error)
    }
  }

  /// Why a member cannot be read.
  private struct MemberFault: Error {
    let reason: String
  }

  private func damage(_ member: Int, _ fault: MemberFault) -> StorageError {
    let offset = (try? range(member))?.lowerBound ?? 0
    return .damaged(Damage(file: name.path(in: folder), offset: offset, reason: fault.reason))
  }

  private static func parse(
    _ bytes: [UInt8], _ entity: EntityID?, _ inflater: Inflater
  ) throws(MemberFault) -> [PlacedChange] {
    let text: [UInt8]
    do {
      text = try inflater.inflateWhole(bytes, limit: RunText.maximumText)
    } catch {
      throw MemberFault(reason: error.description)
    }
    do throws(JSONError) {
      if let entity { return try RunText.parse(text.span, only: [entity]) }
      return try RunText.parse(text.span)
    } catch {
      throw MemberFault(reason: error.description)
    }
  }

  /// So many members are inflated, and then parsed on all cores.
  private static let scannedAtOnce = 4

  /// Reads a run from its start to its end and makes the bytes of its index.
  private static func scan(_ file: any DiskFile, _ name: RunName, _ path: String) throws(StorageError)
    -> [UInt8]
  {
    var scanner = MemberScanner(file, path: path)
    guard let head = try scanner.next(limit: 4096) else {
      throw .damaged(Damage(file: path, offset: 0, reason: "the run is empty"))
    }
    let header: RunFileHeader
    do {
      header = try RunFileHeader(head.text)
    } catch {
      throw .damaged(Damage(file: path, offset: 0, reason: error.description))
    }
    guard header.first == name.first, header.last == name.last else {
      throw .damaged(
        Damage(file: path, offset: 0, reason: "the run says that it is \(header.first)-\(header.last)"))
    }
    var index = RunIndexBuilder(name: name, sum: header.sum, start: head.end)
    var count: UInt64 = 0
    let size = try onDisk { () throws(DiskError) in try file.size() }
    guard var order = RunOrder(name, bytes: size) else {
      throw .damaged(
        Damage(file: path, offset: 0, reason: "\(size) bytes cannot hold \(name.last - name.first) changes"))
    }
    while true {
      var members: [MemberScanner.Member] = []
      while members.count < scannedAtOnce, let member = try scanner.next(limit: RunText.maximumText) {
        members.append(member)
      }
      if members.isEmpty { break }
      let parsed = SideBySide.map(members.count) { [texts = members.map(\.text)] index in
        let text = texts[index]
        return Result { () throws(JSONError) in try RunText.parse(text.span) }
      }
      for (member, result) in zip(members, parsed) {
        do throws(JSONError) {
          let changes = try result.get()
          for change in changes {
            if let fault = order.fault(change) { throw JSONError(offset: 0, reason: fault) }
          }
          index.add(changes, end: member.end)
          count += UInt64(changes.count)
        } catch {
          throw .damaged(Damage(file: path, offset: member.start, reason: error.description))
        }
      }
    }
    guard count == name.last - name.first + 1 else {
      throw .damaged(
        Damage(
          file: path, offset: scanner.offset,
          reason: "\(count) changes, expected \(name.last - name.first + 1)"))
    }
    return index.bytes()
  }

  /// Checks every byte: that all members inflate, parse and are in order, and that the index agrees.
  package func verify() throws(StorageError) {
    let fresh = try Self.scan(file, name, name.path(in: folder))
    let indexPath = name.indexPath(in: folder)
    // One that is missing or of another version is made anew by whoever opens the run for writing.
    guard let stored = try onDisk({ () throws(DiskError) in try disk.readAll(indexPath) }),
      stored.starts(with: RunIndex.magic)
    else { return }
    guard stored == fresh else {
      throw .damaged(
        Damage(file: indexPath, offset: 0, reason: "the index does not agree with its run"))
    }
  }
}

/// The first member of a run file: `{"first":1,"last":10431,"sum":"5f0c22d1"}`.
package struct RunFileHeader {
  package let first: UInt64
  package let last: UInt64
  package let sum: UInt32

  package init(first: UInt64, last: UInt64, sum: UInt32) {
    self.first = first
    self.last = last
    self.sum = sum
  }

  package init(_ text: [UInt8]) throws(JSONError) {
    let value = try JSONText(parsing: text)
    guard let first = value["first"]?.int, let last = value["last"]?.int, first > 0, last >= first,
      let sum = value["sum"]?.string.flatMap(Checksum.parse)
    else { throw JSONError(offset: 0, reason: "expected first, last and sum") }
    self.init(first: UInt64(first), last: UInt64(last), sum: sum)
  }

  package var text: [UInt8] {
    Array("{\"first\":\(first),\"last\":\(last),\"sum\":\"\(Checksum.hex(sum))\"}\n".utf8)
  }
}
