import Agent
import Causality
import Codec
import Merge
import ServiceDesk
import Storage
import TestSupport
import Testing

@Suite struct FindTests {
  let desk: Desk
  let store: Store

  init() throws {
    let clock = VirtualClock()
    let environment = NodeClock(clock).environment(SeededGenerator(seed: 3))
    store = try Store.make(disk: MemoryDisk(), root: "", agent: "anna", environment: environment)
    desk = Desk(store)
  }

  private func names(_ text: String) throws -> [String] {
    try desk.findCustomers(text).map(\.customer.name)
  }

  /// Runs a check on what is newer than the runs, and again on a run.
  private func inBothPlaces(_ check: () throws -> Void) throws {
    try check()
    try store.compact(all: true)
    try check()
  }

  @Test func aCustomerIsFoundByEveryContactPoint() throws {
    let id = try desk.newCustomer(
      name: "Åse Østergård", phones: ["+45 12 34 56 78"], emails: ["Ase@Example.org"], handles: ["@åse"],
      ref: "K17"
    ).on
    try desk.newCustomer(name: "Other", phones: ["+45 99 34 56 78"], emails: ["b@example.org"])
    try inBothPlaces { () throws in
      for text in [
        "12345678", "+4512345678", "0045 12345678", "ase@example.org", "ASE@EXAMPLE.ORG", "@Åse", "ase",
        "K17",
        "ase ostergard", "ØSTERGÅRD", "\(id)", desk.shortID(id),
      ] {
        #expect(try names(text) == ["Åse Østergård"], "\(text)")
      }
      #expect(try names("999999999").isEmpty)
      #expect(try names("").isEmpty)
      #expect(try desk.findCustomers("12345678").map(\.reason) == [.phone])
      #expect(try desk.findCustomers("12345678").map(\.matched) == ["+45 12 34 56 78"])
    }
  }

  @Test func whatIsNotSoAnyMoreFindsNobody() throws {
    let id = try desk.newCustomer(name: "Anna Jensen", phones: ["12345678"], emails: ["a@b.example"]).on
    try store.compact(all: true)
    var draft = Draft(set: ["name": "Anna Holm"])
    draft.drop["phones"] = ["12345678"]
    try store.commit(Edit(.entity(id), draft))
    try inBothPlaces { () throws in
      #expect(try names("12345678").isEmpty)
      #expect(try names("Jensen").isEmpty)
      #expect(try names("Holm") == ["Anna Holm"])
      #expect(try names("Anna Jensen") == ["Anna Holm"])
      #expect(try names("a@b.example") == ["Anna Holm"])
    }
  }

  @Test func theBestMatchComesFirst() throws {
    try desk.newCustomer(name: "Anna Maria Jensen")
    try desk.newCustomer(name: "Anna Jensen")
    try desk.newCustomer(name: "Bo", handles: ["Anna Jensen"])
    try desk.newCustomer(name: "Anna Holm")
    try inBothPlaces { () throws in
      #expect(try names("anna jensen") == ["Bo", "Anna Jensen", "Anna Maria Jensen"])
      #expect(try names("jensen anna xyz") == ["Anna Jensen", "Anna Maria Jensen"])
      #expect(try desk.findCustomers("anna", limit: 1).count == 1)
    }
  }

  @Test func anErasedCustomerIsNotFound() throws {
    let id = try desk.newCustomer(name: "Anna Jensen", phones: ["12345678"]).on
    var draft = Draft()
    draft.erase = true
    try store.commit(Edit(.entity(id), draft))
    try inBothPlaces { () throws in
      #expect(try names("Anna").isEmpty)
      #expect(try names("12345678").isEmpty)
      #expect(try desk.customers().total == 0)
      #expect(try desk.customer(id)?.isErased == true)
    }
  }

  @Test func workOnATicketShows() throws {
    let customer = try desk.newCustomer(name: "Jan").on
    let ticket = try desk.newTicket(
      customer: customer, subject: "The tap leaks", channel: "phone", priority: "high", team: "water",
      message: "It drips")
    try desk.reply(ticket.on, channel: "email", text: "We come at noon")
    try desk.note(ticket.on, text: "Angry")
    try desk.tag(ticket.on, ["leak", "vip"])
    try desk.untag(ticket.on, ["vip"])
    try desk.set(ticket.on, ["status": "pending", "team": nil])
    #expect(try desk.set(ticket.on, ["status": "pending"]) == nil)
    #expect(try desk.tag(ticket.on, ["leak"]) == nil)
    try inBothPlaces { () throws in
      let view = try #require(try desk.ticket(ticket.on))
      #expect(view.subject == "The tap leaks")
      #expect(view.status == "pending")
      #expect(view.team == "")
      #expect(view.customerName == "Jan")
      #expect(view.tags == ["leak"])
      #expect(view.timeline.map(\.text) == ["It drips", "We come at noon", "Angry"])
      #expect(view.timeline.map(\.direction) == ["in", "out", nil])
      #expect(view.timeline.map(\.by) == ["anna", "anna", "anna"])
      let row = try #require(try desk.tickets().rows.first)
      #expect(row.id == ticket.on)
      #expect(row.customerName == "Jan")
      #expect(row.tags == ["leak"])
      #expect(try desk.customer(customer)?.openTickets == [row])
    }
    try desk.set(ticket.on, ["status": "solved"])
    #expect(try desk.tickets().total == 0)
    #expect(try desk.customer(customer)?.openTickets.isEmpty == true)
  }
}
