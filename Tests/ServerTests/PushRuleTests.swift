import Agent
import Causality
import ChangeCodec
import Codec
import Merge
import SyncProtocol
import TestSupport
import Testing

@testable import Server

/// What the server takes from whom, whatever a client says of itself.
@Suite struct PushRuleTests {
  /// A desk with a customer that anna, a supervisor, wrote down, and bo, who is none.
  private struct Scene {
    let desk: LocalDesk
    let anna: Store
    let bo: Store
    let customer: EntityID

    init() throws {
      desk = try LocalDesk()
      anna = try desk.store("anna")
      bo = try desk.store("bo")
      try desk.join(anna, role: "supervisor")
      try desk.join(bo)
      let made = try anna.commit(Edit(.new(type: "customer"), Draft(set: ["name": "Ms Holm"])))
      customer = try #require(made).on
      try desk.sync(anna)
      try desk.sync(bo)
    }

    /// A change on the customer, as somebody may write it without our store.
    func change(
      _ replica: ReplicaID, _ sequence: UInt64, seen: UInt64 = 1, _ body: String
    ) -> Change {
      Change(
        id: ChangeID(replica, sequence), at: HybridTime(milliseconds: 1_795_281_663_306), seen: seen, by: "x",
        on: customer, body: Array(body.utf8))
    }

    /// The code with which the server refuses blocks from a store's device; nil where it takes them.
    func refusal(of blocks: [Block], from store: Store, isRelay: Bool) throws -> Refusal.Code? {
      let link = ServerLink(desk.transport, workspace: "nord", token: store.configuration.token)
      let own = blocks.last?.changes.last?.id.sequence ?? 0
      let request = SyncRequest(
        after: store.cursor, own: own, isRelay: isRelay, erased: nil,
        body: PushBody.encode(blocks, leavingOut: nil))
      do {
        switch try link.sync(request) {
        case .success: return nil
        case .failure(let refusal): return refusal.code
        }
      } catch {
        guard case .mismatch = error else { throw error }
        return .malformed
      }
    }

    func isErased() throws -> Bool {
      let reader = try desk.store("reader")
      try desk.join(reader)
      try desk.sync(reader)
      return try #require(try reader.state(of: customer)).isErased
    }
  }

  private static let erasure = "\"erase\":true"

  @Test(arguments: [false, true])
  func aPlainAgentErasesNothing(isRelay: Bool) throws {
    let scene = try Scene()
    let change = scene.change(scene.bo.replica, 1, Self.erasure)
    #expect(
      try scene.refusal(of: [Block([change])], from: scene.bo, isRelay: isRelay) == .notSupervisor)
    #expect(try !scene.isErased())
  }

  /// Whoever relays says whose changes they are, and nobody can tell whether that is so.
  @Test func aPlainAgentErasesNothingInTheNameOfOthers() throws {
    let scene = try Scene()
    for replica in [ReplicaID(bits: 4711), scene.anna.replica] {
      let mark = try scene.desk.data.hosted("nord").workspace.lastSequence(of: replica)
      let changes = [
        scene.change(replica, mark + 1, "\"set\":{\"a\":1}"), scene.change(replica, mark + 2, Self.erasure),
      ]
      #expect(try scene.refusal(of: [Block(changes)], from: scene.bo, isRelay: true) == .notSupervisor)
      // What is refused is refused as a whole.
      #expect(try scene.desk.data.hosted("nord").workspace.lastSequence(of: replica) == mark)
    }
    #expect(try !scene.isErased())
  }

  @Test func aSupervisorGivesBackErasuresOfOthers() throws {
    let scene = try Scene()
    let change = scene.change(ReplicaID(bits: 4711), 1, Self.erasure)
    #expect(try scene.refusal(of: [Block([change])], from: scene.anna, isRelay: true) == nil)
    #expect(try scene.isErased())
  }

  /// It would count as known whatever comes there later, and so no conflict with it would ever be found.
  @Test(arguments: [false, true])
  func nothingHasSeenWhatTheLogDoesNotHold(isRelay: Bool) throws {
    let scene = try Scene()
    for seen in [2, 1000, ChangeID.maximumSequence] {
      let change = scene.change(scene.bo.replica, 1, seen: seen, "\"set\":{\"name\":\"Ms Lund\"}")
      #expect(try scene.refusal(of: [Block([change])], from: scene.bo, isRelay: isRelay) == .malformed)
      #expect(
        try scene.refusal(of: [Block([change], seenLimit: 2)], from: scene.bo, isRelay: isRelay) == .malformed
      )
    }
    // What a lost log held is another thing.
    let lost = scene.change(scene.bo.replica, 1, seen: 1000, "\"set\":{\"name\":\"Ms Lund\"}")
    #expect(try scene.refusal(of: [Block([lost], seenLimit: 0)], from: scene.bo, isRelay: isRelay) == nil)
  }
}
