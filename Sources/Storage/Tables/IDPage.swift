import Causality

/// A page of ids in order: each replica once with the count of its ids, then the sequences.
enum IDPage {
  static func write(_ ids: [ChangeID], to output: inout [UInt8]) {
    var replicas: [UInt64] = []
    var counts: [UInt64] = []
    for id in ids {
      if replicas.last == id.replica.bits {
        counts[counts.count - 1] += 1
      } else {
        replicas.append(id.replica.bits)
        counts.append(1)
      }
    }
    output.append(varint: replicas.count)
    PackedNumbers.write(replicas, to: &output)
    PackedNumbers.write(counts, to: &output)
    PackedNumbers.write(ids.map(\.sequence), to: &output)
  }

  static func read(_ count: Int, _ cursor: inout ByteCursor) throws(TableFault) -> [ChangeID] {
    let replicaCount = try cursor.count(atMost: count)
    let replicas = try PackedNumbers.read(replicaCount, &cursor)
    let counts = try PackedNumbers.read(replicaCount, &cursor)
    let sequences = try PackedNumbers.read(count, &cursor)
    var ids: [ChangeID] = []
    ids.reserveCapacity(count)
    for (replica, count) in zip(replicas, counts) {
      guard count <= UInt64(sequences.count - ids.count) else {
        throw TableFault(reason: "a replica with too many ids")
      }
      let replica = ReplicaID(bits: replica)
      for _ in 0..<count { ids.append(ChangeID(replica, sequences[ids.count])) }
    }
    guard ids.count == sequences.count else { throw TableFault(reason: "ids without a replica") }
    return ids
  }
}
