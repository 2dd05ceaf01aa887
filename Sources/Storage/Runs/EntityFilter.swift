import Causality
import Merge

/// Says of an entity that a run holds nothing of it, or that it may: so that reading one entity opens the run or two that
/// hold it, however many runs there are.
///
/// A Bloom filter (B. H. Bloom, 1970) of eight bits and four probes for each entity: about one in forty is looked for in
/// vain. The probes are made of two hashes (A. Kirsch and M. Mitzenmacher, 2006).
struct EntityFilter: Sendable {
  private static let bitsPerEntity = 8
  private static let probes: UInt64 = 4

  /// The bits, lowest first, in words of 64; none for a filter that says nothing.
  let words: [UInt64]

  init(words: [UInt64]) {
    self.words = words
  }

  /// - Parameter hashes: of all entities, each once.
  init(hashes: [UInt64]) {
    var words = [UInt64](repeating: 0, count: max(1, (hashes.count * Self.bitsPerEntity + 63) / 64))
    for hash in hashes {
      Self.probe(hash, words.count) { bit in words[bit >> 6] |= 1 << UInt64(bit & 63) }
    }
    self.words = words
  }

  func mayContain(_ hash: UInt64) -> Bool {
    guard !words.isEmpty else { return true }
    var isThere = true
    Self.probe(hash, words.count) { bit in isThere = isThere && words[bit >> 6] >> UInt64(bit & 63) & 1 == 1 }
    return isThere
  }

  private static func probe(_ hash: UInt64, _ words: Int, _ visit: (Int) -> Void) {
    let step = hash >> 32 | 1
    for number in 0..<probes {
      visit(Int((hash & 0xFFFF_FFFF &+ number &* step) % UInt64(words * 64)))
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
