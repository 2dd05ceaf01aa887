import Causality
import Merge

/// Says of an entity that a run holds nothing of it, or that it may: so that reading one entity opens the run or two that
/// hold it, however many runs there are.
///
/// A Bloom filter (B. H. Bloom, 1970) of eight bits and four probes for each entity: about one in forty is looked for in
/// vain. The probes are made of two hashes (A. Kirsch and M. Mitzenmacher, 2006) and lie in one page, so that a question reads
/// no more than that, however large the filter is (F. Putze, P. Sanders and J. Singler, 2007, *blocked Bloom filters*).
struct EntityFilter: Sendable {
  private static let bitsPerEntity = 8
  private static let probes: UInt64 = 4
  /// 4 KiB.
  private static let maximumWords = 512

  let pageCount: Int
  /// Of 64 bits each, the lowest bit first.
  let wordsPerPage: Int

  init(pageCount: Int, wordsPerPage: Int) {
    self.pageCount = pageCount
    self.wordsPerPage = wordsPerPage
  }

  /// Whether its measures can be right.
  var isSound: Bool { pageCount > 0 && 1...Self.maximumWords ~= wordsPerPage }
  /// In bytes.
  var pageSize: Int { wordsPerPage * 8 }

  /// A filter with the words of its pages, one page after another.
  ///
  /// - Parameter hashes: of all entities, each once.
  static func make(_ hashes: [UInt64]) -> (filter: EntityFilter, words: [UInt64]) {
    let needed = max(1, (hashes.count * bitsPerEntity + 63) / 64)
    let pageCount = (needed + maximumWords - 1) / maximumWords
    let filter = EntityFilter(pageCount: pageCount, wordsPerPage: (needed + pageCount - 1) / pageCount)
    var words = [UInt64](repeating: 0, count: pageCount * filter.wordsPerPage)
    for hash in hashes {
      let start = filter.page(of: hash) * filter.wordsPerPage
      filter.probe(hash) { bit in words[start + bit >> 6] |= 1 << UInt64(bit & 63) }
    }
    return (filter, words)
  }

  /// The page that says something of an entity.
  func page(of hash: UInt64) -> Int {
    // Other bits than those of the probes decide.
    Int(((hash &* 0x9E37_79B9_7F4A_7C15) >> 32) % UInt64(pageCount))
  }

  /// - Parameters:
  ///   - bytes: where the entity's page lies in.
  ///   - offset: where it begins there.
  func mayContain(_ hash: UInt64, _ bytes: [UInt8], _ offset: Int) -> Bool {
    var isThere = true
    probe(hash) { bit in isThere = isThere && bytes[offset + bit >> 3] >> UInt8(bit & 7) & 1 == 1 }
    return isThere
  }

  private func probe(_ hash: UInt64, _ visit: (Int) -> Void) {
    let step = hash >> 32 | 1
    for number in 0..<Self.probes {
      visit(Int((hash & 0xFFFF_FFFF &+ number &* step) % UInt64(wordsPerPage * 64)))
    }
  }

  /// The hash of an entity, the same in every process: the finalizer of SplitMix64 over its parts.
  static func hash(_ entity: EntityID) -> UInt64 {
    var value = mix(entity.origin.replica.bits)
    value = mix(value ^ entity.origin.sequence)
    for byte in entity.type.utf8 { value = value &* 31 &+ UInt64(byte) }
    return mix(value)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9E37_79B9_7F4A_7C15
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
