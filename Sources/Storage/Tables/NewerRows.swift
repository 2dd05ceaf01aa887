import Causality
import Codec
import Merge

/// Rows of the entities that have changes behind the runs, so that a list need not fold each of them anew.
///
/// A row is known by the changes that it was folded with: it holds as long as the entity has just these behind the
/// same runs, sent or not. When the changes become a run, their rows become its table. Kept in `runs/newer.rows`, which is
/// appended to: a head (`AOROWS01`, version, the runs' last position and sum), then records with length and CRC-32.
/// It may be lost or cut anywhere.
package struct NewerRows {
  /// What is known of an entity.
  package struct Entry: Hashable, Sendable {
    package let values: [TableValue]
    /// The terms of its newer changes only.
    package let terms: [UInt32]

    package init(values: [TableValue], terms: [UInt32]) {
      self.values = values
      self.terms = terms
    }
  }

  /// The end of the runs.
  package struct Base: Hashable, Sendable {
    let last: UInt64
    let sum: UInt32

    package static let none = Base(last: 0, sum: 0)

    package init(_ run: RunReader) {
      self.init(last: run.name.last, sum: run.index.sum)
    }

    private init(last: UInt64, sum: UInt32) {
      self.last = last
      self.sum = sum
    }
  }

  private static let path = "\(RunName.folder)/newer.rows"
  private static let magic = Array("AOROWS01".utf8)

  package let base: Base
  private let disk: any Disk
  private let version: UInt32
  /// The file as it was read.
  private let stored: [UInt8]
  private var records: [EntityID: Record] = [:]
  /// What is not in the file yet.
  private var pending: [UInt8] = []
  private var pendingCount = 0
  /// How many records the file holds, those that later ones replace too; nil where it is to be written anew.
  private var recordCount: Int?

  /// What is known of an entity: decoded when it is asked for, as most commands ask for few.
  private struct Record {
    let mark: UInt64
    var content: Content

    enum Content {
      case decoded(Entry)
      /// The terms and values in the file.
      case stored(Range<Int>)
    }
  }

  /// Reads what the file knows for these runs.
  ///
  /// - Parameter isCurrent: whether these are the runs of now, so that a file for others is of no use any more.
  package init(_ disk: any Disk, base: Base, version: UInt32, isCurrent: Bool) {
    self.disk = disk
    self.base = base
    self.version = version
    let head = Self.head(base, version)
    let bytes = (try? disk.readAll(Self.path)) ?? []
    stored = bytes
    guard bytes.starts(with: head) else {
      if isCurrent, !bytes.isEmpty { try? disk.remove(Self.path) }
      return
    }
    var cursor = ByteCursor(bytes, head.count..<bytes.count)
    var count = 0
    do {
      while !cursor.isAtEnd {
        let length: UInt32 = try cursor.number()
        let crc: UInt32 = try cursor.number()
        let record = try cursor.take(Int(length))
        guard Checksum.crc32(bytes.span.extracting(record)) == crc else { return }
        try read(ByteCursor(bytes, record))
        count += 1
      }
    } catch {
      return
    }
    recordCount = count
  }

  private static func head(_ base: Base, _ version: UInt32) -> [UInt8] {
    var head = magic
    head.append(number: version)
    head.append(number: base.last)
    head.append(number: base.sum)
    return head
  }

  /// The entry of an entity with just these newer changes; nil where it is not known.
  package func known(_ id: EntityID, _ changes: [PlacedChange]) -> Entry? {
    guard let record = records[id], record.mark == Self.mark(changes) else { return nil }
    return try? entry(record)
  }

  /// The terms of an entity with just these newer changes; nil where it is not known.
  package func knownTerms(_ id: EntityID, _ changes: [PlacedChange]) -> [UInt32]? {
    guard let record = records[id], record.mark == Self.mark(changes) else { return nil }
    switch record.content {
    case .decoded(let entry): return entry.terms
    case .stored(let range):
      var cursor = ByteCursor(stored, range)
      return try? Self.readTerms(&cursor)
    }
  }

  /// Keeps the entry of an entity; `save` stores it.
  package mutating func keep(_ entry: Entry, _ id: EntityID, _ changes: [PlacedChange]) {
    let mark = Self.mark(changes)
    records[id] = Record(mark: mark, content: .decoded(entry))
    Self.write(entry, id, mark, to: &pending)
    pendingCount += 1
  }

  /// Stores what is new. A failure leaves the file behind what is known here, which does no harm. Returns whether there was
  /// anything.
  @discardableResult
  package mutating func save() -> Bool {
    guard !pending.isEmpty else { return false }
    if let recordCount, recordCount < 2 * records.count + 256 {
      try? disk.open(Self.path, .append).append(pending.span)
      self.recordCount = recordCount + pendingCount
    } else {
      var bytes = Self.head(base, version)
      for (id, record) in records {
        if let entry = try? entry(record) { Self.write(entry, id, record.mark, to: &bytes) }
      }
      try? disk.makeFolder(RunName.folder)
      try? disk.replace(Self.path, with: bytes)
      recordCount = records.count
    }
    pending = []
    pendingCount = 0
    return true
  }

  /// A hash of what a fold takes from changes: what they say, in any order, and when they count as made.
  private static func mark(_ changes: [PlacedChange]) -> UInt64 {
    var mark: UInt64 = 0
    for placed in changes {
      let id = placed.change.id
      let body = UInt64(Checksum.crc32(placed.change.body))
      mark &+= mix(mix(mix(id.replica.bits) ^ id.sequence) ^ placed.effective.bits ^ (body << 24))
    }
    return mark
  }

  /// Spreads every bit over all of them. Source: D. Stafford's variant 13 of MurmurHash3's finalizer (2011).
  private static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  private static func write(_ entry: Entry, _ id: EntityID, _ mark: UInt64, to output: inout [UInt8]) {
    var record: [UInt8] = []
    record.append(string: id.type)
    record.append(number: id.origin.replica.bits)
    record.append(number: id.origin.sequence)
    record.append(number: mark)
    record.append(varint: entry.terms.count)
    for term in entry.terms { record.append(number: term) }
    record.append(varint: entry.values.count)
    for value in entry.values {
      switch value {
      case .number(let number):
        record.append(0)
        record.append(varint: number)
      case .text(let text):
        record.append(1)
        record.append(string: text)
      }
    }
    output.append(number: UInt32(record.count))
    output.append(number: Checksum.crc32(record))
    output += record
  }

  private mutating func read(_ record: ByteCursor) throws(TableFault) {
    var cursor = record
    let type = try cursor.string()
    let origin = ChangeID(ReplicaID(bits: try cursor.number()), try cursor.number())
    guard let id = EntityID(type: type, origin: origin) else { throw TableFault(reason: "not an entity") }
    let mark: UInt64 = try cursor.number()
    records[id] = Record(mark: mark, content: .stored(try cursor.take(cursor.rest)))
  }

  private static func readTerms(_ cursor: inout ByteCursor) throws(TableFault) -> [UInt32] {
    var terms: [UInt32] = []
    for _ in 0..<(try cursor.count(atMost: cursor.rest / 4)) { terms.append(try cursor.number()) }
    return terms
  }

  private func entry(_ record: Record) throws(TableFault) -> Entry {
    switch record.content {
    case .decoded(let entry): return entry
    case .stored(let range):
      var cursor = ByteCursor(stored, range)
      let terms = try Self.readTerms(&cursor)
      var values: [TableValue] = []
      for _ in 0..<(try cursor.count(atMost: cursor.rest / 2)) {
        let isText: UInt8 = try cursor.number()
        values.append(isText == 0 ? .number(try cursor.varint()) : .text(try cursor.string()))
      }
      return Entry(values: values, terms: terms)
    }
  }
}
