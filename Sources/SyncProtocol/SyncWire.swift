import Causality
import ChangeCodec
import Codec

/// How sync messages lie in HTTP: numbers in the query and in header fields, so that bodies are nothing but
/// blocks as they are stored.
package enum SyncWire {
  /// `after=10432&sum=5f0c22d1&own=617`, and what is not the default.
  package static func query(_ request: SyncRequest) -> String {
    var query = "after=\(request.after.position)&sum=\(Checksum.hex(request.after.sum))&own=\(request.own)"
    if request.unsent > 0 { query += "&unsent=\(request.unsent)" }
    if request.isRelay { query += "&relay=1" }
    if let erased = request.erased { query += "&erased=\(erased)" }
    if request.limit != SyncRequest.defaultLimit { query += "&limit=\(request.limit)" }
    return query
  }

  /// Parses a query's parameters and takes the body.
  package static func request(_ parameters: [String: String], body: [UInt8]) throws(Refusal) -> SyncRequest {
    func number(_ name: String) throws(Refusal) -> UInt64? {
      guard let text = parameters[name] else { return nil }
      guard let number = UInt64(text), number <= ChangeID.maximumSequence else {
        throw Refusal(.malformed, "query parameter \(name) is not a whole number up to 2^53")
      }
      return number
    }
    guard let position = try number("after"), let sum = parameters["sum"].flatMap(Checksum.parse) else {
      throw Refusal(
        .malformed, "a sync needs the query parameters after (a position) and sum (8 hexadecimal digits)")
    }
    guard let own = try number("own") else {
      throw Refusal(
        .malformed, "a sync needs the query parameter own, the last sequence that the device gave")
    }
    guard ["0", "1", nil].contains(parameters["relay"]) else {
      throw Refusal(.malformed, "query parameter relay is neither 0 nor 1")
    }
    let limit = try number("limit").map { Int(min($0, UInt64(maximumLimit))) } ?? SyncRequest.defaultLimit
    return SyncRequest(
      after: Cursor(position: position, sum: sum), own: own,
      unsent: Int(try number("unsent") ?? 0), isRelay: parameters["relay"] == "1",
      erased: try number("erased"), limit: limit, body: body)
  }

  /// The most bytes of members that an agent may ask for.
  package static let maximumLimit = 16 << 20

  package static let headField = "AskOnce-Head"
  package static let acknowledgementField = "AskOnce-Ack"

  /// `10434 5f0c22d1`
  package static func head(_ cursor: Cursor) -> String { "\(cursor.position) \(Checksum.hex(cursor.sum))" }

  package static func head(_ text: String) -> Cursor? {
    let parts = text.split(separator: " ")
    guard parts.count == 2, let position = UInt64(parts[0]), position <= ChangeID.maximumSequence,
      let sum = Checksum.parse(String(parts[1]))
    else { return nil }
    return Cursor(position: position, sum: sum)
  }

  /// `418`, or `418 10433 2 1795281760001`: the sequence, then position, count and stamp of what was new.
  package static func acknowledgement(_ value: Acknowledgement) -> String {
    guard let placed = value.placed else { return "\(value.sequence)" }
    return "\(value.sequence) \(placed.first) \(placed.count) \(placed.stamp)"
  }

  package static func acknowledgement(_ text: String) -> Acknowledgement? {
    let parts = text.split(separator: " ").map { UInt64($0) }
    guard parts.allSatisfy({ $0 != nil && $0 ?? 0 <= ChangeID.maximumSequence }) else { return nil }
    let numbers = parts.compactMap(\.self)
    switch numbers.count {
    case 1: return Acknowledgement(sequence: numbers[0])
    case 4:
      return Acknowledgement(
        sequence: numbers[0], placed: .init(first: numbers[1], count: Int(numbers[2]), stamp: numbers[3]))
    default: return nil
    }
  }
}
