import Causality
import Codec
import Merge

/// The text of one member of a run: changes sorted by entity, then position.
///
/// ```
/// {"positions":[10433,2],"at":[1795281663306,12044],"blocks":[[10433,"k7f3q2hd9x",418,"anna",10432,1795281760001]]}
/// "ticket/b2x9m1c0aa.64"
/// {"set":{"status":"solved"},"over":{"status":["b2x9m1c0aa.77"]}}
/// {"log":{"timeline":{"kind":"message","channel":"phone","direction":"in","text":""}}}
/// "The tap still leaks"
/// ```
///
/// Each member can be read by itself. Its header holds the positions of the changes as they follow each other here, and
/// their times in the order of the positions, where neighbours are mostly of one day: that saves a byte a change. It holds a row for each group of changes that share replica,
/// `seen` and stamp and lie so that position and sequence grow together: the first position here, the replica,
/// its sequence there, the author, `seen`, the stamp in milliseconds and, where there is one, the limit of `seen`.
/// A change belongs to the row with the greatest position not above its own.
package struct RunText {
  /// A member is closed behind the entity with which its size reaches this, in bytes of bodies and
  /// `changeCost` for each change.
  ///
  /// The larger, the smaller a store: at 256 KiB a change takes 3 bytes less than at 128. The smaller, the sooner a single
  /// entity is read.
  package static let fullSize = 256 << 10
  /// A member is closed even within an entity when its size reaches this.
  package static let maximumSize = 1 << 20
  /// The most bytes of text that a member may have: 1 MiB of bodies and one more change of 256 KiB; and for each of 32,769 changes
  /// at most 711 bytes of a row (an author of 100 bytes of which JSON makes six each, five numbers of 16 to 20 digits),
  /// 64 of its other columns, 63 of an entity line and 6 around its body. That makes 29 MB.
  package static let maximumText = 32 << 20
  static let changeCost = 32
  /// No member holds more changes: one more would make it too large.
  static let maximumCount = maximumSize / changeCost + 1

  private var changes: [PlacedChange] = []
  private var size = 0

  package init() {}

  package var isEmpty: Bool { changes.isEmpty }
  /// The entity of the last change.
  package var last: EntityID? { changes.last?.change.on }

  /// Whether the member is to be closed before a change on an entity.
  package func isFull(before next: EntityID) -> Bool {
    size >= Self.maximumSize || size >= Self.fullSize && last != next
  }

  /// Adds a change that was placed by a server.
  package mutating func add(_ change: PlacedChange) {
    changes.append(change)
    size += change.change.body.count + Self.changeCost
  }

  /// Appends the member's text and starts the next one.
  ///
  /// - Returns: where the header, the bodies and the texts end, for `Deflater`.
  package mutating func finish(to output: inout [UInt8]) -> [Int] {
    let ordered = changes.sorted { ($0.position ?? 0) < ($1.position ?? 0) }
    let rows = Self.rows(ordered)
    output.append(UInt8(ascii: "{"))
    JSONWriter.key("positions", to: &output)
    var earlier: UInt64 = 0
    JSONWriter.list(changes, to: &output) { placed, output in
      let position = placed.position ?? 0
      Columns.writeDifference(position, earlier, to: &output)
      earlier = position
    }
    Columns.writeTimes("at", ordered.lazy.map(\.change), to: &output)
    JSONWriter.key("blocks", to: &output)
    JSONWriter.list(rows, to: &output) { row, output in row.write(to: &output) }
    let authors = changes.map { placed in
      let row = rows[Row.index(rows, placed.position ?? 0)]
      return ExactString(row.by) == ExactString(placed.change.by) ? nil : placed.change.by
    }
    Columns.writeWho(authors, to: &output)
    output += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
    let headerEnd = output.count
    var texts: [UInt8] = []
    var previous: EntityID?
    for placed in changes {
      let change = placed.change
      if change.on != previous {
        output.append(UInt8(ascii: "\""))
        if change.creates {
          output += change.on.type.utf8
          output.append(UInt8(ascii: "/"))
        } else {
          change.on.write(to: &output)
        }
        output += [UInt8(ascii: "\""), UInt8(ascii: "\n")]
        previous = change.on
      }
      BodyLines.write(change.body, to: &output, texts: &texts)
    }
    let bodyEnd = output.count
    output += texts
    changes = []
    size = 0
    return [headerEnd, bodyEnd, output.count]
  }

  /// Groups changes as the header needs them.
  private static func rows(_ ordered: [PlacedChange]) -> [Row] {
    var rows: [Row] = []
    for placed in ordered {
      let row = Row(placed)
      if let last = rows.last, last.continues(row) { continue }
      rows.append(row)
    }
    return rows
  }

  /// Parses the text of one member.
  ///
  /// - Throws: `JSONError` where it is not UTF-8 or not a member's text.
  package static func parse(_ text: Span<UInt8>) throws(JSONError) -> [PlacedChange] {
    guard (try? UTF8Span(validating: text)) != nil else {
      throw JSONError(offset: 0, reason: "not valid UTF-8")
    }
    var lines = LineCursor(0)
    let header = try RunHeader(text, try lines.next(text), isWhole: true)
    var bodies = BodyLines(capacity: header.positions.count)
    var on: [EntityID] = []
    on.reserveCapacity(header.positions.count)
    while on.count < header.positions.count {
      var line = try lines.next(text)
      if isName(text, line) {
        on.append(try entity(text, line, header.id(on.count)))
        line = try lines.next(text)
      } else if let last = on.last {
        on.append(last)
      } else {
        throw JSONError(offset: line.lowerBound, reason: "expected a line with an entity")
      }
      try bodies.add(text, line)
    }
    var changes: [PlacedChange] = []
    changes.reserveCapacity(on.count)
    try bodies.finish(text, &lines) { (index, body) throws(JSONError) in
      changes.append(try header.change(index, on[index], body))
    }
    guard lines.index == text.count else {
      throw JSONError(offset: lines.index, reason: "more behind the member's last line")
    }
    return changes
  }

  /// Parses the changes of a few entities, which costs a fraction: what lies between was checked when the member was written, and
  /// its bytes by the member's CRC.
  ///
  /// - Returns: their changes as they lie, by entity, then position.
  /// - Throws: `JSONError` where it is not a member's text, as far as it was looked at.
  package static func parse(
    _ text: Span<UInt8>, only wanted: [EntityID]
  ) throws(JSONError) -> [PlacedChange] {
    var lines = LineCursor(0)
    let header = try RunHeader(text, try lines.next(text), isWhole: false)
    var left = wanted.map { entity in
      var name: [UInt8] = []
      entity.write(to: &name)
      return (entity: entity, name: name)
    }
    var bodies = BodyLines(capacity: 64)
    var found: [(entity: EntityID, indices: Range<Int>)] = []
    var isWanted = false
    var index = 0
    // Behind the wanted ones only the lines are counted, up to where the texts begin.
    while index < header.positions.count {
      var line = try lines.next(text)
      if isName(text, line) {
        var next: Int?
        for place in left.indices where next == nil {
          if try isName(of: left[place].entity, left[place].name, text, line, header, index) { next = place }
        }
        isWanted = next != nil
        if let next {
          found.append((left.remove(at: next).entity, index..<index))
        } else if left.isEmpty {
          break
        }
        line = try lines.next(text)
      }
      if isWanted {
        found[found.count - 1].indices = found[found.count - 1].indices.lowerBound..<index + 1
        try bodies.add(text, line)
      } else {
        try bodies.pass(text, line)
      }
      index += 1
    }
    guard !found.isEmpty else { return [] }
    if index < header.positions.count {
      // The line of a name was read.
      _ = try lines.next(text)
      index += 1
    }
    while index < header.positions.count {
      if isName(text, try lines.next(text)) { _ = try lines.next(text) }
      index += 1
    }
    var changes: [PlacedChange] = []
    var part = 0
    try bodies.finish(text, &lines, only: found.map(\.indices)) { (index, body) throws(JSONError) in
      guard (try? UTF8Span(validating: body.span)) != nil else {
        throw JSONError(offset: 0, reason: "not valid UTF-8")
      }
      while found[part].indices.upperBound <= index { part += 1 }
      changes.append(try header.change(index, found[part].entity, body))
    }
    return changes
  }

  /// Whether a line names an entity.
  private static func isName(_ text: Span<UInt8>, _ line: Range<Int>) -> Bool {
    !line.isEmpty && text[line.lowerBound] == UInt8(ascii: "\"")
  }

  /// Whether a line names an entity, which the change at an index may create.
  private static func isName(
    of wanted: EntityID, _ name: [UInt8], _ text: Span<UInt8>, _ line: Range<Int>, _ header: RunHeader,
    _ index: Int
  ) throws(JSONError) -> Bool {
    let inside = line.lowerBound + 1..<max(line.lowerBound + 1, line.upperBound - 1)
    guard let last = inside.last else { return false }
    let isCreated = text[last] == UInt8(ascii: "/")
    guard inside.count == (isCreated ? wanted.type.utf8.count + 1 : name.count) else { return false }
    for offset in 0..<inside.count where text[inside.lowerBound + offset] != name[offset] { return false }
    if !isCreated { return true }
    return try header.id(index) == wanted.origin
  }

  /// An entity line: the entity, or `"ticket/"` for the one that the next change creates.
  private static func entity(
    _ text: Span<UInt8>, _ line: Range<Int>, _ next: ChangeID
  ) throws(JSONError) -> EntityID {
    let name = line.lowerBound + 1..<max(line.lowerBound + 1, line.upperBound - 1)
    if !name.isEmpty, text[name.upperBound - 1] == UInt8(ascii: "/") {
      let type = String(copying: text, name.lowerBound..<name.upperBound - 1)
      if let entity = EntityID(type: type, origin: next) { return entity }
    } else if let entity = EntityID(text, name) {
      return entity
    }
    throw JSONError(offset: line.lowerBound, reason: "expected an entity, type/replica.sequence")
  }
}
