import Agent
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Testing

@Suite("Several desks on one store")
struct SeveralDesksTests {
  /// Two agents set a status without knowing of each other, and enough happens that the store compacts.
  private func clash(_ desks: TwoDesks, _ ticket: EntityID) throws {
    try desks.anna.set(ticket, ["status": "solved"])
    try desks.bo.set(ticket, ["status": "open"])
    for number in 0..<8 { try desks.bo.newTicket(customer: nil, subject: "Matter \(number)") }
    try desks.sync()
    try desks.anna.store.compact(all: true)
  }

  @Test("One that was there for a moment takes no news from the one who watches")
  func passing() throws {
    let desks = try TwoDesks(agentRun: 4)
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.watchConflicts()
    #expect(try Desk(desks.anna.store).tickets().total == 1)
    try clash(desks, ticket)
    #expect(try desks.anna.newConflicts().map(\.on) == [ticket])
    #expect(try desks.anna.newConflicts().isEmpty)
  }

  @Test("Two that watch are both told of each conflict once", arguments: [false, true])
  func bothWatch(_ isSecondAsked: Bool) throws {
    let desks = try TwoDesks(agentRun: 4)
    let ticket = try desks.ticket(try desks.customer())
    let second = Desk(desks.anna.store)
    try desks.anna.watchConflicts()
    try second.watchConflicts()
    try clash(desks, ticket)
    // Which of them writes the inbox first must not matter.
    let order = isSecondAsked ? [second, desks.anna] : [desks.anna, second]
    for desk in order { #expect(try desk.newConflicts().map(\.on) == [ticket]) }
    let other = try desks.ticket(nil, "The door")
    try clash(desks, other)
    for desk in order.reversed() {
      #expect(try desk.newConflicts().map(\.on) == [other])
      #expect(try desk.newConflicts().isEmpty)
    }
  }

  @Test("One that was there for a moment leaves retention to the one that stays")
  func retention() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    for city in ["Malmö", "Lund", "Ystad"] {
      try desks.anna.set(customer, ["address.city": city])
      try desks.sync()
    }
    desks.minutes(365 * 24 * 60)
    try desks.anna.setRetention(Retention(days: 300))
    try desks.sync()
    #expect(try Desk(desks.anna.store).tickets().total == 0)
    try desks.anna.store.compact(all: true)
    #expect(desks.anna.store.thinnedCount == 2)
  }

  @Test("Each finds what was edited since it last asked")
  func terms() throws {
    let desks = try TwoDesks()
    let (anna, second) = (desks.anna, Desk(desks.anna.store))
    for number in 1...3 {
      let id = try anna.newCustomer(name: "Person \(number)", phones: ["+46 70 123 45 0\(number)"]).on
      for desk in [anna, second] {
        #expect(try desk.findCustomers("+46 70 123 45 0\(number)").map(\.customer.id) == [id])
      }
    }
  }
}
