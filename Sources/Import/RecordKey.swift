import Causality
import Codec

/// Computes `ImportedEdit.once`: ten base-32 characters that depend on the parts given and on nothing else.
///
/// They need to be unique among the edits of one entity only. At 50 bits, two of a hundred records of an
/// entity share theirs with a chance of one in 200 thousand million.
struct RecordKey: Hashable, Sendable {
  /// FNV-1a, 64 bits.
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  init(_ key: EntityKey) {
    add(key.type.utf8)
    add(key.ref.text.utf8)
  }

  /// Four characters that tell tables apart by the names of the columns of which their records' keys are made.
  static func table(_ columns: [String]) -> String {
    var key = RecordKey(EntityKey("", ""))
    for column in columns { key.add(column.utf8) }
    return String(key.text.suffix(4))
  }

  /// Takes one part. Its end counts, so that `ab`, `c` differs from `a`, `bc`.
  mutating func add(_ part: some Sequence<UInt8>) {
    for byte in part { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    // 0xFF is in no UTF-8.
    hash = (hash ^ 0xFF) &* 0x100_0000_01B3
  }

  mutating func add(_ number: Int) {
    add(String(number).utf8)
  }

  static let length = ReplicaID.length

  /// The ten characters.
  var text: String { ReplicaID(bits: hash ^ hash >> 50).description }
}
