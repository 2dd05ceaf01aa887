import Causality
import Codec
import Merge

/// The text of a block: a header line that says once what its changes share and holds their numbers as
/// columns, a line with the body of each change, and a line for each text that is kept apart.
///
/// ```
/// {"first":10433,"stamp":"2026-11-21T17:22:40.001Z","sum":"5f0c22d1","replica":"k7f3q2hd9x","by":"anna","seen":10432,"seq":418,"times":[1795281663306,12044],"on":["ticket/b2x9m1c0aa.64",""]}
/// {"set":{"status":"solved"},"over":{"status":["b2x9m1c0aa.77"]}}
/// {"log":{"timeline":{"kind":"message","channel":"phone","direction":"in","text":""}}}
/// "The tap still leaks"
/// ```
///
/// `Protocol.md` has the rules. Writing and parsing cost one pass over the bytes.
package enum BlockText {
  /// The most changes of one block.
  package static let maximumCount = 10_000

  /// What a block need not say, because both sides know it.
  package struct Defaults: Sendable {
    package var replica: ReplicaID
    package var by: String
    package var seen: UInt64

    package init(replica: ReplicaID, by: String, seen: UInt64) {
      self.replica = replica
      self.by = by
      self.seen = seen
    }
  }

  /// Appends the text of a block.
  ///
  /// - Parameter defaults: what the reader knows; header keys that say just this are left out.
  /// - Returns: where the header, the bodies and the texts end, for `Deflater`.
  @discardableResult
  package static func write(_ block: Block, leavingOut defaults: Defaults? = nil, to output: inout [UInt8])
    -> [Int]
  {
    let first = block.changes[0]
    output.append(UInt8(ascii: "{"))
    if let placement = block.placement {
      JSONWriter.key("first", to: &output)
      Decimal.write(placement.first, to: &output)
      JSONWriter.key("stamp", to: &output)
      output.append(UInt8(ascii: "\""))
      HybridTime(milliseconds: placement.stamp).write(to: &output)
      output.append(UInt8(ascii: "\""))
      JSONWriter.key("sum", to: &output)
      output.append(UInt8(ascii: "\""))
      Checksum.write(placement.sum, to: &output)
      output.append(UInt8(ascii: "\""))
    }
    if defaults?.replica != block.replica {
      JSONWriter.key("replica", to: &output)
      output.append(UInt8(ascii: "\""))
      block.replica.write(to: &output)
      output.append(UInt8(ascii: "\""))
    }
    if defaults.map({ ExactString($0.by) }) != ExactString(first.by) {
      JSONWriter.key("by", to: &output)
      JSONWriter.string(first.by, to: &output)
    }
    if defaults?.seen != first.seen {
      JSONWriter.key("seen", to: &output)
      Decimal.write(first.seen, to: &output)
    }
    if let limit = block.seenLimit {
      JSONWriter.key("seenlimit", to: &output)
      Decimal.write(limit, to: &output)
    }
    JSONWriter.key("seq", to: &output)
    Decimal.write(first.id.sequence, to: &output)
    Columns.writeTimes("times", block.changes, to: &output)
    JSONWriter.key("on", to: &output)
    var previous: EntityID?
    JSONWriter.list(block.changes, to: &output) { change, output in
      output.append(UInt8(ascii: "\""))
      if change.on != previous {
        if change.creates {
          output += change.on.type.utf8
          output.append(UInt8(ascii: "/"))
        } else {
          change.on.write(to: &output)
        }
      }
      output.append(UInt8(ascii: "\""))
      previous = change.on
    }
    Columns.writeWho(
      block.changes.map { ExactString($0.by) == ExactString(first.by) ? nil : $0.by }, to: &output)
    output += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
    let headerEnd = output.count
    var texts: [UInt8] = []
    for change in block.changes { BodyLines.write(change.body, to: &output, texts: &texts) }
    let bodyEnd = output.count
    output += texts
    return [headerEnd, bodyEnd, output.count]
  }

  /// Parses the block that starts at `start` of a text that was checked to be UTF-8.
  ///
  /// - Parameter defaults: what a block in a push may leave out.
  /// - Returns: the block and the index behind it.
  /// - Throws: `JSONError` with the offset in `text`.
  package static func parse(
    _ text: Span<UInt8>, from start: Int, defaults: Defaults? = nil
  ) throws(JSONError) -> (Block, Int) {
    var lines = LineCursor(start)
    let headerLine = try lines.next(text)
    let header = try BlockHeader(text, headerLine, defaults)
    var bodies = BodyLines(capacity: header.times.count)
    for _ in header.times { try bodies.add(text, try lines.next(text)) }
    var changes: [Change] = []
    changes.reserveCapacity(header.times.count)
    try bodies.finish(text, &lines) { index, body in
      changes.append(
        Change(
          id: ChangeID(header.replica, header.sequence + UInt64(index)), at: header.times[index],
          seen: header.seen, by: header.authors.isEmpty ? header.by : header.authors[index] ?? header.by,
          on: header.on[index], body: body))
    }
    return (Block(changes, placement: header.placement, seenLimit: header.seenLimit), lines.index)
  }

  /// Parses a whole text of blocks, such as an inflated gzip member or push.
  ///
  /// - Throws: `JSONError` where it is not UTF-8 or not blocks from its start to its end.
  package static func parseAll(_ text: Span<UInt8>) throws(JSONError) -> [Block] {
    try parseAll(text, defaults: nil, maximumCount: .max) ?? []
  }

  /// Parses a whole text of blocks; nil where they hold more than so many changes.
  package static func parseAll(
    _ text: Span<UInt8>, defaults: Defaults?, maximumCount: Int
  ) throws(JSONError) -> [Block]? {
    guard (try? UTF8Span(validating: text)) != nil else {
      throw JSONError(offset: 0, reason: "not valid UTF-8")
    }
    var blocks: [Block] = []
    var index = 0
    var count = 0
    while index < text.count {
      let (block, end) = try parse(text, from: index, defaults: defaults)
      count += block.count
      if count > maximumCount { return nil }
      blocks.append(block)
      index = end
    }
    return blocks
  }

  /// Parts changes of one replica into blocks: one `seen` each, and neither too many changes nor too many bytes.
  package static func blocks(
    of changes: [Change], maximumBytes: Int = 1 << 20, seenLimit: UInt64? = nil
  ) -> [Block] {
    var blocks: [Block] = []
    var current: [Change] = []
    var bytes = 0
    for change in changes {
      if let last = current.last,
        last.seen != change.seen || current.count >= maximumCount || bytes + change.body.count > maximumBytes
          || last.id.sequence + 1 != change.id.sequence || last.id.replica != change.id.replica
      {
        blocks.append(Block(current, seenLimit: seenLimit))
        current = []
        bytes = 0
      }
      current.append(change)
      bytes += change.body.count + 32
    }
    if !current.isEmpty { blocks.append(Block(current, seenLimit: seenLimit)) }
    return blocks
  }
}
