import Causality
import ChangeCodec
import Merge
import SyncProtocol
import Testing

/// What a session sends of changes that were made before the server lost its log, and after.
@Suite struct SeenLimitTests {
  /// A replica's changes 1 and on, with what each has seen.
  private static func changes(seen: [UInt64]) throws -> [Change] {
    let replica = ReplicaID(bits: 7)
    let entity = try #require(EntityID(type: "ticket", origin: ChangeID(replica, 1)))
    return seen.enumerated().map { index, seen in
      let id = ChangeID(replica, UInt64(index) + 1)
      return Change(
        id: id, at: HybridTime(milliseconds: 1000 + UInt64(index)), seen: seen, by: "anna",
        on: entity,
        body: [])
    }
  }

  /// The limit of each change as it is sent.
  private static func limits(_ seen: [UInt64], _ limits: [SeenLimit]) throws -> [UInt64?] {
    let replica = ReplicaID(bits: 7)
    var session = SyncSession(cursor: Cursor(position: 9, sum: 1), replica: replica, agent: "anna")
    let request = session.request(unsent: try changes(seen: seen), own: 0, limits: limits)
    let defaults = BlockText.Defaults(replica: replica, by: "anna", seen: 9)
    return try PushBody.decode(request.body, defaults: defaults).flatMap { block in
      block.changes.map { _ in block.seenLimit }
    }
  }

  @Test func onlyWhatWasMadeBeforeIsLimited() throws {
    #expect(try Self.limits([9, 9, 9], [SeenLimit(position: 4, last: 2)]) == [4, 4, nil])
    #expect(try Self.limits([3, 9, 9], [SeenLimit(position: 4, last: 3)]) == [nil, 4, 4])
    #expect(try Self.limits([9, 9], [SeenLimit(position: 4)]) == [4, 4])
    #expect(try Self.limits([9, 9], []) == [nil, nil])
    #expect(try Self.limits([9, 9], [SeenLimit(position: 4, last: 0)]) == [nil, nil])
  }

  @Test func ofSeveralTheLeastCounts() throws {
    let limits = [SeenLimit(position: 4, last: 1), SeenLimit(position: 6, last: 3)]
    #expect(try Self.limits([9, 9, 9, 9], limits) == [4, 6, 6, nil])
    #expect(try Self.limits([9, 9, 9, 9], limits.reversed()) == [4, 6, 6, nil])
    let later = [SeenLimit(position: 6, last: 1), SeenLimit(position: 4, last: 3)]
    #expect(try Self.limits([9, 9, 9, 9], later) == [4, 4, 4, nil])
  }
}
