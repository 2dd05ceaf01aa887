import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Testing

@Suite("Ids of something else, and of what is not here")
struct OtherTypeTests {
  private let ghost = EntityID(type: "customer", origin: ChangeID(ReplicaID(bits: 77), 77))

  @Test("No view is made of something of another type")
  func views() throws {
    let desks = try TwoDesks()
    let (desk, customer) = (desks.anna, try desks.customer("Ida Holm"))
    let ticket = try desks.ticket(customer)
    #expect(try desk.ticket(customer) == nil && desk.article(customer) == nil)
    #expect(try desk.organisation(customer) == nil && desk.customer(ticket) == nil)
    #expect(try desk.ticket(ticket) != nil && desk.customer(customer) != nil)
    #expect(throws: DeskError.self) { try desk.page(customer) }
    #expect(throws: DeskError.self) { try desk.brief(ticket) }
    #expect(throws: DeskError.self) { try desk.personalData(ticket) }
  }

  @Test("What is written for a customer or ticket needs one that is here, and nothing else becomes one")
  func edits() throws {
    let desks = try TwoDesks()
    let (desk, customer) = (desks.anna, try desks.customer("Ida Holm"))
    let ticket = try desks.ticket(customer)
    let ghost = try #require(ghost)
    let answers = try desk.answers(customer, ["floor"])
    let digest = try desk.store.digest()
    for id in [ghost, ticket] {
      #expect(throws: DeskError.self) { try desk.distinguishCustomers(id, customer) }
      #expect(throws: DeskError.self) { try desk.distinguishCustomers(customer, id) }
      #expect(throws: DeskError.self) { try desk.logQuestions(answers, of: id) }
      #expect(throws: DeskError.self) { try desk.newTicket(customer: id, subject: "Whose?") }
      #expect(throws: DeskError.self) { try desk.promise("A call", to: id) }
      #expect(throws: DeskError.self) { try desk.erasurePlan(of: id) }
    }
    #expect(throws: DeskError.self) { try desk.promise("A call", to: customer, ticket: customer) }
    #expect(throws: DeskError.self) { try desk.survey(customer, csat: 5) }
    #expect(try desk.store.digest() == digest)
    #expect(try desk.customers().rows.map(\.name) == ["Ida Holm"])
    #expect(try desk.customer(ghost) == nil)
  }
}
