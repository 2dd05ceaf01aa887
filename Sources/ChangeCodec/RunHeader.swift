import Causality
import Codec
import Merge

extension RunText {
  /// What changes of one block share, as a member's header holds it.
  struct Row {
    let position: UInt64
    let id: ChangeID
    let by: String
    let seen: UInt64
    let stamp: UInt64
    let seenLimit: UInt64?

    init(_ placed: PlacedChange) {
      position = placed.position ?? 0
      id = placed.change.id
      by = placed.change.by
      seen = placed.change.seen
      stamp = placed.stamp ?? 0
      seenLimit = placed.seenLimit
    }

    /// Whether a later row says nothing new.
    func continues(_ later: Row) -> Bool {
      id.replica == later.id.replica && later.id.sequence &- id.sequence == later.position - position
        && seen == later.seen && stamp == later.stamp && seenLimit == later.seenLimit
    }

    func write(to output: inout [UInt8]) {
      output.append(UInt8(ascii: "["))
      Decimal.write(position, to: &output)
      output += [UInt8(ascii: ","), UInt8(ascii: "\"")]
      id.replica.write(to: &output)
      output += [UInt8(ascii: "\""), UInt8(ascii: ",")]
      Decimal.write(id.sequence, to: &output)
      output.append(UInt8(ascii: ","))
      JSONWriter.string(by, to: &output)
      output.append(UInt8(ascii: ","))
      Decimal.write(seen, to: &output)
      output.append(UInt8(ascii: ","))
      Decimal.write(stamp, to: &output)
      if let seenLimit {
        output.append(UInt8(ascii: ","))
        Decimal.write(seenLimit, to: &output)
      }
      output.append(UInt8(ascii: "]"))
    }

    /// Reads the row at an index, which moves behind it.
    init(_ text: Span<UInt8>, _ index: inout Int) throws(JSONError) {
      let start = index
      func next(_ index: inout Int) throws(JSONError) {
        index = try JSONScanner.expect(UInt8(ascii: ","), text, index)
      }
      index = try JSONScanner.expect(UInt8(ascii: "["), text, start)
      position = try Columns.readNumber(text, &index)
      try next(&index)
      let replica = index..<(try JSONScanner.skipString(text, index))
      index = replica.upperBound
      try next(&index)
      id = ChangeID(try Columns.replica(text, replica), try Columns.readNumber(text, &index))
      try next(&index)
      by = try Columns.readAuthor(text, &index)
      try next(&index)
      seen = try Columns.readNumber(text, &index)
      try next(&index)
      stamp = try Columns.readNumber(text, &index)
      var limit: UInt64?
      if JSONScanner.byte(text, index) == UInt8(ascii: ",") {
        index += 1
        limit = try Columns.readNumber(text, &index)
        // What later versions may say behind it.
        while JSONScanner.byte(text, index) == UInt8(ascii: ",") {
          index = try JSONScanner.skipValue(text, index + 1)
        }
      }
      seenLimit = limit
      index = try JSONScanner.expect(UInt8(ascii: "]"), text, index)
      guard position > 0, id.sequence > 0 else {
        throw JSONError(offset: start, reason: "positions and sequences start at 1")
      }
    }

    /// The row with the greatest position not above a change's.
    static func index(_ rows: [Row], _ position: UInt64) -> Int {
      rows.lastIndex(ofSortedWhere: { $0.position <= position })
    }
  }

  /// The header line of a member, as parsed.
  struct RunHeader {
    private(set) var positions: [UInt64] = []
    /// In the order of the positions.
    private var ordered: [HybridTime] = []
    /// The same as the changes follow each other; empty where only a few are wanted.
    private var times: [HybridTime] = []
    private var rows: [Row] = []
    private var names: [String] = []
    /// For each change 0 for its row's author or the number of a name; empty where all are of their rows' authors.
    private var who: [UInt64] = []

