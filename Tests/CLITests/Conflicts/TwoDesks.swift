import DeskSupport
import Merge
import ServiceDesk
import Testing

extension TwoDesks {
  /// A customer and a ticket that both agents know.
  func ticket() throws -> (customer: EntityID, ticket: EntityID) {
    let customer = try anna.newCustomer(name: "Lars", emails: ["lars@example.org"]).on
    let ticket = try anna.newTicket(customer: customer, subject: "The tap leaks", channel: "phone").on
    try sync()
    return (customer, ticket)
  }

  /// The open conflicts, which both agents must see alike, however they are found.
  func open(sourceLocation: SourceLocation = #_sourceLocation) throws -> [Conflict] {
    let mine = try anna.conflicts(limit: .max).conflicts
    let theirs = try bo.conflicts(limit: .max).conflicts
    #expect(mine == theirs, sourceLocation: sourceLocation)
    // The same from all changes as from what was kept in step.
    let again = try Desk(anna.store).survey().filter { $0.state == .open }
    #expect(again == mine, sourceLocation: sourceLocation)
    #expect(try anna.openConflictCount() == mine.count, sourceLocation: sourceLocation)
    return mine
  }
}
