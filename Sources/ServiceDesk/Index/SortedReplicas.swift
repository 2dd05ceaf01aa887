import Causality

/// The replicas that are known in a store, for ids that people type.
struct SortedReplicas {
  private let ids: [ReplicaID]

  init(_ ids: some Sequence<ReplicaID>) {
    self.ids = Set(ids).sorted()
  }

  /// The fewest first characters, four or more, that only this replica has.
  func prefixLength(of id: ReplicaID) -> Int {
    let index = ids.partitionPoint { $0 < id }
    var shared = 0
    for neighbour in [index - 1, index, index + 1]
    where ids.indices.contains(neighbour) && ids[neighbour] != id {
      // A replica's 50 bits are ten characters of five.
      shared = max(shared, ((ids[neighbour].bits ^ id.bits).leadingZeroBitCount - 14) / 5)
    }
    return min(max(shared + 1, 4), ReplicaID.length)
  }

  /// The replicas whose ids begin with a prefix.
  func matching(_ prefix: ReplicaPrefix) -> ArraySlice<ReplicaID> {
    let start = ids.partitionPoint { $0 < prefix.first }
    let end = ids.partitionPoint { $0 <= prefix.last }
    return ids[start..<end]
  }
}

/// The first characters of a replica id, as a person typed them.
struct ReplicaPrefix {
  /// The least and the greatest id that begin so.
  let first: ReplicaID
  let last: ReplicaID

  /// Takes 1 to 10 characters of base 32, in either case; `o` counts as 0, `i` and `l` as 1, as in Crockford's
  /// alphabet.
  init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard 1...ReplicaID.length ~= bytes.count else { return nil }
    var bits: UInt64 = 0
    for byte in bytes {
      let digit: UInt8 =
        switch byte | 0x20 {
        case UInt8(ascii: "o"): 0
        case UInt8(ascii: "i"), UInt8(ascii: "l"): 1
        case let lower: Base32.value(of: lower)
        }
      guard digit < 32 else { return nil }
      bits = bits << 5 | UInt64(digit)
    }
    let rest = UInt64(5 * (ReplicaID.length - bytes.count))
    first = ReplicaID(bits: bits << rest)
    last = ReplicaID(bits: bits << rest | (1 << rest - 1))
  }
}

extension RandomAccessCollection where Index == Int {
  /// The first index at which a sorted collection is not as `isBefore` says.
  func partitionPoint(_ isBefore: (Element) -> Bool) -> Int {
    var low = startIndex
    var high = endIndex
    while low < high {
      let middle = (low + high) / 2
      if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
