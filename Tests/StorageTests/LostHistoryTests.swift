import Causality
import TestSupport
import Testing

@testable import Storage

/// What says up to where knowledge counts of changes that were made before something was set aside.
@Suite struct LostHistoryTests {
  static let path = "old/1/limit"
  static let limit = LostHistory.Limit(
    position: 10_433, own: [ReplicaID(bits: 7): 418, ReplicaID(bits: 9): 12])
  /// What limits everything.
  static let least = LostHistory.Limit(position: 0, own: [:])

  static func read(_ bytes: [UInt8]) throws -> LostHistory.Limit {
    let disk = MemoryDisk()
    disk.put(path, bytes)
    return try #require(try LostHistory.limits(disk).first?.limit)
  }

  static func bytes() throws -> [UInt8] {
    let disk = MemoryDisk()
    _ = try LostHistory.begin(limit, disk)
    return try #require(disk.bytes(path))
  }

  @Test func itReadsWhatItWroteAndWhatOlderVersionsWrote() throws {
    #expect(try Self.read(Self.bytes()) == Self.limit)
    let older = "10433\n\(ReplicaID(bits: 7)) 418\n\(ReplicaID(bits: 9)) 12\n"
    #expect(try Self.read(Array(older.utf8)) == Self.limit)
    #expect(try Self.read(Array("10433\n".utf8)) == LostHistory.Limit(position: 10_433, own: [:]))
  }

  /// Each bit flipped: what cannot be trusted limits more rather than less.
  @Test func everyFlippedBitIsFound() throws {
    let bytes = try Self.bytes()
    for offset in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[offset] ^= 1 << UInt8(bit)
        #expect(try Self.read(damaged) == Self.least, "byte \(offset), bit \(bit)")
      }
    }
  }

  /// Cut at each byte; where a line ends it looks like what an older version wrote of fewer ids.
  @Test func whatIsCutOffLimitsMore() throws {
    let bytes = try Self.bytes()
    for count in bytes.indices {
      let found = try Self.read(Array(bytes[..<count]))
      #expect(found.position == 0 || found.position == Self.limit.position, "\(count) bytes")
      for replica in Self.limit.own.keys {
        #expect(found.last(of: replica) >= Self.limit.last(of: replica), "\(count) bytes")
      }
    }
  }
}
