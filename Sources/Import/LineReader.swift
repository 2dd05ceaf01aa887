/// Parts a file that comes in pieces into lines.
///
/// Lines end in LF or CRLF; empty lines and a byte order mark are skipped. Memory: one piece and one line.
package struct LineReader: Sendable {
  package enum Item: Hashable {
    /// A line with its number, from 1, without its line break.
    case line(Int, [UInt8])
    case reject(Reject)
  }

  private let limit: Int
  private var buffer: [UInt8] = []
  private var start = 0
  private var next = 0
  private var number = 1
  private var isFinished = false
  /// The start of a line that is too long, while its rest is passed over.
  private var tooLong: [UInt8]?

  package init(limit: Int) {
    self.limit = limit
  }

  package mutating func append(_ piece: Span<UInt8>) {
    buffer.removeFirst(start)
    next -= start
    start = 0
    piece.withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
  }

  package mutating func finish() {
    isFinished = true
  }

  /// The next line; nil when more is needed, or at the end.
  package mutating func nextItem() -> Item? {
    while true {
      next = buffer[next...].firstIndex(of: 0x0A) ?? buffer.count
      let isWhole = next < buffer.count
      if isWhole { next += 1 }
      if next - start > limit || tooLong != nil {
        var raw = tooLong ?? []
        raw += buffer[start..<min(next, start + limit - raw.count)]
        start = next
        tooLong = raw
      }
      guard isWhole || isFinished, isWhole || start < next || tooLong != nil else { return nil }
      defer { number += 1 }
      if let raw = tooLong {
        tooLong = nil
        return .reject(Reject(line: number, reason: "a line of more than \(limit) bytes", raw: raw))
      }
      var line = buffer[start..<next]
      start = next
      if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
      if line.last == 0x0A { line.removeLast() }
      if line.last == 0x0D { line.removeLast() }
      if !line.isEmpty { return .line(number, Array(line)) }
    }
  }
}
