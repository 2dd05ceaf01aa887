import Agent
import Codec
import Foundation
import Merge
import ServiceDesk
import Storage
import TestSupport
import Testing
import URLTransport

/// What a program outside of this package can do: this target sees nothing but what is public.
@Suite("The library as its users see it")
struct LibraryTests {
  /// A folder that goes with the test.
  private final class Folder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("askonce-\(UUID())").path

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private let folder = Folder()

  /// A store of an agent who joined a server.
  private func joined(
    _ agent: String, _ server: LoopbackServer, role: String = "agent"
  ) throws -> (Store, URLTransport) {
    let store = try Store.make(at: "\(folder.path)/\(agent)", agent: agent)
    let transport = try URLTransport(server.address)
    let code = try server.code(for: agent, role: role)
    let enrolment = try store.join(transport, server: server.address, code: code)
    #expect(enrolment.workspace == "nord" && enrolment.agent == agent && enrolment.role == role)
    #expect(store.configuration.server == server.address)
    return (store, transport)
  }

  @Test("Join, edit, sync, and wait for a colleague's news")
  func news() throws {
    let server = try LoopbackServer()
    defer { server.stop() }
    let (anna, annas) = try joined("anna", server)
    let (bo, bos) = try joined("bo", server)
    let (sender, receiver) = (try SyncClient(anna, annas), try SyncClient(bo, bos))
    #expect(try receiver.sync().received == 0)
    for round in 1...2 {
      var looks = 0
      let isNews = try receiver.waitForNews {
        looks += 1
        if looks == 1 {
          do {
            // The lock of the store that waits is lent.
            _ = try Store(at: bo.root, .writing)
            try anna.commit(Edit(.new(type: "customer"), Draft(set: ["name": "Ida"])))
            // A client may sync again, and tells of this sync alone.
            #expect(try sender.sync().sent == 1)
          } catch {
            Issue.record("\(error)")
          }
        }
        return looks > 30
      }
      #expect(isNews)
      let report = try receiver.sync()
      // An empty store asks for runs first.
      #expect(report.received == 1 && report.roundTrips == 3 - round, "\(report)")
      #expect(bo.position == UInt64(round))
    }
    var looks = 0
    let isNews = try receiver.waitForNews {
      looks += 1
      return looks == 2
    }
    #expect(!isNews)
    // The lock is taken back.
    #expect(throws: StorageError.locked(bo.root)) { try Store(at: bo.root, .writing) }
  }

  @Test("What README.md shows of the library is compiled, and does what it says")
  func example() throws {
    let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "Example.swift")
    let root = example.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let text = try String(contentsOf: example, encoding: .utf8)
    #expect(readme.contains("```swift\n\(text)```"))

