import Causality
import Codec
import Merge

/// The header line of a block, as parsed.
struct BlockHeader {
  private(set) var replica = ReplicaID(bits: 0)
  private(set) var sequence: UInt64 = 0
  private(set) var seen: UInt64 = 0
  private(set) var by = ""
  private(set) var times: [HybridTime] = []
  private(set) var on: [EntityID] = []
  /// The author of each change where it is not `by`; empty when it is for all.
  private(set) var authors: [String?] = []
  private(set) var placement: Placement?
  private(set) var seenLimit: UInt64?

  /// Parses a header line. Keys that this version does not know are passed over.
  ///
  /// - Throws: `JSONError` where a key is missing or malformed.
  init(_ text: Span<UInt8>, _ line: Range<Int>, _ defaults: BlockText.Defaults?) throws(JSONError) {
    var replica = defaults?.replica
    var by = defaults?.by
    var seen = defaults?.seen
    var first: UInt64?
    var stamp: UInt64?
    var sum: UInt32?
    var names: [String] = []
    var who: [UInt64] = []
    var onColumn: Int?
    let limit = BlockText.maximumCount
    let end = try JSONScanner.readMembers(text, line.lowerBound) { (key, start) throws(JSONError) in
      func isKey(_ word: StaticString) -> Bool { JSONScanner.equals(text, key, word) }
      if isKey("times") { return try Columns.readTimes(text, start, limit: limit, to: &times) }
      if isKey("names") {
        return try Columns.readList(text, start, limit: limit, to: &names, Columns.readAuthor)
      }
      if isKey("who") { return try Columns.readList(text, start, limit: limit, to: &who, Columns.readNumber) }
      let value = start..<(try JSONScanner.skipValue(text, start))
      if isKey("on") {
        onColumn = start
      } else if isKey("seq") {
        sequence = try Columns.number(text, value)
      } else if isKey("replica") {
        replica = try Columns.replica(text, value)
      } else if isKey("by") {
        by = try Columns.author(text, value)
      } else if isKey("seen") {
        seen = try Columns.number(text, value)
      } else if isKey("first") {
        first = try Columns.number(text, value)
      } else if isKey("stamp") {
        stamp = try Columns.time(text, value)
      } else if isKey("sum") {
        sum = try Columns.sum(text, value)
      } else if isKey("seenlimit") {
        seenLimit = try Columns.number(text, value)
      }
      return value.upperBound
    }
    guard end == line.upperBound else {
      throw JSONError(offset: end, reason: "more behind the block's header")
    }
    guard let replica, let by, let seen, sequence > 0, let onColumn,
      1...BlockText.maximumCount ~= times.count,
      sequence + UInt64(times.count) - 1 <= ChangeID.maximumSequence
    else {
      throw JSONError(
        offset: line.lowerBound,
        reason: "a block's header needs replica, by, seen, seq, times (1 to \(BlockText.maximumCount)) and on"
      )
    }
    self.replica = replica
    self.by = by
    self.seen = seen
    on = try Self.entities(text, onColumn, replica, sequence)
    guard on.count == times.count, who.isEmpty || who.count == times.count else {
      throw JSONError(offset: line.lowerBound, reason: "the columns of a block differ in length")
    }
    for index in who.indices { authors.append(try Columns.author(names, who, index)) }
    if let first, let stamp, let sum, first > 0, first + UInt64(times.count) <= ChangeID.maximumSequence {
      placement = Placement(first: first, stamp: stamp, sum: sum)
    } else if first != nil || stamp != nil || sum != nil {
      throw JSONError(offset: line.lowerBound, reason: "first, stamp and sum stand together or not at all")
    }
  }

  /// `""` is the entity of the change before, `ticket/` the one that this change creates.
  private static func entities(
    _ text: Span<UInt8>, _ column: Int, _ replica: ReplicaID, _ sequence: UInt64
  ) throws(JSONError) -> [EntityID] {
    var found: [EntityID] = []
    _ = try Columns.read(text, column, limit: BlockText.maximumCount) { (index) throws(JSONError) in
      let start = index
      index = try JSONScanner.skipValue(text, start)
      let name = start + 1..<max(start + 1, index - 1)
      if text[start] == UInt8(ascii: "\"") {
        if name.isEmpty {
          if let last = found.last {
            found.append(last)
            return
          }
        } else if text[name.upperBound - 1] == UInt8(ascii: "/") {
          let type = String(copying: text, name.lowerBound..<name.upperBound - 1)
          let id = ChangeID(replica, sequence + UInt64(found.count))
          if let entity = EntityID(type: type, origin: id) {
            found.append(entity)
            return
          }
        } else if let entity = EntityID(text, name) {
          found.append(entity)
          return
        }
      }
      throw JSONError(offset: start, reason: "expected an entity, type/replica.sequence")
    }
    return found
  }
}
