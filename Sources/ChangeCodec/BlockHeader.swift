import Causality
import Codec
import Merge

/// The header line of a block, as parsed.
struct BlockHeader {
  var replica = ReplicaID(bits: 0)
  var sequence: UInt64 = 0
  var count = 0
  var at: UInt64 = 0
  var seen: UInt64 = 0
  var by = ""
  var placement: Placement?
  var seenLimit: UInt64?

  /// The most changes of one block.
  static let maximumCount = 100_000

  /// Parses a header line. Keys that this version does not know are passed over.
  ///
  /// - Throws: `JSONError` where a key is missing or malformed.
  init(_ text: Span<UInt8>, _ line: Range<Int>) throws(JSONError) {
    guard line.count <= BlockText.maximumHeader else {
      throw JSONError(offset: line.lowerBound, reason: "a block header of more than \(BlockText.maximumHeader) bytes")
    }
    var first: UInt64?
    var stamp: UInt64?
    var sum: UInt32?
    var found = 0
    let end = try JSONScanner.members(text, line.lowerBound) { (key, value) throws(JSONError) in
      func number() throws(JSONError) -> UInt64 {
        guard let number = Decimal.parse(text, value.lowerBound, value.upperBound),
          number <= ChangeID.maximumSequence
        else { throw JSONError(offset: value.lowerBound, reason: "expected a whole number up to 2^53") }
        return number
      }
      func time() throws(JSONError) -> UInt64 {
        guard let time = HybridTime(text, value.lowerBound + 1, value.upperBound - 1), time.counter == 0 else {
          throw JSONError(offset: value.lowerBound, reason: "expected a time such as 2026-11-21T17:21:03.306Z")
        }
        return time.milliseconds
      }
      if JSONScanner.equals(text, key, "replica") {
        guard let id = ReplicaID(text, value.lowerBound + 1, value.upperBound - 1) else {
          throw JSONError(offset: value.lowerBound, reason: "expected a replica id")
        }
        replica = id
        found |= 1
      } else if JSONScanner.equals(text, key, "seq") {
        sequence = try number()
        found |= 2
      } else if JSONScanner.equals(text, key, "count") {
        count = Int(try number())
        found |= 4
      } else if JSONScanner.equals(text, key, "at") {
        at = try time()
        found |= 8
      } else if JSONScanner.equals(text, key, "seen") {
        seen = try number()
        found |= 16
      } else if JSONScanner.equals(text, key, "by") {
        by = try LineParts.author(text, value)
        found |= 32
      } else if JSONScanner.equals(text, key, "first") {
        first = try number()
      } else if JSONScanner.equals(text, key, "stamp") {
        stamp = try time()
      } else if JSONScanner.equals(text, key, "sum") {
        sum = Checksum.parse(text, value.lowerBound + 1..<value.upperBound - 1)
      } else if JSONScanner.equals(text, key, "seenlimit") {
        seenLimit = try number()
      }
    }
    guard end == line.upperBound, found == 63, 1...Self.maximumCount ~= count, sequence > 0,
      sequence + UInt64(count) - 1 <= ChangeID.maximumSequence
    else {
      throw JSONError(
        offset: line.lowerBound,
        reason: "a block header needs replica, seq, count (1 to \(Self.maximumCount)), at, seen and by")
    }
    if let first, let stamp, let sum, first > 0, first + UInt64(count) <= ChangeID.maximumSequence {
      placement = Placement(first: first, stamp: stamp, sum: sum)
    } else if first != nil || stamp != nil || sum != nil {
      throw JSONError(offset: line.lowerBound, reason: "first, stamp and sum stand together or not at all")
    }
  }
}
