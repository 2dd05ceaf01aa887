import Causality
import Codec
import Glibc
import Merge
import Storage

/// The inbox on disk, `runs/conflicts`: derived from the store's changes, made again when missing or damaged.
///
/// A header of 512 bytes, then the entries as lines of JSON (`Conflict.json`), open ones first, the most harmful first: a
/// page as it is, so that a first screen reads the header and that, and the others as a gzip member.
///
/// ```
/// {"version":1,"position":10432,"sum":"5f0c22d1","replica":"k7f3q2hd9x","own":418,"open":12,"count":40,
///  "page":8192,"pageSum":"...","bytes":30211,"allSum":"..."}
/// ```
///
/// It is as of a position of the workspace's order, the chain's sum there, and a sequence of this store's own changes.
/// `page` and `bytes` are the lengths of the page and of all behind the header; `pageSum` and `allSum` their CRC-32.
struct InboxFile {
  static let path = "\(RunName.folder)/conflicts"
  /// Grows when rules, words or the form of entries change, so that older files are made anew.
  private static let version = 10
  private static let headSize = 512
  /// What the entries behind the first page may be at most, in bytes.
  private static let limit = 1 << 30
  /// Behind so many bytes of the header comes their CRC-32 as hexadecimal digits, and a line feed.
  private static let headText = headSize - 9
  /// How many entries the first page has.
  static let pageCount = 64

  /// What a file is as of.
  struct Base: Hashable {
    var position: UInt64
    var sum: UInt32
    var replica: ReplicaID
    var own: UInt64
  }

  let base: Base
  let openCount: Int
  let count: Int
  private let page: Range<Int>
  private let pageSum: UInt32
  private let all: Range<Int>
  private let allSum: UInt32

  /// The whole text, where it could not be stored.
  private var memory: [UInt8]?
  /// Whether it is on the disk.
  var isStored: Bool { memory == nil }

  /// Reads the header; nil where there is none that this version wrote.
  init?(_ disk: any Disk) {
    guard let file = try? disk.open(Self.path, .read), let head = try? file.read(at: 0, count: Self.headSize),
      let size = try? file.size()
    else { return nil }
    self.init(head: head, size: size)
  }

  private init?(head: [UInt8], size: Int) {
    guard head.count == Self.headSize,
      Checksum.parse(head.span, Self.headText..<Self.headText + 8)
        == Checksum.crc32(Array(head[..<Self.headText])),
      let value = try? JSONText(parsing: head[..<Self.headText]),
      value["version"]?.int == Self.version, let position = value["position"]?.int,
      let sum = value["sum"]?.string.flatMap(Checksum.parse),
      let replica = value["replica"]?.string.flatMap({ ReplicaID($0) }), let own = value["own"]?.int,
      let openCount = value["open"]?.int, let count = value["count"]?.int, let page = value["page"]?.int,
      let pageSum = value["pageSum"]?.string.flatMap(Checksum.parse), let all = value["bytes"]?.int,
      let allSum = value["allSum"]?.string.flatMap(Checksum.parse), position >= 0, own >= 0, openCount >= 0,
      all >= 0, 0...all ~= page, size == Self.headSize + all
    else { return nil }
    base = Base(position: UInt64(position), sum: sum, replica: replica, own: UInt64(own))
    self.openCount = openCount
    self.count = count
    self.page = Self.headSize..<Self.headSize + page
    self.pageSum = pageSum
    self.all = Self.headSize..<Self.headSize + all
    self.allSum = allSum
  }

  /// The lines of the first page, or of all entries; nil where they are damaged.
  func lines(_ disk: any Disk, all isAll: Bool) -> [Line]? {
    let (range, sum) = isAll ? (all, allSum) : (page, pageSum)
    var bytes: [UInt8]
    if let memory {
      bytes = Array(memory[range])
    } else {
      guard let file = try? disk.open(Self.path, .read),
        let stored = try? file.read(at: range.lowerBound, count: range.count), stored.count == range.count,
        Checksum.crc32(stored) == sum
      else { return nil }
      bytes = stored
    }
    if bytes.count > page.count {
      let stored = bytes
      bytes.removeLast(stored.count - page.count)
      guard
        (try? Inflater().inflateMember(stored.span, from: page.count, limit: Self.limit, to: &bytes)) != nil
      else {
        return nil
      }
    }
    var lines: [Line] = []
    lines.reserveCapacity(isAll ? count : Self.pageCount)
    var start = 0
    bytes.withUnsafeBytes { buffer in
      while start < buffer.count, let base = buffer.baseAddress,
        let end = memchr(base + start, 0x0A, buffer.count - start)
      {
        let next = base.distance(to: UnsafeRawPointer(end))
        // Open ones come first.
        lines.append(Line(bytes: bytes[start..<next], isOpen: lines.count < openCount))
        start = next + 1
      }
    }
    return lines
  }

