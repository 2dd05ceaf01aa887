import ChangeCodec
import Codec
import SyncProtocol
import TestSupport
import Testing

/// Bodies of answers, read side by side: the same comes out as when members are read in turn.
@Suite struct PulledMembersTests {
  static let log = RandomLog(seed: 11, changes: 120, padding: 600)

  /// One member a block: together more than is read by one thread.
  static let members: [[UInt8]] = {
    let deflater = Deflater()
    return log.blocks.map { BlockMember([$0], deflater).bytes }
  }()

  static func receive(_ body: [UInt8]) throws -> SyncSession.Received {
    var session = SyncSession(
      cursor: Cursor(position: 0, sum: 0), replica: log.blocks[0].replica, agent: "anna")
    return try session.receive(
      SyncAnswer(head: Cursor(position: log.last, sum: log.sum), acknowledgement: nil, body: body))
  }

  @Test func allMembersComeInOrderAsTheyWereStored() throws {
    let body = Self.members.flatMap(\.self)
    try #require(body.count > 64 << 10)
    let received = try Self.receive(body)
    #expect(received.members.flatMap(\.blocks) == Self.log.blocks)
    #expect(received.members.map(\.bytes) == Self.members)
  }

  @Test func aBodyThatWasCutOffCountsUpToItsLastWholeMember() throws {
    let body = Self.members.flatMap(\.self)
    for cut in stride(from: 0, to: body.count, by: 997) {
      var whole = 0
      var end = 0
      while end + Self.members[whole].count <= cut {
        end += Self.members[whole].count
        whole += 1
      }
      let received = try Self.receive(Array(body[..<cut]))
      #expect(received.members.flatMap(\.blocks) == Array(Self.log.blocks[..<whole]), "cut at \(cut)")
    }
  }

  @Test func aFlippedBitTakesNothingWrong() throws {
    let body = Self.members.flatMap(\.self)
    var damaged = 0
    for place in stride(from: 10, to: body.count, by: 1499) {
      var flipped = body
      flipped[place] ^= 0x10
      do {
        // Where it made a length too great, the body seems cut off.
        let received = try Self.receive(flipped)
        #expect(Self.log.blocks.starts(with: received.members.flatMap(\.blocks)), "flipped at \(place)")
      } catch is SyncSession.Fault {
        damaged += 1
      }
    }
    #expect(damaged > body.count / 1499 / 2)
  }

  /// Another server's gzip may write what ours does not, and what looks like the start of a member need not be one.
  @Test func membersOfOtherProgramsAreRead() throws {
    var members = Self.members
    let lookalike: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0]
    for index in stride(from: 1, to: members.count, by: 3) {
      // An extra field (RFC 1952, FEXTRA), which holds the first bytes of a header.
      let header = Array(members[index][..<10])
      var other = header
      other[3] = 4
      members[index] = other + [UInt8(lookalike.count), 0] + lookalike + members[index][10...]
    }
    let received = try Self.receive(members.flatMap(\.self))
    #expect(received.members.flatMap(\.blocks) == Self.log.blocks)
    #expect(received.members.map(\.bytes) == members)
  }
}
