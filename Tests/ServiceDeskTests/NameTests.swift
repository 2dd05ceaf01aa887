import Agent
import Causality
import Codec
import Merge
import ServiceDesk
import Storage
import TestSupport
import Testing

@Suite struct NameTests {
  let desk: Desk
  let store: Store

  init() throws {
    store = try Store.make(
      disk: MemoryDisk(), root: "", agent: "anna",
      environment: Environment(now: { 1_795_281_663_000 }, random: { 0x1_2345_6789_ABCD }))
    desk = Desk(store)
  }

  /// How an answer reads: an id, or why there is none.
  private func answer(_ text: String, type: String? = nil) -> String {
    do throws(DeskError) {
      return try desk.resolve(text, type: type).description
    } catch {
      switch error {
      case .notFound: return "not found"
      case .ambiguous(_, let candidates):
        return "ambiguous: " + candidates.map { "\($0.shortID) \($0.title)" }.joined(separator: ", ")
      case .secret, .invalid, .storage: return error.description
      }
    }
  }

  @Test func everyFormOfANameIsUnderstood() throws {
    let customer = try desk.newCustomer(name: "Åse Østergård", ref: "K-17").on
    let ticket = try desk.newTicket(customer: customer, subject: "The tap leaks", ref: "INC0000045").on
    let replica = store.replica.description
    #expect(answer("\(ticket)") == "\(ticket)")
    #expect(answer("\(ticket.origin)") == "\(ticket)")
    #expect(answer("\(ticket)", type: "customer") == "not found")
    #expect(answer("INC0000045") == "\(ticket)")
    #expect(answer("INC0000045", type: "ticket") == "\(ticket)")
    #expect(answer("INC0000045", type: "customer") == "not found")
    #expect(answer("inc0000045") == "not found")
    #expect(answer("K-17") == "\(customer)")
    #expect(answer("\(replica.prefix(4)).2") == "\(ticket)")
    #expect(answer("\(replica.prefix(1).uppercased()).2") == "\(ticket)")
    #expect(answer("\(replica.prefix(4)).3") == "not found")
    #expect(answer("\(replica.prefix(4)).02") == "not found")
    #expect(answer("\(replica.prefix(4))", type: "ticket") == "\(ticket)")
    #expect(answer("ticket/\(replica.prefix(4))") == "\(ticket)")
    #expect(answer("ticket/\(replica.prefix(4)).2", type: "ticket") == "\(ticket)")
    #expect(answer("ticket/INC0000045") == "\(ticket)")
    #expect(answer("ticket/\(replica.prefix(4)).1") == "not found")
    #expect(answer("ticket/\(replica.prefix(4))", type: "customer") == "not found")
    #expect(
      answer("\(replica.prefix(4))")
        == "ambiguous: \(desk.shortID(customer)) Åse Østergård, \(desk.shortID(ticket)) The tap leaks")
    for nothing in [
      "", ".", ".1", "/", "ticket/", "uuuu", "\(replica).", "\(replica)0", "\(replica.prefix(4)).2.3",
    ] {
      #expect(answer(nothing) == "not found", "\(nothing)")
    }
    #expect(desk.shortID(ticket) == "\(replica.prefix(4)).2")
  }

  @Test func aRefThatTwoHaveIsAmbiguous() throws {
    let first = try desk.newTicket(customer: nil, subject: "One", ref: "7").on
    let second = try desk.newTicket(customer: nil, subject: "Two", ref: "7").on
    let customer = try desk.newCustomer(name: "Jan", ref: "7").on
    #expect(answer("7", type: "customer") == "\(customer)")
    #expect(
      answer("7", type: "ticket") == "ambiguous: \(desk.shortID(first)) One, \(desk.shortID(second)) Two")
    try desk.set(second, ["ref": nil])
    #expect(answer("7", type: "ticket") == "\(first)")
    try store.compact(all: true)
    #expect(answer("7", type: "ticket") == "\(first)")
    #expect(answer("7").hasPrefix("ambiguous"))
  }

  @Test func anEntityOfAnyTypeHasARef() throws {
    let article = try #require(
      try store.commit(Edit(.new(type: "article"), Draft(set: ["ref": "A-1", "title": "Taps"])))
    ).on
    #expect(answer("A-1") == "\(article)")
    try store.compact(all: true)
    #expect(answer("A-1") == "\(article)")
    #expect(answer(desk.shortID(article)) == "\(article)")
    #expect(answer(desk.shortID(article), type: "ticket") == "not found")
  }

  @Test func shortIDsGrowWithTheReplicasThatBeginAlike() throws {
    var world = try DeskWorld(seed: 1)
    try world.receive(40)
    let desk = Desk(try world.open())
    for id in world.customers + world.tickets {
      #expect(try desk.resolve(desk.shortID(id), type: id.type) == id)
    }
  }
}