  /// An entry that is only read as far as it has to be.
  struct Line {
    let bytes: ArraySlice<UInt8>
    let isOpen: Bool

    /// The text of the entity on which it is settled: `{"on":"ticket/b2x9m1c0aa.64",`.
    private var ownerText: ArraySlice<UInt8>? {
      guard bytes.starts(with: Self.prefix) else { return nil }
      let rest = bytes.dropFirst(Self.prefix.count)
      return rest.firstIndex(of: UInt8(ascii: "\"")).map { rest[..<$0] }
    }

    var owner: EntityID? { ownerText.flatMap { EntityID(String(decoding: $0, as: UTF8.self)) } }

    /// Whether it is about values of a field.
    var isOfField: Bool { isOf(Self.field) }

    /// Whether it is about a customer who is there twice.
    var isOfTwins: Bool { isOf(Self.twins) }

    /// Whether it is of a kind: `...,"id":"7k3f9q2hd9","kind":"field",`.
    private func isOf(_ kind: [UInt8]) -> Bool {
      guard let owner = ownerText, bytes[owner.endIndex...].starts(with: Self.middle) else { return false }
      let rest = bytes[owner.endIndex...].dropFirst(Self.middle.count)
      return rest.drop { $0 != UInt8(ascii: "\"") }.starts(with: kind)
    }

    /// Whether its entity is among some, given as texts.
    func isOn(_ owners: Set<ArraySlice<UInt8>>) -> Bool { ownerText.map { owners.contains($0) } ?? false }

    /// Whether one of its sides is on an entity among some, given as texts: `,"on":"customer/b2x9m1c0aa.64",`.
    func hasSide(on entities: Set<ArraySlice<UInt8>>) -> Bool {
      var index = bytes.startIndex
      while let found = ByteSearch.find(Self.side, in: bytes, from: index) {
        let name = bytes[(found + Self.side.count)...].prefix { $0 != UInt8(ascii: "\"") }
        if entities.contains(name) { return true }
        index = name.endIndex
      }
      return false
    }

    var conflict: Conflict? { (try? JSONText(parsing: bytes)).flatMap { Conflict($0) } }

    private static let prefix = Array("{\"on\":\"".utf8)
    private static let side = Array(",\"on\":\"".utf8)
    private static let middle = Array("\",\"id\":\"".utf8)
    private static let field = kind(.field)
    private static let twins = kind(.createdTwice)

    private static func kind(_ kind: ConflictKind) -> [UInt8] {
      Array("\",\"kind\":\"\(kind.rawValue)\",".utf8)
    }
  }

  /// Stores entries. Where the disk does not let us, they stay in memory.
  ///
  /// - Parameter isKept: asked behind storing them, whether they stay there.
  static func write(
    _ conflicts: [Conflict], _ base: Base, to disk: any Disk, _ isKept: () -> Bool
  ) -> InboxFile {
    let sorted = conflicts.sorted(by: precedes)
    var body = lines(sorted.prefix(pageCount))
    let page = body.count
    if sorted.count > pageCount { body += Deflater().compress(lines(sorted.dropFirst(pageCount))) }
    let head = JSONText(object: [
      ("version", JSONText(version)), ("position", JSONText(Int(base.position))),
      ("sum", JSONText(Checksum.hex(base.sum))), ("replica", JSONText("\(base.replica)")),
      ("own", JSONText(Int(base.own))), ("open", JSONText(sorted.count { $0.state == .open })),
      ("count", JSONText(sorted.count)), ("page", JSONText(page)),
      ("pageSum", JSONText(Checksum.hex(Checksum.crc32(Array(body.prefix(page)))))),
      ("bytes", JSONText(body.count)), ("allSum", JSONText(Checksum.hex(Checksum.crc32(body)))),
    ])
    var bytes = head.bytes
    bytes += [UInt8](repeating: UInt8(ascii: " "), count: headText - bytes.count)
    bytes += Array((Checksum.hex(Checksum.crc32(bytes)) + "\n").utf8)
    let text = bytes + body
    try? disk.makeFolder(RunName.folder)
    let isStored = (try? disk.replace(path, with: text)) != nil
    guard var file = InboxFile(head: bytes, size: text.count) else {
      preconditionFailure("a head of \(bytes.count) bytes that was just written is read")
    }
    if !isStored || !isKept() { file.memory = text }
    return file
  }

  private static func lines(_ conflicts: some Sequence<Conflict>) -> [UInt8] {
    var text: [UInt8] = []
    for conflict in conflicts {
      text += conflict.json.bytes
      text.append(UInt8(ascii: "\n"))
    }
    return text
  }

  /// Open ones first, then the most harmful, then the latest.
  static func precedes(_ left: Conflict, _ right: Conflict) -> Bool {
    let (a, b) = (left.state == .open, right.state == .open)
    if a != b { return a }
    if left.harm != right.harm { return left.harm > right.harm }
    return left.at == right.at ? left.id < right.id : left.at > right.at
  }
}