    /// - Parameter isWhole: whether all changes are wanted. Else what concerns the others is not looked at.
    init(_ text: Span<UInt8>, _ line: Range<Int>, isWhole: Bool) throws(JSONError) {
      let end = try JSONScanner.readMembers(text, line.lowerBound) { (key, start) throws(JSONError) in
        if JSONScanner.equals(text, key, "positions") {
          var earlier: UInt64 = 0
          return try Columns.read(text, start, limit: maximumCount) { (index) throws(JSONError) in
            earlier = try Columns.difference(text, &index, from: earlier, limit: ChangeID.maximumSequence)
            positions.append(earlier)
          }
        }
        if JSONScanner.equals(text, key, "at") {
          return try Columns.readTimes(text, start, limit: maximumCount, to: &ordered)
        }
        if JSONScanner.equals(text, key, "blocks") {
          return try Columns.read(text, start, limit: maximumCount) { (index) throws(JSONError) in
            rows.append(try Row(text, &index))
          }
        }
        if JSONScanner.equals(text, key, "names") {
          return try Columns.readList(text, start, limit: maximumCount, to: &names, Columns.readAuthor)
        }
        if JSONScanner.equals(text, key, "who") {
          return try Columns.readList(text, start, limit: maximumCount, to: &who, Columns.readNumber)
        }
        return try JSONScanner.skipValue(text, start)
      }
      guard end == line.upperBound, ordered.count == positions.count,
        who.isEmpty || who.count == positions.count
      else { throw JSONError(offset: line.lowerBound, reason: "the columns of a member differ in length") }
      for index in rows.indices.dropFirst() where rows[index].position <= rows[index - 1].position {
        throw JSONError(offset: line.lowerBound, reason: "the rows of a member are not in order")
      }
      if isWhole { times = try Self.times(ordered, positions, line) }
    }

    /// The times as the changes follow each other, given in the order of their positions.
    private static func times(
      _ ordered: [HybridTime], _ positions: [UInt64], _ line: Range<Int>
    ) throws(JSONError) -> [HybridTime] {
      let order = positions.indices.sorted { positions[$0] < positions[$1] }
      var times = ordered
      var earlier: UInt64 = 0
      for (time, index) in zip(ordered, order) {
        guard positions[index] > earlier else {
          throw JSONError(offset: line.lowerBound, reason: "two changes at position \(earlier)")
        }
        earlier = positions[index]
        times[index] = time
      }
      return times
    }

    /// The time of the change at an index. Cost: of a few wanted ones, a pass over the positions each.
    private func time(_ index: Int) -> HybridTime {
      if !times.isEmpty { return times[index] }
      let position = positions[index]
      return ordered[positions.reduce(0) { $0 + ($1 < position ? 1 : 0) }]
    }

    /// The row of a position, and the id of the change there.
    private func row(at position: UInt64) throws(JSONError) -> (row: Row, id: ChangeID) {
      guard let first = rows.first, first.position <= position else {
        throw JSONError(offset: 0, reason: "no row for position \(position)")
      }
      let row = rows[Row.index(rows, position)]
      let sequence = row.id.sequence + (position - row.position)
      guard sequence <= ChangeID.maximumSequence else {
        throw JSONError(offset: 0, reason: "a sequence of more than 2^53 at position \(position)")
      }
      return (row, ChangeID(row.id.replica, sequence))
    }

    /// The id of the change at an index.
    func id(_ index: Int) throws(JSONError) -> ChangeID { try row(at: positions[index]).id }

    /// The change at an index.
    func change(_ index: Int, _ on: EntityID, _ body: [UInt8]) throws(JSONError) -> PlacedChange {
      let position = positions[index]
      let (row, id) = try row(at: position)
      let by = who.isEmpty ? row.by : try Columns.author(names, who, index) ?? row.by
      let change = Change(id: id, at: time(index), seen: row.seen, by: by, on: on, body: body)
      return PlacedChange(change, position: position, stamp: row.stamp, seenLimit: row.seenLimit)
    }
  }
}
