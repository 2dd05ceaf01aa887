/// What one row says about every field, in few bytes: the whole memory of an event log for a ticket.
///
/// Each field is a length as LEB128 (0: no value, 1: as it was, n + 2: n bytes) and the bytes of a JSON
/// value.
struct PackedRow: Sendable {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ outcome: BoundRule.Outcome, _ value: [UInt8]) {
    var head = outcome == .unknown ? 0 : outcome == .same ? 1 : value.count + 2
    while head >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: head) | 0x80)
      head >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: head))
    if outcome == .value { bytes += value }
  }

  /// Visits the fields that differ from the ticket's row before; nil values are unknown.
  ///
  /// - Parameter previous: nil for the first row, where every known value differs.
  /// - Returns: this row, with the earlier values where a field stayed as it was.
  func difference(
    from previous: PackedRow?,
    _ visit: (_ index: Int, _ old: ArraySlice<UInt8>?, _ new: ArraySlice<UInt8>?) -> Void
  ) -> PackedRow {
    if let previous, previous.bytes == bytes { return previous }
    var merged = PackedRow()
    merged.bytes.reserveCapacity(max(bytes.count, previous?.bytes.count ?? 0))
    var cursor = Cursor(bytes)
    var old = previous.map { Cursor($0.bytes) }
    var index = 0
    while let field = cursor.next() {
      let before = old?.next() ?? Cursor.Field(outcome: .unknown, whole: [], value: [])
      if field.outcome == .same {
        merged.bytes += before.whole.isEmpty ? [0] : before.whole
      } else {
        merged.bytes += field.whole
        if field.outcome != before.outcome || field.value != before.value {
          visit(
            index, before.outcome == .value ? before.value : nil, field.outcome == .value ? field.value : nil)
        }
      }
      index += 1
    }
    return merged
  }

  private struct Cursor {
    struct Field {
      let outcome: BoundRule.Outcome
      /// The length and the value.
      let whole: ArraySlice<UInt8>
      let value: ArraySlice<UInt8>
    }

    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> Field? {
      guard index < bytes.count else { return nil }
      let start = index
      var head = 0
      var shift = 0
      while bytes[index] >= 0x80 {
        head |= Int(bytes[index] & 0x7F) << shift
        shift += 7
        index += 1
      }
      head |= Int(bytes[index]) << shift
      index += 1
      let value = index..<index + max(0, head - 2)
      index = value.upperBound
      let outcome: BoundRule.Outcome = head == 0 ? .unknown : head == 1 ? .same : .value
      return Field(outcome: outcome, whole: bytes[start..<index], value: bytes[value])
    }
  }
}
