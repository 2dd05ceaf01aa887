@testable import HTTP

/// What a parser gave, in a form that can be compared: the pieces of one body are joined.
enum Seen: Equatable {
  case head(String)
  case body([UInt8])
  case end
  case refused(Int, String)
}

/// Feeds requests to a parser, cut anywhere.
enum ParserEvents {
  /// The events of `input` cut behind the offsets in `cuts`, which ascend.
  static func of(
    _ input: [UInt8], cuts: some Sequence<Int> = [], maximumBody: Int = 1 << 20, limits: Limits = Limits()
  ) -> [Seen] {
    var parser = RequestParser(limits: limits)
    var seen: [Seen] = []
    var start = 0
    for end in Array(cuts) + [input.count] {
      let piece = Array(input[start..<end])
      start = end
      guard feed(piece, to: &parser, maximumBody, &seen) else { break }
    }
    return seen
  }

  /// The events of `input` cut behind every byte.
  static func bytewise(
    _ input: [UInt8], maximumBody: Int = 1 << 20, limits: Limits = Limits()
  ) -> [Seen] {
    of(input, cuts: 0..<input.count, maximumBody: maximumBody, limits: limits)
  }

  private static func feed(
    _ piece: [UInt8], to parser: inout RequestParser, _ maximumBody: Int, _ seen: inout [Seen]
  ) -> Bool {
    var offset = 0
    while true {
      switch parser.next(piece.span, from: &offset) {
      case .needMore:
        precondition(offset == piece.count, "input is left although more is needed")
        return true
      case .head(let head):
        seen.append(.head(text(head)))
        parser.maximumBody = maximumBody
      case .body(let range):
        if case .body(let before) = seen.last {
          seen[seen.count - 1] = .body(before + piece[range])
        } else {
          seen.append(.body(Array(piece[range])))
        }
      case .end: seen.append(.end)
      case .refused(let refusal):
        seen.append(.refused(refusal.status, refusal.code))
        return false
      }
    }
  }

  /// All that a head says, as one text.
  static func text(_ head: RequestHead) -> String {
    var parts = ["\(head.method) \(head.target) -> \(head.path) \(head.isVersion11 ? "1.1" : "1.0")"]
    for entry in head.fields.entries {
      let (name, value) = (head.fields.bytes[Range(entry.name)], head.fields.bytes[Range(entry.value)])
      parts.append("\(String(decoding: name, as: UTF8.self))=\(String(decoding: value, as: UTF8.self))")
    }
    if let length = head.contentLength { parts.append("length \(length)") }
    if head.isChunked { parts.append("chunked") }
    if head.expectsContinue { parts.append("expects") }
    if !head.keepsAlive { parts.append("closes") }
    return parts.joined(separator: "|")
  }
}
