import Codec

/// Pairs of a term's hash and the row of an entity that it may lead to, sorted, in pages of 2,048.
///
/// A page holds each hash once, then how many rows it has, then the rows: three packed arrays, so that a rare term costs
/// about four bytes and a row of a frequent one about one.
enum TermPages {
  static let pageSize = 2048

  /// A pair as one number: the hash above the row.
  typealias Pair = UInt64

  static func pair(_ hash: UInt32, _ row: Int) -> Pair { UInt64(hash) << 32 | UInt64(row) }
  static func hash(_ pair: Pair) -> UInt32 { UInt32(pair >> 32) }
  static func row(_ pair: Pair) -> Int { Int(pair & 0xFFFF_FFFF) }

  /// Writes pairs that are sorted and unique.
  static func write(_ pairs: [Pair], to sink: TableSink) throws(StorageError) -> TableFooter.TermsPart {
    var part = TableFooter.TermsPart()
    var start = 0
    while start < pairs.count {
      let page = pairs[start..<min(start + pageSize, pairs.count)]
      var hashes: [UInt64] = []
      var counts: [UInt64] = []
      for pair in page {
        if hashes.last == pair >> 32 {
          counts[counts.count - 1] += 1
        } else {
          hashes.append(pair >> 32)
          counts.append(1)
        }
      }
      var bytes: [UInt8] = []
      bytes.append(varint: hashes.count)
      PackedNumbers.write(hashes, to: &bytes)
      PackedNumbers.write(counts, to: &bytes)
      PackedNumbers.write(page.map { $0 & 0xFFFF_FFFF }, to: &bytes)
      part.pages.append(try sink.append(page: bytes))
      part.firsts.append(hash(page[start]))
      part.counts.append(page.count)
      start += pageSize
    }
    return part
  }

  /// The pairs of a page, in order.
  static func read(_ index: Int, _ part: TableFooter.TermsPart, _ file: TableFile) throws(StorageError)
    -> [Pair]
  {
    try file.page(part.pages[index]) { (cursor) throws(TableFault) in
      let hashCount = try cursor.count(atMost: pageSize)
      let hashes = try PackedNumbers.read(hashCount, &cursor)
      let counts = try PackedNumbers.read(hashCount, &cursor)
      let rows = try PackedNumbers.read(part.counts[index], &cursor)
      var pairs: [Pair] = []
      pairs.reserveCapacity(rows.count)
      for (hash, count) in zip(hashes, counts) {
        guard count <= UInt64(rows.count - pairs.count) else {
          throw TableFault(reason: "a term with too many rows")
        }
        for _ in 0..<count { pairs.append(hash << 32 | rows[pairs.count]) }
      }
      return pairs
    }
  }

  /// The rows of one term, ascending. Cost: a page, and the pages that hold only this term.
  static func rows(
    of hash: UInt32, _ part: TableFooter.TermsPart, _ file: TableFile
  ) throws(StorageError) -> [Int] {
    // The last page that starts with a lesser hash, or the first page.
    var index = part.firsts.lastIndex(ofSortedWhere: { $0 < hash })
    var found: [Int] = []
    while index < part.pages.count, part.firsts[index] <= hash {
      found += try rows(of: hash, inPage: index, part, file)
      index += 1
    }
    return found
  }

  /// The rows of one term in a page. Cost: a few operations a block of the page's numbers, and what the term has of them.
  private static func rows(
    of hash: UInt32, inPage index: Int, _ part: TableFooter.TermsPart, _ file: TableFile
  ) throws(StorageError) -> [Int] {
    try file.page(part.pages[index]) { (cursor) throws(TableFault) in
      let hashCount = try cursor.count(atMost: pageSize)
      let place = try PackedNumbers.find(UInt64(hash), in: 0..<hashCount, of: hashCount, &cursor)
      guard place.isThere else { return [] }
      let counts = try PackedNumbers.read(0..<place.index + 1, of: hashCount, &cursor)
      var range = 0..<0
      for count in counts {
        guard count <= UInt64(part.counts[index] - range.upperBound) else {
          throw TableFault(reason: "a term with too many rows")
        }
        range = range.upperBound..<range.upperBound + Int(count)
      }
      return try PackedNumbers.read(range, of: part.counts[index], &cursor).map {
        Int(truncatingIfNeeded: $0)
      }
    }
  }
}
