/// The state of scanning one CSV record, which goes on where more bytes come.
///
/// Takes RFC 4180 with line feeds as well as CRLF, and a quote inside of a cell that does not start with one
/// as itself. A carriage return without a line feed is data.
struct CSVScan: Sendable {
  enum Outcome: Hashable {
    case more
    /// The record ends with the byte before `next`.
    case record
    case malformed(String)
  }

  private enum State {
    case cellStart
    case plain
    case quoted
    /// Behind a quote in a quoted cell: the first of two, or the cell's end.
    case quote
    /// Behind a quoted cell and a carriage return.
    case lineEnd
  }

  private var state = State.cellStart
  private var cell = 0
  private var isEscaped = false
  /// Where the record starts, and the next byte to look at.
  private(set) var start: Int
  private(set) var next: Int
  /// Offsets from `start`.
  private(set) var cells: [CSVRecord.Cell] = []
  /// Line feeds inside of quoted cells.
  private(set) var lineFeeds = 0

  init(at start: Int, cells: Int) {
    self.start = start
    self.next = start
    self.cells.reserveCapacity(cells)
  }

  /// Moves along when the bytes before the record are taken out of the buffer.
  mutating func shift(by count: Int) {
    start -= count
    next -= count
  }

  /// Scans on in `bytes[..<count]`. Cost: one pass from `next` up to the record's end.
  mutating func scan(_ bytes: [UInt8], upTo count: Int, separator: UInt8) -> Outcome {
    let text = bytes.span
    while next < count {
      let byte = text[next]
      switch state {
      case .cellStart:
        cell = next - start
        if byte == UInt8(ascii: "\"") {
          cell += 1
          isEscaped = false
          state = .quoted
          next += 1
        } else {
          // The byte itself is looked at again.
          state = .plain
        }
      case .plain:
        var index = next
        while index < count, text[index] != separator, text[index] != 0x0A { index += 1 }
        next = index
        guard index < count else { return .more }
        next += 1
        if text[index] == separator {
          end(index)
          state = .cellStart
        } else {
          end(index > start + cell && text[index - 1] == 0x0D ? index - 1 : index)
          return .record
        }
      case .quoted:
        if byte == UInt8(ascii: "\"") { state = .quote }
        if byte == 0x0A { lineFeeds += 1 }
        next += 1
      case .quote:
        switch byte {
        case UInt8(ascii: "\""):
          isEscaped = true
          state = .quoted
        case separator:
          end(next - 1)
          state = .cellStart
        case 0x0A:
          end(next - 1)
          next += 1
          return .record
        case 0x0D:
          end(next - 1)
          state = .lineEnd
        default: return .malformed("text behind a closing quote in column \(cells.count + 1)")
        }
        next += 1
      case .lineEnd:
        guard byte == 0x0A else {
          return .malformed("text behind a closing quote in column \(cells.count)")
        }
        next += 1
        return .record
      }
    }
    return .more
  }

  /// The outcome when no more bytes come.
  mutating func finish(_ text: [UInt8]) -> Outcome {
    switch state {
    case .quoted: return .malformed("a quote is opened in column \(cells.count + 1) and never closed")
    case .cellStart:
      cell = next - start
      end(next)
    case .plain: end(next > start + cell && text[next - 1] == 0x0D ? next - 1 : next)
    case .quote: end(next - 1)
    case .lineEnd: break
    }
    return .record
  }

  private mutating func end(_ index: Int) {
    let isQuoted = state == .quote
    cells.append(
      CSVRecord.Cell(
        start: UInt32(truncatingIfNeeded: cell), end: UInt32(truncatingIfNeeded: index - start),
        isEscaped: isQuoted && isEscaped))
  }
}

/// One record of a CSV file.
package struct CSVRecord: Hashable, Sendable {
  /// Where a cell's text is in `raw`, without its quotes.
  struct Cell: Hashable, Sendable {
    let start: UInt32
    let end: UInt32
    /// Whether it holds doubled quotes.
    let isEscaped: Bool
  }

  /// The line on which it starts, from 1.
  package let line: Int
  /// The record as it stands in the file, with its line break. Valid UTF-8.
  package let raw: [UInt8]
  let cells: [Cell]

  package var count: Int { cells.count }

  /// The text of a cell. Copies only where quotes were doubled.
  package subscript(index: Int) -> ArraySlice<UInt8> {
    let cell = cells[index]
    let text = raw[Int(cell.start)..<Int(cell.end)]
    guard cell.isEscaped else { return text }
    var output: ArraySlice<UInt8> = []
    output.reserveCapacity(text.count)
    var wasQuote = false
    for byte in text {
      wasQuote = byte == UInt8(ascii: "\"") && !wasQuote
      if !wasQuote { output.append(byte) }
    }
    return output
  }

  /// The text of a cell.
  package func string(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }
}
