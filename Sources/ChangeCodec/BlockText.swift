import Causality
import Codec
import Merge

/// The text of a block: a header line that says once what its changes share, a line for each change, and
/// a line for each text that is kept apart.
///
/// ```
/// {"first":10433,"stamp":"2026-11-21T17:22:40.001Z","sum":"5f0c22d1","replica":"k7f3q2hd9x","seq":418,"count":2,"at":"2026-11-21T17:21:03.306Z","seen":10432,"by":"anna"}
/// [0,"ticket/b2x9m1c0aa.64",{"set":{"status":"solved"},"over":{"status":["b2x9m1c0aa.77"]}}]
/// [12044,"",{"log":{"timeline":{"kind":"message","channel":"phone","direction":"in","text":""}}}]
/// "The tap still leaks"
/// ```
///
/// `Protocol.md` has the rules. Encoding and decoding cost one pass over the bytes.
package enum BlockText {
  /// The longest header line that is accepted, in bytes.
  static let maximumHeader = 1024

  /// Appends the text of a block.
  package static func write(_ block: Block, to output: inout [UInt8]) {
    let first = block.changes[0]
    output.append(UInt8(ascii: "{"))
    if let placement = block.placement {
      JSONWriter.key("first", to: &output)
      Decimal.write(placement.first, to: &output)
      JSONWriter.key("stamp", to: &output)
      quoted(HybridTime(milliseconds: placement.stamp), &output)
      JSONWriter.key("sum", to: &output)
      output.append(UInt8(ascii: "\""))
      Checksum.write(placement.sum, to: &output)
      output.append(UInt8(ascii: "\""))
    }
    JSONWriter.key("replica", to: &output)
    output.append(UInt8(ascii: "\""))
    first.id.replica.write(to: &output)
    output.append(UInt8(ascii: "\""))
    JSONWriter.key("seq", to: &output)
    Decimal.write(first.id.sequence, to: &output)
    JSONWriter.key("count", to: &output)
    Decimal.write(UInt64(block.count), to: &output)
    JSONWriter.key("at", to: &output)
    quoted(HybridTime(milliseconds: first.at.milliseconds), &output)
    JSONWriter.key("seen", to: &output)
    Decimal.write(first.seen, to: &output)
    JSONWriter.key("by", to: &output)
    JSONWriter.string(first.by, to: &output)
    if let limit = block.seenLimit {
      JSONWriter.key("seenlimit", to: &output)
      Decimal.write(limit, to: &output)
    }
    output += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
    var texts: [UInt8] = []
    var time = first.at.milliseconds
    var previous: EntityID?
    for change in block.changes {
      output.append(UInt8(ascii: "["))
      LineParts.writeTime(change.at, after: time, to: &output)
      output += [UInt8(ascii: ","), UInt8(ascii: "\"")]
      if change.on != previous {
        if change.creates {
          output += change.on.type.utf8
          output.append(UInt8(ascii: "/"))
        } else {
          change.on.write(to: &output)
        }
      }
      output += [UInt8(ascii: "\""), UInt8(ascii: ",")]
      LineParts.writeBody(
        change, seen: change.seen == first.seen ? nil : change.seen, by: change.by == first.by ? nil : change.by,
        to: &output, texts: &texts)
      output += [UInt8(ascii: "]"), UInt8(ascii: "\n")]
      time = change.at.milliseconds
      previous = change.on
    }
    output += texts
  }

  private static func quoted(_ time: HybridTime, _ output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    time.write(to: &output)
    output.append(UInt8(ascii: "\""))
  }

  /// Parses the block that starts at `start` of a text that was checked to be UTF-8.
  ///
  /// - Returns: the block and the index behind it.
  /// - Throws: `JSONError` with the offset in `text`.
  package static func parse(_ text: Span<UInt8>, from start: Int) throws(JSONError) -> (Block, Int) {
    var lines = LineCursor(text, start)
    let header = try BlockHeader(text, try lines.next())
    var bodies = BodyLines()
    var changes: [Change] = []
    changes.reserveCapacity(min(header.count, 4096))
    var time = header.at
    var previous: EntityID?
    for index in 0..<header.count {
      let line = try lines.next()
      var cursor = try JSONScanner.expect(UInt8(ascii: "["), text, line.lowerBound)
      let at = try LineParts.parseTime(text, &cursor, after: time)
      time = at.milliseconds
      cursor = try JSONScanner.expect(UInt8(ascii: ","), text, cursor)
      let end = try JSONScanner.skipString(text, cursor)
      let id = ChangeID(header.replica, header.sequence + UInt64(index))
      let on = try entity(text, cursor + 1..<end - 1, id, previous)
      previous = on
      cursor = try JSONScanner.expect(UInt8(ascii: ","), text, end)
      let part = try LineParts.parseBody(text, cursor, line.upperBound - 1)
      _ = try JSONScanner.expect(UInt8(ascii: "]"), text, line.upperBound - 1)
      bodies.add(part.body, text)
      changes.append(
        Change(id: id, at: at, seen: part.seen ?? header.seen, by: part.by ?? header.by, on: on, body: []))
    }
    let index = try bodies.finish(text, &lines) { index, body in
      let bare = changes[index]
      changes[index] = Change(id: bare.id, at: bare.at, seen: bare.seen, by: bare.by, on: bare.on, body: body)
    }
    return (Block(changes, placement: header.placement, seenLimit: header.seenLimit), index)
  }

  private static func entity(
    _ text: Span<UInt8>, _ range: Range<Int>, _ id: ChangeID, _ previous: EntityID?
  ) throws(JSONError) -> EntityID {
    if range.isEmpty {
      guard let previous else {
        throw JSONError(offset: range.lowerBound, reason: "the first change of a block must say what it is on")
      }
      return previous
    }
    if text[range.upperBound - 1] == UInt8(ascii: "/") {
      let type = String(copying: text, range.lowerBound..<range.upperBound - 1)
      if let on = EntityID(type: type, origin: id) { return on }
    } else if let on = EntityID(text, range) {
      return on
    }
    throw JSONError(offset: range.lowerBound, reason: "expected an entity, type/replica.sequence")
  }
}