    let server = try LoopbackServer()
    defer { server.stop() }
    let path = "\(folder.path)/anna"
    let ticket = try recordCall(
      from: "+45 20 12 34 56", at: path, server.address, server.code(for: "anna"))
    let (bo, bos) = try joined("bo", server)
    #expect(try SyncClient(bo, bos).sync().received == 3)
    let desk = Desk(bo)
    let match = try #require(try desk.findCustomers("20 12 34 56").first)
    #expect(match.customer.name == "Søren Åkesson")
    #expect(try desk.answers(match.customer.id, ["floor"])[0].values.map(\.value.text) == ["3"])
    #expect(try desk.ticket(ticket)?.status == "new")
    // The store is there the next time.
    #expect(try Store(at: path, .reading).position == 3)
  }

  @Test("A server that is not there is told as such, and nothing is lost")
  func outage() throws {
    let server = try LoopbackServer()
    let (anna, transport) = try joined("anna", server)
    server.stop()
    let client = try SyncClient(anna, transport)
    try anna.commit(Edit(.new(type: "customer"), Draft(set: ["name": "Ida"])))
    #expect(try #require(throws: SyncError.self) { try client.sync() }.isTemporary)
    #expect(try #require(throws: SyncError.self) { try client.waitForNews() }.isTemporary)
    #expect(anna.unsent.count == 1)
  }

  @Test("A store that was opened for reading refuses whatever would write, before anything is sent")
  func readers() throws {
    let server = try LoopbackServer()
    defer { server.stop() }
    let (anna, transport) = try joined("anna", server)
    try anna.commit(Edit(.new(type: "customer"), Draft(set: ["name": "Ida"])))
    let reader = try Store(at: anna.root, .reading)
    let refusal = StorageError.readOnly(anna.root)
    func isRefused(_ error: (any Error)?) -> Bool {
      guard case .storage(let reason) = error as? SyncError else { return false }
      return reason == refusal
    }
    let sync = #expect(throws: SyncError.self) { try SyncClient(reader, transport).sync() }
    #expect(isRefused(sync))
    let code = try server.code(for: "anna")
    let join = #expect(throws: SyncError.self) {
      try reader.join(transport, server: server.address, code: code)
    }
    #expect(isRefused(join))
    #expect(throws: refusal) { try reader.eraseLocally() }
    #expect(throws: refusal) { try reader.compact() }
    #expect(throws: refusal) { try reader.commit(Edit(.new(type: "customer"), Draft(set: ["name": "B"]))) }
    #expect(throws: refusal) { try reader.takeGatewayLock() }
    // Neither the edit nor the code was used up by that.
    try anna.join(transport, server: server.address, code: code)
    #expect(try SyncClient(anna, transport).sync().sent == 1)
  }

  @Test("A supervisor sees who still holds what was erased, until they have synced")
  func erasure() throws {
    let server = try LoopbackServer()
    defer { server.stop() }
    let (anna, annas) = try joined("anna", server, role: "supervisor")
    let (bo, bos) = try joined("bo", server)
    let (supervisor, agent) = (try SyncClient(anna, annas), try SyncClient(bo, bos))
    let customer = try #require(
      try anna.commit(Edit(.new(type: "customer"), Draft(set: ["name": "Ida"])))
    ).on
    _ = try supervisor.sync()
    _ = try agent.sync()
    var draft = Draft()
    draft.erase = true
    try anna.commit(Edit(.entity(customer), draft))
    _ = try supervisor.sync()
    let before = try supervisor.erasureStanding()
    let erasure = try #require(before.erasures.first)
    #expect(erasure.on == customer && erasure.by == "anna" && erasure.position == 2)
    #expect(before.owing(erasure).map(\.agent) == ["bo"])
    #expect(before.devices.map(\.agent) == ["anna", "bo"])
    // The sync that brings the erasure carries it out and tells the server.
    #expect(try agent.sync().erased == [customer])
    let after = try supervisor.erasureStanding()
    #expect(after.owing(erasure).isEmpty)
    let refusal = #expect(throws: SyncError.self) { try agent.erasureStanding() }
    guard case .forbidden = refusal else {
      Issue.record("\(String(describing: refusal))")
      return
    }
  }

  @Test("Of two gateways on one store the second one is told so")
  func gateways() throws {
    let store = try Store.make(at: "\(folder.path)/anna", agent: "anna")
    let first = try #require(try store.takeGatewayLock())
    #expect(try store.takeGatewayLock() == nil)
    first.release()
    let second = try #require(try store.takeGatewayLock())
    second.release()
  }

  @Test("An app's own edits are kept from secrets too, and what a field takes can be asked")
  func checkedEdits() throws {
    let desk = Desk(try Store.make(at: "\(folder.path)/anna", agent: "anna"))
    let customer = try desk.newCustomer(name: "Ida").on
    var draft = Draft(set: ["note": "card 4111 1111 1111 1111"])
    draft.add["phones"] = ["+4520123456"]
    #expect(throws: DeskError.self) { try desk.record(Edit(.entity(customer), draft)) }
    draft.set = ["size": JSONText(44)]
    let made = try desk.record([
      Edit(.entity(customer), draft), Edit(.new(type: "order"), Draft(set: ["sku": "T4"])),
    ])
    #expect(made.count == 2 && made[1]?.on.type == "order")
    #expect(try desk.findCustomers("20 12 34 56").map(\.customer.id) == [customer])
    #expect(BuiltInField(type: "customer", field: "phones") == .several)
    #expect(FactKey.profileField("Phone number") == "phones")
  }

  @Test("An agent's name that no server takes makes no store", arguments: ["", "a\nb", "a\u{9B}b"])
  func names(_ name: String) throws {
    let error = #expect(throws: StorageError.self) {
      try Store.make(at: "\(folder.path)/x", agent: name)
    }
    #expect(error?.description.contains("no control characters") == true)
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/x/store.json"))
  }
}
