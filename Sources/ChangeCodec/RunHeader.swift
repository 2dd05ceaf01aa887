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

    init(_ text: Span<UInt8>, _ value: Range<Int>) throws(JSONError) {
      var fields: [Range<Int>] = []
      _ = try JSONScanner.elements(text, value.lowerBound) { (element) throws(JSONError) in
        fields.append(element)
      }
      guard fields.count >= 6 else {
        throw JSONError(offset: value.lowerBound, reason: "a row of six or more")
      }
      position = try Columns.number(text, fields[0])
      let sequence = try Columns.number(text, fields[2])
      id = ChangeID(try Columns.replica(text, fields[1]), sequence)
      by = try Columns.author(text, fields[3])
      seen = try Columns.number(text, fields[4])
      stamp = try Columns.number(text, fields[5])
      seenLimit = fields.count > 6 ? try Columns.number(text, fields[6]) : nil
      guard position > 0, sequence > 0 else {
        throw JSONError(offset: value.lowerBound, reason: "positions and sequences start at 1")
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
    private var times: [HybridTime] = []
    private var rows: [Row] = []
    private var names: [String] = []
    private var authors: [String?] = []

    init(_ text: Span<UInt8>, _ line: Range<Int>) throws(JSONError) {
      var who: [UInt64] = []
      var ordered: [HybridTime] = []
      let end = try JSONScanner.members(text, line.lowerBound) { (key, value) throws(JSONError) in
        if JSONScanner.equals(text, key, "positions") {
          var earlier: UInt64 = 0
          try Columns.elements(text, value, limit: maximumCount) { (element) throws(JSONError) in
            earlier = try Columns.add(text, element, to: earlier, limit: ChangeID.maximumSequence)
            positions.append(earlier)
          }
        } else if JSONScanner.equals(text, key, "at") {
          ordered = try Columns.parseTimes(text, value, limit: maximumCount)
        } else if JSONScanner.equals(text, key, "blocks") {
          try Columns.elements(text, value, limit: maximumCount) { (element) throws(JSONError) in
            rows.append(try Row(text, element))
          }
        } else if JSONScanner.equals(text, key, "names") {
          names = try Columns.parseNames(text, value, limit: maximumCount)
        } else if JSONScanner.equals(text, key, "who") {
          who = try Columns.parseNumbers(text, value, limit: maximumCount)
        }
      }
      guard end == line.upperBound, ordered.count == positions.count,
        who.isEmpty || who.count == positions.count
      else { throw JSONError(offset: line.lowerBound, reason: "the columns of a member differ in length") }
      times = try Self.times(ordered, positions, line)
      for index in rows.indices.dropFirst() where rows[index].position <= rows[index - 1].position {
        throw JSONError(offset: line.lowerBound, reason: "the rows of a member are not in order")
      }
      for position in positions {
        guard let first = rows.first, first.position <= position,
          id(at: position).sequence <= ChangeID.maximumSequence
        else { throw JSONError(offset: line.lowerBound, reason: "no row for position \(position)") }
      }
      for index in who.indices { authors.append(try Columns.author(names, who, index)) }
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

    private func id(at position: UInt64) -> ChangeID {
      let row = rows[Row.index(rows, position)]
      return ChangeID(row.id.replica, row.id.sequence + (position - row.position))
    }

    /// The id of the change at an index.
    func id(_ index: Int) -> ChangeID { id(at: positions[index]) }

    /// The change at an index.
    func change(_ index: Int, _ on: EntityID, _ body: [UInt8]) -> PlacedChange {
      let position = positions[index]
      let row = rows[Row.index(rows, position)]
      let change = Change(
        id: ChangeID(row.id.replica, row.id.sequence + (position - row.position)), at: times[index],
        seen: row.seen, by: authors.isEmpty ? row.by : authors[index] ?? row.by, on: on, body: body)
      return PlacedChange(change, position: position, stamp: row.stamp, seenLimit: row.seenLimit)
    }
  }
}
