/// Reads CSV (RFC 4180) that comes in pieces of any size.
///
/// ```swift
/// var reader = CSVReader()
/// reader.append(piece.span)
/// while let item = reader.next() { ... }
/// ```
///
/// The first record is the header: the others must have as many cells. A record that is malformed, too long,
/// not UTF-8 or of another width becomes a reject. Behind a quote that does not close as it should, reading
/// goes on with the next line, so that one bad quote does not swallow the rows behind it. Empty lines and
/// a byte order mark are skipped. Memory: one piece and one record; cost: one pass, and for each bad quote
/// at most one record's limit again.
package struct CSVReader: Sendable {
  package enum Item: Hashable, Sendable {
    case record(CSVRecord)
    case reject(Reject)
  }

  /// A longer record is rejected: 256 KiB, as much as a change may have.
  package static let maximumRecord = 256 << 10

  private let separator: UInt8
  private let limit: Int
  private var buffer: [UInt8] = []
  private var scan = CSVScan(at: 0, cells: 8)
  private var skipping: Skip?
  private var line = 1
  private var width: Int?
  private var isAtStart = true
  private var isFinished = false

  /// A record that is being rejected up to the end of its first line.
  private struct Skip {
    let reason: String
    /// What the buffer no longer holds of it, up to the limit.
    var raw: [UInt8] = []
    /// Where to look for the line's end.
    var next: Int
  }

  /// - Parameter separator: an ASCII character other than the quote and line breaks.
  package init(separator: UInt8 = UInt8(ascii: ","), limit: Int = maximumRecord) {
    self.separator = separator
    self.limit = limit
  }

  /// Takes the next piece of the file.
  package mutating func append(_ piece: Span<UInt8>) {
    let consumed = scan.start
    if consumed > 0 {
      buffer.removeFirst(consumed)
      scan.shift(by: consumed)
      skipping?.next -= consumed
    }
    piece.withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
  }

  /// Says that no more comes, so that a last line without a line break counts.
  package mutating func finish() {
    isFinished = true
  }

  /// The next record or reject; nil when more is needed, or at the end.
  package mutating func next() -> Item? {
    guard skipByteOrderMark() else { return nil }
    while true {
      if skipping != nil {
        guard let reject = skipLine() else { return nil }
        return .reject(reject)
      }
      if scan.start == buffer.count && isFinished { return nil }
      let end = min(buffer.count, scan.start + limit + 1)
      var outcome = scan.scan(buffer, upTo: end, separator: separator)
      if outcome == .more {
        if end - scan.start > limit {
          outcome = .malformed("a record of more than \(limit) bytes, or a quote that is never closed")
        } else if isFinished {
          outcome = scan.finish(buffer)
        } else {
          return nil
        }
      }
      switch outcome {
      case .more: return nil
      case .malformed(let reason): skipping = Skip(reason: reason, next: scan.start)
      case .record:
        if let item = takeRecord() { return item }
      }
    }
  }

  /// Turns the scanned record into an item; nil for an empty line.
  private mutating func takeRecord() -> Item? {
    let raw = Array(buffer[scan.start..<scan.next])
    let record = CSVRecord(line: line, raw: raw, cells: scan.cells)
    line += scan.lineFeeds + 1
    scan = CSVScan(at: scan.next, cells: width ?? 8)
    if record.count == 1, let cell = record.cells.first, cell.start == 0, cell.end == 0 { return nil }
    guard (try? UTF8Span(validating: raw.span)) != nil else {
      return .reject(Reject(line: record.line, reason: "not valid UTF-8", raw: raw))
    }
    let width = width ?? record.count
    guard record.count == width else {
      let reason = "\(record.count) columns where the header has \(width)"
      return .reject(Reject(line: record.line, reason: reason, raw: raw))
    }
    self.width = width
    return .record(record)
  }

  /// Passes over a malformed record's first line; nil when its end is not here yet.
  private mutating func skipLine() -> Reject? {
    guard var skip = skipping else { return nil }
    skipping = nil
    var index = skip.next
    while index < buffer.count, buffer[index] != 0x0A { index += 1 }
    let isWhole = index < buffer.count
    if isWhole { index += 1 }
    if isWhole || isFinished || index - scan.start > limit {
      skip.raw += buffer[scan.start..<min(index, scan.start + limit - skip.raw.count)]
      scan = CSVScan(at: index, cells: width ?? 8)
    }
    guard isWhole || isFinished else {
      skip.next = index
      skipping = skip
      return nil
    }
    defer { line += 1 }
    return Reject(line: line, reason: skip.reason, raw: skip.raw)
  }

  /// Skips a byte order mark at the start of the file; false while it cannot be told yet.
  private mutating func skipByteOrderMark() -> Bool {
    guard isAtStart else { return true }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    if buffer.starts(with: mark) {
      scan = CSVScan(at: mark.count, cells: 8)
    } else if mark.starts(with: buffer), !isFinished {
      return false
    }
    isAtStart = false
    return true
  }
}
