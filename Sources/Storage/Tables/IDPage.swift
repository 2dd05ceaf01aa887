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
    let replicas = try replicas(count, &cursor)
    let sequences = try PackedNumbers.read(count, &cursor)
    var ids: [ChangeID] = []
    ids.reserveCapacity(count)
    for (bits, range) in replicas {
      let replica = ReplicaID(bits: bits)
      for index in range { ids.append(ChangeID(replica, sequences[index])) }
    }
    return ids
  }

  /// Finds an id: the index of the first that is not less, and whether that is it. Cost: a few operations a replica, a
  /// block of numbers, and one block's numbers.
  static func find(
    _ id: ChangeID, _ count: Int, _ cursor: inout ByteCursor
  ) throws(TableFault) -> (index: Int, isThere: Bool) {
    for (bits, range) in try replicas(count, &cursor) where bits >= id.replica.bits {
      guard bits == id.replica.bits else { return (range.lowerBound, false) }
      return try PackedNumbers.find(id.sequence, in: range, of: count, &cursor)
    }
    return (count, false)
  }

  /// The id at an index. Cost: as that of `find`.
  static func id(
    at index: Int, _ count: Int, _ cursor: inout ByteCursor
  ) throws(TableFault) -> ChangeID {
    for (bits, range) in try replicas(count, &cursor) where range.contains(index) {
      let sequence = try PackedNumbers.read(index..<index + 1, of: count, &cursor)
      return ChangeID(ReplicaID(bits: bits), sequence[0])
    }
    throw TableFault(reason: "no id of number \(index)")
  }

  /// The replicas of a page and where their ids lie in it.
  private static func replicas(
    _ count: Int, _ cursor: inout ByteCursor
  ) throws(TableFault) -> [(bits: UInt64, range: Range<Int>)] {
    let replicaCount = try cursor.count(atMost: count)
    let replicas = try PackedNumbers.read(replicaCount, &cursor)
    let counts = try PackedNumbers.read(replicaCount, &cursor)
    var found: [(bits: UInt64, range: Range<Int>)] = []
    found.reserveCapacity(replicaCount)
    var end = 0
    for (bits, size) in zip(replicas, counts) {
      guard size <= UInt64(count - end) else { throw TableFault(reason: "a replica with too many ids") }
      found.append((bits, end..<end + Int(size)))
      end += Int(size)
    }
    guard end == count else { throw TableFault(reason: "ids without a replica") }
    return found
  }
}
